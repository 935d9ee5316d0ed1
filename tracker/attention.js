/**
 * How far a page was read, and how long somebody was really there.
 *
 * In: scrolling, input, visibility. Out: `Page Scrolled` at each quarter, `Page Engaged` with the engaged seconds since the last
 * report and the depth so far. Time counts while the page is visible, until 15 s after the last sign of life. Never sends where or what.
 */

import { on } from "./listening.js";
import { track } from "./messages.js";
import { automatic } from "./page_script.js";
import { atEnd } from "./pages.js";

const SILENCE_MS = 15e3;
const LEAST_MS = 500;
const QUARTER = 25;

let engaged = 0;
let last = 0;
let depth = 0;
let reported = 0;

/**
 * @param {number} ms
 * @returns {number} seconds, to a tenth
 */
export const seconds = (ms) => Math.round(ms / 100) / 10;

/** A sign of life, or a change of visibility: the time since the last one counts, up to the silence. */
export function alive() {
  const now = performance.now();
  if (last) engaged += Math.min(now - last, SILENCE_MS);
  last = document.hidden ? 0 : now;
}

function measure() {
  const { scrollHeight } = document.documentElement;
  depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / (scrollHeight || 1)) * 100)));
}

function scrolled() {
  alive();
  measure();
  const quarter = depth - (depth % QUARTER);
  if (quarter <= reported) return;
  reported = quarter;
  if (automatic("scroll")) track("Page Scrolled", { scroll_depth_percent: quarter });
}

/** Say what was not said yet. */
export function report() {
  alive();
  measure();
  if (engaged < LEAST_MS) return;
  if (automatic("engagement")) track("Page Engaged", { engaged_s: seconds(engaged), scroll_depth_percent: depth });
  engaged = 0;
}

/** Begin. */
export function followAttention() {
  alive();
  on(document, "keydown pointerdown pointermove touchmove wheel", alive);
  on(document, "scroll", (event) => event.target === document && scrolled());
  atEnd(() => {
    report();
    depth = reported = 0;
  });
}
