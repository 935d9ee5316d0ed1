// The console's script: draws the figures that pages carry as JSON, and keeps forms and their addresses short.
// Pages work without it: every figure has its table.
"use strict";

const here = document.currentScript;

// Figures

const charts = document.querySelectorAll("[data-chart]");
const dark = matchMedia("(prefers-color-scheme: dark)");

const NARROW = 600;
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Names may be longer than there is room for; the table has them whole.
function shortened({ data, layout }) {
  const most = innerWidth < NARROW ? 18 : 45;
  for (const trace of data) {
    if (trace.name) trace.name = short(trace.name, most + 10);
    if (trace.type === "sankey") trace.node.label = trace.node.label.map((name) => short(name, 26));
  }
  const names = [...new Set(data.flatMap(({ y }) => (Array.isArray(y) ? y.filter((name) => typeof name === "string") : [])))];
  if (!names.some((name) => name.length > most)) return;
  layout.yaxis = { ...layout.yaxis, tickmode: "array", tickvals: names, ticktext: names.map((name) => short(name, most)) };
}

function inked(layout, colours) {
  const themed = { ...layout, paper_bgcolor: "transparent", plot_bgcolor: "transparent" };
  themed.font = { ...layout.font, color: colours("--ink"), size: 12 };
  // The page says the title beside the figure already.
  delete themed.title;
  themed.margin = { ...layout.margin, t: 20 };
  if (innerWidth < NARROW) themed.margin = { ...themed.margin, l: 40, r: 10 };
  // Above the figure it is in nobody's way, however many names it has.
  themed.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", maxheight: 0.9 };
  themed.modebar = { bgcolor: "transparent", color: colours("--strong-line"), activecolor: colours("--accent") };
  themed.hoverlabel = { bgcolor: colours("--card"), bordercolor: colours("--strong-line"), font: { color: colours("--ink") } };
  const axes = new Set([...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key)), "xaxis", "yaxis"]);
  for (const axis of axes) {
    themed[axis] = { gridcolor: colours("--line"), zerolinecolor: colours("--line"), linecolor: colours("--strong-line"), ...layout[axis], automargin: true };
  }
  return themed;
}

function draw() {
  const style = getComputedStyle(document.documentElement);
  for (const chart of charts) {
    const figure = JSON.parse(chart.nextElementSibling.textContent);
    shortened(figure);
    const layout = inked(figure.layout, (name) => style.getPropertyValue(name).trim());
    // On a narrow screen the legend has a line for each name.
    const lines = innerWidth < NARROW && layout.showlegend !== false && figure.data.length > 2 ? figure.data.length : 0;
    if (layout.height) layout.height += lines * 19;
    if (layout.height || lines) chart.style.height = `${layout.height || 270 + lines * 19}px`;
    const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };
    Plotly.react(chart, figure.data, layout, options);
  }
}

// A figure whose points lead somewhere carries their addresses as `meta.links` of the trace, or each as `customdata`.
function follow(event) {
  const point = event.points[0];
  const links = (point.data && point.data.meta && point.data.meta.links) || [];
  // A diagram of flows has no place for addresses but beside the words it shows: [words, address].
  const told = Array.isArray(point.customdata) ? point.customdata[1] : point.customdata;
  const to = links[point.pointNumber] || told;
  if (typeof to === "string" && /^\/(?![/\\])/.test(to)) location.assign(to);
}

if (charts.length) {
  const plotly = document.createElement("script");
  plotly.src = here.dataset.plotly;
  plotly.onload = () => {
    draw();
    charts.forEach((chart) => chart.on("plotly_click", follow));
    dark.addEventListener("change", draw);
  };
  document.head.append(plotly);
}

// Forms: what is empty is left out of the address; a usual period and exact dates exclude each other.

for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("submit", () => {
    const empty = [...form.elements].filter((field) => field.name && !field.value && !field.disabled);
    empty.forEach((field) => { field.disabled = true; });
    // The page may come back from the browser's cache.
    setTimeout(() => empty.forEach((field) => { field.disabled = false; }));
  });
  const usual = form.querySelector("[data-usual]");
  const dates = form.querySelectorAll("[data-date]");
  if (!usual) continue;
  usual.addEventListener("change", () => dates.forEach((date) => { date.value = ""; }));
  dates.forEach((date) => date.addEventListener("change", () => { if (date.value) usual.value = ""; }));
}

// What cannot be taken back is asked for again.

for (const form of document.querySelectorAll("form[data-sure]")) {
  form.addEventListener("submit", (event) => { if (!confirm(form.dataset.sure)) event.preventDefault(); });
}

// A text in which something is to be mended opens at that line.

for (const area of document.querySelectorAll("textarea[data-line]")) {
  const lines = area.value.split("\n");
  const line = Math.min(Number(area.dataset.line), lines.length) - 1;
  const start = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + lines[line].length);
  area.scrollTop = Math.max(0, line - 4) * (area.scrollHeight / lines.length);
}
