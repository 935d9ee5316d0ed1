// The console's script: draws the figures that pages carry as JSON, and keeps forms and their addresses short.
// Pages work without it: every figure has its table.
"use strict";

const here = document.currentScript;

// Figures

const charts = document.querySelectorAll("[data-chart]");
const dark = matchMedia("(prefers-color-scheme: dark)");

function inked(layout, colours) {
  const themed = { ...layout, paper_bgcolor: "transparent", plot_bgcolor: "transparent" };
  themed.font = { ...layout.font, color: colours("--ink"), size: 12 };
  // The page says the title beside the figure already.
  delete themed.title;
  themed.margin = { ...layout.margin, t: 20 };
  if (innerWidth < 600) {
    themed.margin = { ...themed.margin, l: 40, r: 10 };
    themed.legend = { ...layout.legend, maxheight: 0.9 };
  }
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
    const layout = inked(figure.layout, (name) => style.getPropertyValue(name).trim());
    if (layout.height) chart.style.height = `${layout.height}px`;
    // On a narrow screen the legend has a line for each name.
    else if (innerWidth < 600 && layout.showlegend !== false && figure.data.length > 2) chart.style.height = `calc(16rem + ${figure.data.length * 1.25}rem)`;
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
