// What is wrong with how the page looks now: what hangs over the side, what has no name, what cannot be read. A list of sentences.
() => {
  const wrong = [];
  const said = (what, element, more = "") => {
    const at = element ? `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}">` : "the page";
    wrong.push(`${what}: ${at} ${more} "${((element && element.textContent) || "").trim().replace(/\s+/g, " ").slice(0, 50)}"`);
  };
  const seen = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const scrolls = (element) => {
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      if (getComputedStyle(parent).overflowX !== "visible") return true;
    }
    return false;
  };

  // Nothing hangs over the side, and nothing over the side of what holds it.
  if (document.documentElement.scrollWidth > innerWidth) said("wider than the screen", null, `${document.documentElement.scrollWidth} px`);
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    if (!seen(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 2 && box.left > -900 && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(element)) said("over the side", element);
    const style = getComputedStyle(element);
    const held = /^(A|BUTTON|SUMMARY|H1|H2|H3|LABEL|TH|TD|DD|DT|P|LI)$/.test(element.tagName) && style.display !== "inline";
    if (held && style.overflowX === "visible" && element.scrollWidth > element.clientWidth + 2) said("spills", element, `${element.scrollWidth} in ${element.clientWidth} px`);
  }

  // Every field, link and button has a name; every figure says the same as a table.
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const words = [...(field.labels || [])].map((label) => [...label.childNodes].map((node) => (node.contains(field) && node === field ? "" : node.textContent)).join(""));
    if (!words.join("").trim() && !field.getAttribute("aria-label")) said("no name", field, field.name);
  }
  for (const pressed of document.querySelectorAll("a[href], button, summary")) {
    if (pressed.closest(".modebar, svg")) continue;
    if (!pressed.textContent.trim() && !pressed.getAttribute("aria-label") && !pressed.querySelector("[aria-label]")) said("no words", pressed, pressed.outerHTML.slice(0, 80));
  }
  for (const figure of document.querySelectorAll("figure.chart")) {
    if (!figure.querySelector("table") && !document.querySelector("main .card table")) said("no table", figure);
  }
  const ids = [...document.querySelectorAll("[id]:not(svg *)")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) said("twice the same id", document.getElementById(id), id);

  // Text has the contrast that WCAG 2.2 asks of level AA against what is painted behind it.
  const parts = (colour) => {
    const numbers = (colour.match(/[\d.]+(e-?\d+)?/g) || [0, 0, 0, 0]).map(Number);
    const [red, green, blue, alpha = 1] = colour.startsWith("color(srgb") ? [...numbers.slice(0, 3).map((one) => one * 255), ...numbers.slice(3)] : numbers;
    return [red, green, blue, alpha];
  };
  const over = (upper, lower) => [0, 1, 2].map((n) => upper[n] * upper[3] + lower[n] * (1 - upper[3])).concat(1);
  const ground = (element) => {
    const layers = [];
    for (let parent = element; parent; parent = parent.parentElement) layers.push(parts(getComputedStyle(parent).backgroundColor));
    return layers.reverse().reduce((lower, upper) => over(upper, lower), matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const light = (colour) => {
    const [red, green, blue] = colour.map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !seen(element) || element.closest("script, style, option, template, svg, :disabled, .unseen, .hidden, .skip, [role=img]")) continue;
    const style = getComputedStyle(element);
    let ink = parts(style.color);
    for (let parent = element; parent; parent = parent.parentElement) ink[3] *= Number(getComputedStyle(parent).opacity);
    const behind = ground(element);
    const [low, high] = [light(over(ink, behind)), light(behind)].sort((one, other) => one - other);
    const contrast = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const key = `${style.color} ${behind}`;
    if (contrast < (large ? 3 : 4.5) && !told.has(key)) {
      told.add(key);
      said("hard to read", element, `${contrast.toFixed(2)}, ${style.color} on ${behind.map(Math.round)}`);
    }
  }
  return wrong;
}
