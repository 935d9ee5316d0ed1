// The shop's one script: tells the tracker what happened, asks for consent, and lets the chat answer in place.
"use strict";

/** Make a call of the tracker, now or when it has come. */
const tell = (...call) => (window.sojourn ||= []).push(call);
const find = (selector, within = document) => within.querySelector(selector);

for (const call of JSON.parse(find("#told").textContent)) tell(...call);

document.addEventListener("click", (event) => {
  const told = event.target.closest?.("[data-tell]");
  if (told) tell(...JSON.parse(told.dataset.tell));
  const shared = event.target.closest?.("[data-share]");
  if (shared) {
    navigator.clipboard?.writeText(location.origin + shared.dataset.share).catch(() => {});
    shared.textContent = "Copied";
  }
  if (event.target.closest?.("[data-privacy]")) ask();
});

/* Consent: the tracker keeps the choice; this box only asks. */
const box = find("[data-consent]");
const choices = find("[data-choices]", box);
const known = () => (typeof window.sojourn?.consent === "function" ? window.sojourn.consent() : {});

function ask() {
  const { globalPrivacyControl, doNotTrack } = navigator;
  const required = find("[data-sojourn-consent]").dataset.sojournConsent === "required";
  find("[data-required]", box).hidden = !required;
  find("[data-assumed]", box).hidden = required;
  find("[data-gpc]", box).hidden = !(globalPrivacyControl || doNotTrack === "1");
  const now = known();
  for (const input of choices.querySelectorAll("input")) input.checked = now[input.name] === true;
  box.hidden = false;
}

box.addEventListener("click", (event) => {
  const taken = event.target.closest("[data-take]")?.dataset.take;
  if (taken === "some") {
    choices.hidden = false;
    find("[data-take=these]", box).hidden = false;
    find("[data-take=some]", box).hidden = true;
  } else if (taken) {
    const chosen = {};
    for (const input of choices.querySelectorAll("input")) chosen[input.name] = taken === "these" ? input.checked : taken === "all";
    tell("consent", chosen);
    box.hidden = true;
    watch();
  }
});

/** Links to one's own profile: by the id the tracker keeps, once it may keep one. */
function watch() {
  const id = typeof window.sojourn?.anonymousId === "function" && window.sojourn.anonymousId();
  for (const link of document.querySelectorAll("[data-watch]")) {
    link.dataset.console ||= link.href.replace(/\/$/, "");
    link.href = id ? `${link.dataset.console}/persons/${encodeURIComponent(id)}` : link.dataset.console;
  }
}

/* The tracker is a deferred script too, and before this one: it is there, or it could not be loaded. */
if (typeof window.sojourn?.consent === "function") {
  if (known().analytics === undefined) ask();
  watch();
}

/* The order's own event needs the ids that only the tracker knows. */
find("[data-order]")?.addEventListener("submit", (event) => {
  const form = event.currentTarget;
  const id = typeof window.sojourn?.anonymousId === "function" && window.sojourn.anonymousId();
  form.elements.anonymous_id.value = (known().analytics !== false && id) || "";
  form.elements.consent.value = JSON.stringify(known());
});

const chat = find("[data-chat]");
chat.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = new URLSearchParams(new FormData(chat));
  chat.reset();
  const answered = await fetch(chat.action, { method: "POST", body: text, headers: { accept: "application/json" } });
  if (!answered.ok) return;
  const { chat: said, calls } = await answered.json();
  const list = find(".said", chat.parentElement);
  list.replaceChildren(
    ...said.map(([who, words]) => Object.assign(document.createElement("li"), { className: who, textContent: words })),
  );
  list.scrollTop = list.scrollHeight;
  for (const call of calls) tell(...call);
});
