/**
 * A Segment message from what happened, with who and where.
 *
 * In: type and fields of one message. Out: the queue. Without consent to keep anything a message carries nobody's id: the collector
 * counts it under a pseudonym of the day. Never sends after a denial.
 */

import { ID, USER, denied, mayStore, preferences } from "./consent.js";
import { here, settlePage } from "./pages.js";
import { enqueue } from "./queue.js";
import { read, write } from "./storage.js";

/** @returns {string} 128 random bits; `randomUUID` would need TLS */
export const randomId = () => crypto.getRandomValues(new BigUint64Array(2)).join("-");

/** @returns {string | undefined} the id of this browser, made when first needed; none in cookieless mode */
export function anonymousId() {
  if (!mayStore()) return;
  if (!read(ID)) write(ID, randomId());
  return read(ID);
}

/**
 * Send one message.
 * @param {string} type Segment's: track, identify, page, group, alias
 * @param {Record<string, any>} fields of that type
 * @param {Record<string, any>} [options] further fields, such as `timestamp` or `context`; they win
 * @param {boolean} [anyway] even after a denial: the denial itself
 */
export function send(type, fields, options = {}, anyway = false) {
  settlePage();
  if (denied() && !anyway) return;
  enqueue({
    messageId: randomId(),
    timestamp: new Date().toISOString(),
    type,
    anonymousId: anonymousId(),
    userId: (mayStore() && read(USER)) || undefined,
    ...fields,
    ...options,
    context: { page: here, consent: { categoryPreferences: preferences() }, ...options.context },
  });
}

/**
 * Send an automatic event.
 * @param {string} event canonical name, docs/tracker.md
 * @param {Record<string, any>} properties
 * @param {Record<string, any>} [options]
 */
export const track = (event, properties, options) => send("track", { event, properties }, options);
