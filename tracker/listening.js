/**
 * Listeners that cannot break the page.
 *
 * In: DOM events. Out: calls of our handlers. Never lets an error of ours reach the page or its own error handler.
 */

/**
 * Run something of ours; what it throws is a warning on the console.
 * @template T
 * @param {() => T} run
 * @returns {T | undefined}
 */
export function guarded(run) {
  try {
    return run();
  } catch (error) {
    console.warn("sojourn:", error);
    return undefined;
  }
}

/**
 * Run something of ours in a while.
 * @param {number} ms
 * @param {() => void} run
 */
export const later = (ms, run) => setTimeout(() => guarded(run), ms);

/**
 * Listen before the page's own handlers can stop the event.
 * @param {EventTarget} target
 * @param {string} names of events, separated by blanks
 * @param {(event: any) => void} handler
 */
export function on(target, names, handler) {
  for (const name of names.split(" ")) {
    target.addEventListener(name, (event) => guarded(() => handler(event)), true);
  }
}
