/**
 * Searches on the site: what was looked for, and how many results were shown.
 *
 * In: the address of a page view, and an element with `data-sojourn-results`. Out: `Products Searched`. A further page of the same
 * results is not another search.
 */

import { plain } from "./elements.js";
import { later } from "./listening.js";
import { track } from "./messages.js";
import { automatic, said } from "./page_script.js";
import { atEnd, here } from "./pages.js";

const TRIES = 10;
const TRY_MS = 200;

/** @type {((last?: boolean) => void) | undefined} */
let pending;
/** @type {Element | null} */
let before;
let counted = "";

/**
 * @param {string} address
 * @returns {string | undefined} what an address searches for
 */
function query(address) {
  const parameters = new URLSearchParams(address.split("?")[1]);
  const names = (said("search") || "q,query,s,search").split(",");
  return names.map((name) => parameters.get(name)?.trim()).find(Boolean);
}

/**
 * A page was viewed: was it a search?
 * @param {string} timestamp of the view
 */
export function searched(timestamp) {
  const term = query(here.search);
  if (!term || !automatic("search")) return;
  if (plain(here.referrer) === plain(here.url) && term === query(here.referrer)) return;
  let tries = 0;
  const count = (/** @type {boolean} */ last = false) => {
    if (pending !== count) return;
    const element = /** @type {HTMLElement | null} */ (document.querySelector("[data-sojourn-results]"));
    const text = element?.dataset.sojournResults || "";
    // A page that replaces its own content shows the old results for a moment.
    if (!last && (!text || (element === before && text === counted)) && tries++ < TRIES) {
      later(TRY_MS, count);
      return;
    }
    pending = undefined;
    before = element;
    counted = text;
    track("Products Searched", { query: term, results: text ? +text : undefined }, { timestamp });
  };
  pending = count;
  count();
}

/** Begin: a search whose results never come is sent when its page is left. */
export const followSearches = () => atEnd(() => pending?.(true));
