/**
 * Clicks, and what they say: a link away, a download, anger, a thing that looks alive and is dead.
 *
 * In: clicks of people (not of scripts). Out: one event a click, `Link Clicked`, `File Downloaded` or `Element Clicked`; `Rage Clicked`
 * at the third click on one spot within a second; `Dead Clicked` when nothing at all followed. Never reads what somebody typed.
 */

import { later, on } from "./listening.js";
import { track } from "./messages.js";
import { automatic } from "./page_script.js";
import { nameOf, path, plain, target } from "./elements.js";

const LIVE =
  "a[href],area[href],button,summary,[role=button],[role=link],[role=tab],[role=menuitem],[onclick],[data-sojourn-name]," +
  "[type=submit],[type=button],[type=checkbox],[type=radio]";
const FILES = /\.(pdf|zip|gz|docx?|xlsx?|pptx?|csv|txt|epub|dmg|exe|apk|mp[34])$/i;
const RAGE = 3;
const RAGE_MS = 1000;
const RAGE_PX = 30;
const DEAD_MS = 1500;

/** @type {MouseEvent[]} */
let burst = [];
let changed = 0; // when anything last happened on the page

const happened = () => (changed = performance.now());

/** @param {MouseEvent} click */
function onClick(click) {
  const elements = path(click);
  const [inner] = elements;
  if (!click.isTrusted || !inner) return;
  const live = elements.find((element) => element.matches(LIVE));
  const link = elements.find((element) => element.href?.replace); // in SVG it is no text
  const element = live || inner;
  const about = { name: live && nameOf(live), target: target(element) };
  const url = plain(link?.href);
  const away = link && link.origin !== location.origin;
  const file = link && (link.hasAttribute("download") || FILES.test(link.pathname));
  if (live && automatic("clicks")) {
    if (file) track("File Downloaded", { ...about, url, extension: link.pathname.split(".").pop() });
    else if (away) track("Link Clicked", { ...about, url, outbound: true });
    else track("Element Clicked", { ...about, url, element: live.localName });
  }
  if (click.type !== "click" || !automatic("frustration")) return;

  burst = burst.filter(
    (other) =>
      click.timeStamp - other.timeStamp < RAGE_MS && Math.hypot(click.x - other.x, click.y - other.y) < RAGE_PX,
  );
  burst.push(click);
  // Three clicks on a text select its paragraph; number fields have arrows.
  if (burst.length === RAGE && !String(getSelection()) && inner.localName !== "input") {
    track("Rage Clicked", { ...about, clicks: RAGE });
  }

  // A file, another tab, a field: what follows is not seen on the page.
  const elsewhere = file || away || link?.target || inner.closest("label,select,input,textarea,summary,video");
  if (!elsewhere && (live || getComputedStyle(inner).cursor === "pointer")) watch(about);
}

/** @param {Record<string, any>} about the element that was clicked */
function watch(about) {
  const clicked = performance.now();
  const observer = new MutationObserver(happened);
  observer.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
  later(DEAD_MS, () => {
    observer.disconnect();
    if (changed < clicked) track("Dead Clicked", about);
  });
}

/** Begin. */
export function followClicks() {
  on(document, "click auxclick", (click) => click.button === +(click.type !== "click") && onClick(click));
  on(window, "scroll input focusin pagehide blur", happened);
}
