/**
 * The tracker: tells a Sojourn collector what a visitor does on a page.
 *
 * In: the page, calls of `sojourn.*`. Out: Segment messages to `/v1/batch` of the host it came from. Never sets a cookie, never asks
 * another host, never reads what somebody types, and keeps nothing in the browser before it may. docs/tracker.md has every call.
 */

import { alive, followAttention, report } from "./attention.js";
import { followClicks } from "./clicks.js";
import { ID, USER, choose, denied, mayStore, preferences } from "./consent.js";
import { followErrors } from "./errors.js";
import { followForms } from "./forms.js";
import { guarded, on } from "./listening.js";
import { anonymousId, send } from "./messages.js";
import { key } from "./page_script.js";
import { endPage, followPages, here } from "./pages.js";
import { flush, restore, retry } from "./queue.js";
import { followSearches } from "./search.js";
import { read, write } from "./storage.js";
import { followVideos } from "./videos.js";

/** Calls that say who somebody is: made before anything may be kept, they wait for consent. */
const WHO = ["identify", "group", "alias"];
/** @type {any[][]} */
let waiting = [];

/**
 * Segment's calls leave out the names they do not need: nothing takes their place.
 * @param {number} most names before the first object
 * @param {(...given: any[]) => void} call
 * @returns {(...given: any[]) => void}
 */
const padded = (most, call) => (...given) => {
  const first = given.findIndex((value) => value instanceof Object);
  for (let named = first < 0 ? given.length : first; named < most; named++) given.unshift(undefined);
  call(...given);
};

/** @type {Record<string, (...given: any[]) => any>} */
const calls = {
  track: (event, properties, options) => send("track", { event, properties }, options),

  page: padded(2, (category, name, properties, options) =>
    send("page", { category, name, properties: { ...here, ...properties } }, options),
  ),

  identify: padded(1, (user, traits, options) => {
    if (user) {
      // Another person signed in here: what follows is not the device of the first.
      if (read(USER) && read(USER) !== String(user)) write(ID, "");
      write(USER, user);
    }
    send("identify", { traits }, options);
  }),

  group: padded(1, (groupId, traits, options) => send("group", { groupId, traits }, options)),

  alias: (userId, previousId, options) =>
    send("alias", { userId, previousId: previousId || read(USER) || anonymousId() }, options),

  reset() {
    waiting = [];
    write(USER, "");
    write(ID, "");
  },

  consent(/** @type {Record<string, boolean>} */ chosen) {
    if (chosen) {
      const before = anonymousId();
      choose(chosen);
      send("track", { event: "Consent Updated", properties: preferences(), anonymousId: anonymousId() || before }, {}, true);
      if (denied()) waiting = [];
      if (mayStore()) calls.push(...waiting.splice(0));
    }
    return preferences();
  },

  anonymousId,
  push: (...made) => made.forEach(([name, ...given]) => run(name, given)),
};

/**
 * @param {string} name
 * @param {any[]} given
 */
const run = (name, given) =>
  guarded(() => (WHO.includes(name) && !mayStore() ? void waiting.push([name, ...given]) : calls[name](...given)));

function begin() {
  // An element of the page may have this name as its id.
  const early = /** @type {any[][]} */ ([window.sojourn].flat().filter(Array.isArray));
  const choosing = (/** @type {any[]} */ call) => call[0] === "consent";
  /** @type {Record<string, any>} */
  const api = { version: VERSION };
  for (const name in calls) api[name] = (/** @type {any[]} */ ...given) => run(name, given);
  window.sojourn = api;
  restore();
  calls.push(...early.filter(choosing));
  followSearches();
  followForms();
  followVideos();
  followAttention();
  followPages();
  followClicks();
  followErrors();
  calls.push(...early.filter((call) => !choosing(call)));
  on(window, "online", retry);
  on(window, "pagehide", () => {
    endPage();
    flush(true);
  });
  on(document, "visibilitychange", () => {
    if (document.hidden) {
      report();
      flush();
    } else {
      alive();
      retry();
    }
  });
}

if (!key) console.warn("sojourn: no data-sojourn-key");
else if (!(/** @type {any} */ (window.sojourn)?.version)) guarded(begin);
