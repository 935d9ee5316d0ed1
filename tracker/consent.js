/**
 * What the visitor allowed, and so whether anything may be kept in this browser.
 *
 * In: calls of `consent()`, Global Privacy Control, Do Not Track. Out: the state of each purpose. Never asks the visitor.
 */

import { assumed, key } from "./page_script.js";

/** Keys of this source: two sources on one origin do not share a visitor. */
export const PREFIX = "sojourn." + key.slice(-8) + ".";
export const ID = PREFIX + "id";
export const USER = PREFIX + "user";
const KEPT = PREFIX + "consent";

const { globalPrivacyControl, doNotTrack } = /** @type {any} */ (navigator);
const optedOut = globalPrivacyControl || doNotTrack === "1";

/** @type {Record<string, boolean | undefined>} */
let choices = {};
try {
  choices = { ...JSON.parse(localStorage[KEPT]) };
} catch {
  // No storage, or nothing was chosen.
}

/**
 * What is known of each purpose; a purpose nobody decided about is undefined.
 * Global Privacy Control and Do Not Track deny personalisation and marketing, whatever was clicked.
 */
export function preferences() {
  return optedOut ? { ...choices, personalisation: false, marketing: false } : choices;
}

/** Whether this browser may keep anything: consent to analytics, or none needed. Without it the tracker is cookieless. */
export const mayStore = () => choices.analytics ?? assumed;

/** Whether nothing may be sent. */
export const denied = () => choices.analytics === false;

/**
 * Take a choice. It is kept, so that nobody has to ask again on the next page; everything else is forgotten on a denial.
 * @param {Record<string, boolean>} chosen
 */
export function choose(chosen) {
  // Whatever is not clearly a yes is a no.
  for (const purpose in chosen) choices[purpose] = chosen[purpose] === true;
  try {
    for (const name of Object.keys(localStorage)) if (!mayStore() && name.startsWith(PREFIX)) delete localStorage[name];
    localStorage[KEPT] = JSON.stringify(choices);
  } catch {
    // Without storage the choice holds for this page.
  }
}
