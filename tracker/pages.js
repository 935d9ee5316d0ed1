/**
 * Which page the visitor is on: loads, and navigations of pages that replace their own content.
 *
 * In: the address, `history`, `popstate`, `hashchange`. Out: page views, and `here`, the page every message names. A change behind `#`
 * is a page only where it looks like a route (`#/` or `#!`). Never sends two views of one address in a row.
 */

import { guarded, later, on } from "./listening.js";
import { send } from "./messages.js";
import { automatic } from "./page_script.js";
import { searched } from "./search.js";

const TITLE_MS = 50; // a single-page application sets its title after the address

/** The page as it was entered, in Segment's words: properties of a page view and `context.page`. */
export const here = /** @type {Record<"path" | "referrer" | "search" | "title" | "url", string>} */ ({});

let address = "";
/** @type {(() => void) | undefined} */
let pending;
/** @type {(() => void)[]} */
const endings = [];

/**
 * What to do when a page is left: another address, or away.
 * @param {() => void} ending
 */
export const atEnd = (ending) => endings.push(ending);

/** Send the view that still waits for its title: what follows belongs after it. */
export const settlePage = () => pending?.();

/** Say what is only known now that the page is left. */
export function endPage() {
  settlePage();
  for (const ending of endings) guarded(ending);
}

/**
 * A view of the page, if its address is another than before.
 * @param {boolean} [replaced] the page only wrote its state into its own address, unless the path is another
 */
function look(replaced) {
  const { hash, href: url, pathname: path, search } = location;
  const before = address;
  address = path + search + (/^#[!/]/.test(hash) ? hash : "");
  if (address === before || (replaced && path === here.path)) return;
  if (before) endPage();
  const referrer = here.url ?? document.referrer;
  Object.assign(here, { path, referrer, search, title: document.title, url });
  const timestamp = new Date().toISOString();
  pending = () => {
    pending = undefined;
    here.title = document.title;
    if (automatic("pages")) send("page", { properties: { ...here } }, { timestamp });
    searched(timestamp);
  };
  later(TITLE_MS, settlePage);
}

/** Begin: this page, and every one that follows without a load. */
export function followPages() {
  look();
  for (const method of /** @type {const} */ (["pushState", "replaceState"])) {
    const original = history[method];
    history[method] = function (...given) {
      original.apply(this, given);
      guarded(() => look(method === "replaceState"));
    };
  }
  on(window, "popstate hashchange", () => look());
}
