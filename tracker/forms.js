/**
 * Forms: begun, refused, sent, given up.
 *
 * In: input and submit events. Out: `Form Started`, `Form Error`, `Form Submitted`, `Form Abandoned`. Never reads a value, only the
 * names of fields.
 */

import { seconds } from "./attention.js";
import { on } from "./listening.js";
import { track } from "./messages.js";
import { automatic } from "./page_script.js";
import { atEnd } from "./pages.js";
import { handle, path } from "./elements.js";

/** @typedef {{form: string, fields: number, fields_touched: Set<string>, last_field: string, since: number}} Begun */

/** @type {Map<HTMLFormElement, Begun>} */
const begun = new Map();

/** @param {Begun} state */
const soFar = ({ fields_touched, since, ...state }) => ({
  ...state,
  fields_touched: fields_touched.size,
  duration_s: seconds(performance.now() - since),
});

/** @param {Event} event */
function onEvent(event) {
  const [element] = path(event);
  const form = element?.form || element;
  if (form?.localName !== "form") return;
  let state = begun.get(form);
  if (event.type === "submit") {
    begun.delete(form);
    track("Form Submitted", state ? soFar(state) : { form: handle(form) });
  } else if (event.type === "invalid") {
    let error = "";
    for (const kind in element.validity) if (element.validity[kind]) error ||= kind;
    track("Form Error", { form: handle(form), field: handle(element), error });
  } else {
    if (!state) {
      const fields = form.querySelectorAll("[name]:not([type=hidden])").length;
      state = { form: handle(form), fields, fields_touched: new Set(), last_field: "", since: performance.now() };
      begun.set(form, state);
      track("Form Started", { form: state.form, fields: state.fields });
    }
    state.fields_touched.add((state.last_field = handle(element)));
  }
}

/** Begin. */
export function followForms() {
  if (!automatic("forms")) return;
  on(document, "input invalid submit", onEvent);
  atEnd(() => {
    for (const state of begun.values()) track("Form Abandoned", soFar(state));
    begun.clear();
  });
}
