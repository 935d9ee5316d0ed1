/**
 * What the script tag says: key, address of the collector, which automatic events, which storage.
 *
 * In: attributes `data-sojourn-*` of the tag. Out: settings. Never asks a server.
 */

const tag = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/**
 * An attribute of the script tag.
 * @param {string} name without `data-sojourn-`
 * @returns {string} "" when absent
 */
export const said = (name) => tag?.getAttribute("data-sojourn-" + name) || "";

/** The write key: public, it may only write. */
export const key = said("key");

const base = new URL(said("host") ? said("host") + "/" : tag?.src || "", location.href);

/** Where messages go: beside the script, or under `data-sojourn-host`. */
export const endpoint = new URL("v1/batch", base).href;

/** Whether consent counts as given until it is denied. */
export const assumed = said("consent") === "assumed";

const wanted = said("auto");

/**
 * Whether events of this kind are sent without a call.
 * @param {string} kind one word of `data-sojourn-auto`
 */
export const automatic = (kind) => !wanted || wanted.includes(kind);
