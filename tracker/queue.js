/**
 * Messages on their way to the collector.
 *
 * In: messages. Out: `POST /v1/batch` as text/plain with the key in the body, so that no preflight is needed. Every message stays in
 * storage until the collector has answered; it keeps its messageId on every try, and the collector takes the first. Never sends to
 * another host.
 */

import { later } from "./listening.js";
import { PREFIX } from "./consent.js";
import { endpoint, key } from "./page_script.js";
import { forget, lasting, place, read, write } from "./storage.js";

const DELAY_MS = 200; // events of one moment travel together
const TIMEOUT_MS = 3e4;
const MOST_QUEUED = 1000;
const MOST_BYTES = 6e4;
const MOST_KEPT_ALIVE = 65e3; // browsers let 64 KiB of requests outlive a page
const LONGEST_WAIT_S = 60;
const MESSAGE = PREFIX + "m.";
const UNTIL = PREFIX + "until";

/** Names of stored messages, oldest first: those of this page, and what earlier pages could not deliver. @type {string[]} */
let queue = [];
/** Names of those a request carries now. @type {Set<string>} */
const out = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let flights = 0;
let failures = 0;
let made = 1e6; // all numbers have as many digits

/** @param {{messageId: string, timestamp: string, [field: string]: any}} message */
export function enqueue(message) {
  // Names sort as the messages were made, those of one millisecond too.
  const name = MESSAGE + [message.timestamp, made++, message.messageId];
  write(name, JSON.stringify(message));
  queue.push(name);
  // Whoever has been cut off for so long keeps the newest.
  drop(queue.slice(0, -MOST_QUEUED));
  plan(DELAY_MS);
}

/** Take up what earlier pages could not deliver. */
export function restore() {
  queue = Object.keys(place())
    .filter((name) => name.startsWith(MESSAGE))
    .sort();
  plan(0);
}

/** @param {string[]} gone */
function drop(gone) {
  queue = queue.filter((name) => !gone.includes(name));
  gone.forEach(forget);
}

/** @param {number} ms */
function plan(ms) {
  timer ??= later(Math.max(ms, +read(UNTIL) - Date.now()), flush);
}

/** Try now: the connection is back, or the page is seen again. */
export function retry() {
  if (!flights) out.clear();
  if (failures) forget(UNTIL);
  flush();
}

/** @param {string} text */
const size = (text) => new Blob([text]).size;

/** @returns {string[]} what the next request carries */
function next() {
  // What is gone was delivered by another tab that had taken it up too, or withdrawn.
  queue = queue.filter(read);
  let bytes = 0;
  return queue
    .filter((name) => !out.has(name))
    .filter((name, place) => (bytes += size(read(name)) + 1) < MOST_BYTES || !place);
}

/**
 * Send what waits.
 * @param {boolean} [leaving] the page goes: do not wait for anything
 */
export function flush(leaving) {
  clearTimeout(timer);
  timer = undefined;
  const batch = next();
  if (!batch[0] || (flights && !leaving)) return;
  // What storage keeps can wait for the next page, as the collector asked.
  if (+read(UNTIL) > Date.now() && !(leaving && !lasting())) return plan(0);
  const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
  const library = { name: "sojourn.js", version: VERSION };
  // What is the same on every message travels once.
  const context = { library, locale: navigator.language, timezone };
  const envelope = JSON.stringify({ writeKey: key, sentAt: new Date(), context });
  const body = envelope.slice(0, -1) + `,"batch":[${batch.map(read)}]}`;
  batch.forEach((name) => out.add(name));
  if (leaving && navigator.sendBeacon(endpoint, body)) {
    // Nobody hears the answer: what storage keeps is sent once more by the next page.
    if (!lasting()) drop(batch);
    return flush(leaving);
  }
  flights++;
  fetch(endpoint, {
    method: "POST",
    body,
    credentials: "omit",
    keepalive: size(body) < MOST_KEPT_ALIVE,
    signal: AbortSignal.timeout?.(TIMEOUT_MS),
  }).then(
    (answer) => settle(batch, answer.status, answer.headers.get("Retry-After")),
    () => settle(batch, 0),
  );
}

/**
 * @param {string[]} batch
 * @param {number} status 0 when the request failed
 * @param {string | null} [after] the header Retry-After
 */
function settle(batch, status, after) {
  flights--;
  batch.forEach((name) => out.delete(name));
  if ([0, 408, 429].includes(status) || status > 499) {
    const told = Number(after) || 0; // seconds; a date is left to the backoff
    const backoff = Math.min(LONGEST_WAIT_S, 2 ** failures++) * (0.5 + Math.random() / 2);
    write(UNTIL, String(Date.now() + 1000 * Math.max(told, backoff)));
  } else {
    if (status > 299) console.warn("sojourn:", status);
    failures = 0;
    drop(batch);
  }
  plan(0);
}
