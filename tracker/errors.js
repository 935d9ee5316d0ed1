/**
 * Errors of the page that a visitor may have felt.
 *
 * In: uncaught errors and rejections. Out: `Error Occurred`, each message once a page and at most ten.
 * Never sends a stack, a query string or an e-mail address.
 */

import { on } from "./listening.js";
import { track } from "./messages.js";
import { automatic } from "./page_script.js";
import { clean, plain } from "./elements.js";

const MOST = 10;

/** @type {Set<string>} */
const seen = new Set();

/** @param {any} event */
function onError({ type, message, filename, lineno, reason }) {
  const text = clean(message || String(reason?.message ?? reason));
  if (!text || seen.has(text) || seen.size >= MOST) return;
  seen.add(text);
  track("Error Occurred", { message: text, kind: type, source: plain(filename), line: lineno });
}

/** Begin. */
export const followErrors = () => automatic("errors") && on(window, "error unhandledrejection", onError);
