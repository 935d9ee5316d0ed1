// Puts events into the table of the page Live as they arrive. What customers wrote is set as text, never as markup.
"use strict";

(() => {
  const section = document.querySelector("[data-live]");
  if (!section || !window.EventSource) return;
  const MOST = 200;
  const table = section.querySelector("table");
  const body = table.tBodies[0];
  const row = section.querySelector("template").content.firstElementChild;
  const state = section.querySelector(".live-state");
  const empty = section.querySelector(".live-empty");
  const pause = document.querySelector(".live-pause");
  let waiting = [];
  let passed = 0;
  let paused = false;
  let stream = null;

  function drawn(event) {
    const made = row.cloneNode(true);
    const [arrived, name, person, source, properties] = made.cells;
    const time = arrived.firstElementChild;
    time.textContent = event.received_at.slice(11, 23);
    time.dateTime = event.received_at;
    time.title = `happened ${event.time}`;
    name.textContent = event.event;
    if (event.type !== "track") {
      const badge = document.createElement("span");
      badge.className = "badge";
      badge.textContent = event.type;
      name.append(" ", badge);
    }
    if (event.person === null) person.textContent = "–";
    else {
      const link = document.createElement("a");
      link.href = `/persons/${encodeURIComponent(event.person)}`;
      link.textContent = event.person;
      person.append(link);
    }
    source.textContent = event.source;
    properties.firstElementChild.textContent = event.properties;
    made.classList.add("fresh");
    return made;
  }

  function show() {
    if (!waiting.length) return;
    table.hidden = false;
    if (empty) empty.hidden = true;
    body.prepend(...waiting.reverse().map(drawn));
    waiting = [];
    while (body.rows.length > MOST) body.rows[body.rows.length - 1].remove();
  }

  function say() {
    const missed = passed ? ` ${passed.toLocaleString("en")} came too fast to be shown; a filter shows fewer.` : "";
    if (paused) state.textContent = `Paused: ${waiting.length.toLocaleString("en")}${waiting.length === MOST ? " or more" : ""} new.${missed}`;
    else state.textContent = `Live: new events appear within a second.${missed}`;
  }

  function open() {
    stream = new EventSource(section.dataset.live);
    stream.onopen = say;
    stream.onmessage = (message) => {
      const told = JSON.parse(message.data);
      passed += told.passed;
      waiting = waiting.concat(told.events).slice(-MOST);
      if (!paused) show();
      say();
    };
    stream.onerror = () => {
      state.textContent = stream.readyState === EventSource.CLOSED
        ? "Not connected: you are logged out, or the console ended. Load the page again."
        : "The connection is lost; it is tried again.";
    };
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) show();
    say();
  });
  addEventListener("pagehide", () => stream && stream.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
})();
