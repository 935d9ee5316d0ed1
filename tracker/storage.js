/**
 * What this browser keeps between pages, where it may; otherwise what this page remembers.
 *
 * In: names that begin with `PREFIX`, and texts. Out: the same. Never stores without consent, and works where storage is missing,
 * blocked or full.
 */

import { mayStore } from "./consent.js";

/** @type {Record<string, string>} */
const page = {};

/** @returns {Record<string, string>} the browser's storage, or the page's memory */
export function place() {
  try {
    return (mayStore() && localStorage) || page;
  } catch {
    return page; // the browser blocks it
  }
}

/** Whether what is written now is still there on the next page. */
export const lasting = () => place() !== page;

/**
 * @param {string} name
 * @returns {string} "" when there is none
 */
export const read = (name) => place()[name] ?? page[name] ?? "";

/**
 * @param {string} name
 * @param {string} text
 */
export function write(name, text) {
  try {
    place()[name] = text;
  } catch {
    page[name] = text; // full
  }
}

/** @param {string} name */
export function forget(name) {
  delete page[name];
  delete place()[name];
}
