/**
 * Words for an element that are the same after the next release of the site.
 *
 * In: an element. Out: a name people know and a path of marks that were chosen by hand. Never reads what somebody typed.
 */

const NAME = "data-sojourn-name";
const MOST_LETTERS = 80;
const MOST_STEPS = 5;

/**
 * The first of these attributes that says something.
 * @param {Element} element
 * @param {...string} names
 */
export const attribute = (element, ...names) => names.map((name) => element.getAttribute(name)).find(Boolean) || "";

/**
 * A text as a property: short, on one line, without e-mail addresses.
 * @param {string} text
 */
export const clean = (text) => text.replace(/\S+@\S+/g, "…").replace(/\s+/g, " ").trim().slice(0, MOST_LETTERS);

/**
 * An address as a property. What stands behind the question mark may be a token or a name.
 * @param {string} [url]
 */
export const plain = (url) => url?.replace(/[?#].*/, "");

/**
 * The elements an event went through, innermost first, through shadow roots too; none where one of them is excluded.
 * @param {Event} event
 * @returns {any[]}
 */
export function path(event) {
  const elements = /** @type {Element[]} */ (event.composedPath()).filter((node) => node.matches);
  return elements.some((element) => element.hasAttribute("data-sojourn-exclude")) ? [] : elements;
}

/**
 * What people call it: the name given to it, else its label or text.
 * @param {any} element
 */
export const nameOf = (element) =>
  clean(
    attribute(element, NAME, "aria-label") ||
      (element.matches("[type=submit],[type=button]") && element.value) ||
      (!element.isContentEditable && element.innerText) ||
      attribute(element, "title", "alt") ||
      attribute(element.querySelector("[alt]") || element, "alt", "name", "id"),
  );

/**
 * Where it is: from the nearest mark chosen by hand down, without class names.
 * @param {Element} element
 */
export function target(element) {
  const steps = [];
  /** @type {Element | null} */
  let at = element;
  for (let own = ""; at && !own && at !== document.body && steps.length < MOST_STEPS; at = at.parentElement) {
    const { id, localName, parentElement } = at;
    const marked = [NAME, "data-testid"].find((name) => at?.getAttribute(name));
    if (marked) own = `[${marked}="${attribute(at, marked)}"]`;
    // Ids with many digits or odd signs are made anew by each build.
    else if (/^(?!.*\d{3})[a-z][\w-]*$/i.test(id)) own = "#" + id;
    const name = attribute(at, "name");
    const alike = [...(parentElement?.children || [])].filter((child) => child.localName === localName);
    const which = name ? `[name="${name}"]` : alike[1] ? `:nth-of-type(${alike.indexOf(at) + 1})` : "";
    steps.unshift(own || localName + which);
  }
  return steps.join(" > ");
}

/**
 * What its author calls it: never its text, which may be somebody's.
 * @param {Element} element a form or a field
 */
export const handle = (element) => clean(attribute(element, NAME, "name", "id", "aria-label") || target(element));
