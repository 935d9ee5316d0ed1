// The console's one script: draws the figures that pages carry as JSON.
"use strict";

const charts = document.querySelectorAll("[data-chart]");
if (charts.length) {
  const plotly = document.createElement("script");
  plotly.src = "/static/plotly.js";
  plotly.onload = () => {
    for (const chart of charts) {
      const figure = JSON.parse(chart.nextElementSibling.textContent);
      Plotly.newPlot(chart, figure.data, figure.layout, { responsive: true, displaylogo: false });
    }
  };
  document.head.append(plotly);
}
