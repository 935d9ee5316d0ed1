// What a shop's own bundle would do: the browser clients as their packages give them, ready to be started by a test.

import { AnalyticsBrowser } from "@segment/analytics-next";
import posthog from "posthog-js";

window.clients = {
  segment(url, key, time) {
    const analytics = AnalyticsBrowser.load({ writeKey: key, cdnURL: url });
    analytics.identify("anna", { email: "anna@shop.example" });
    analytics.track("Bought", { revenue: 5 }, { timestamp: new Date(time) });
    analytics.page("Shop", "Home");
  },
  posthog(url, key, time) {
    // It sends nothing from a browser that says it is headless, unless told to.
    const quiet = { autocapture: false, capture_pageview: false, capture_pageleave: false, opt_out_useragent_filter: true };
    posthog.init(key, { api_host: url, ...quiet });
    posthog.identify("anna", { email: "anna@shop.example" });
    posthog.capture("Bought", { revenue: 5 }, { timestamp: new Date(time) });
    posthog.capture("$pageview");
  },
  tracker(url, key, time) {
    const tag = document.createElement("script");
    tag.src = url + "/t.js";
    for (const [name, value] of Object.entries({ key, consent: "assumed", auto: "none" })) {
      tag.setAttribute("data-sojourn-" + name, value);
    }
    window.sojourn = [
      ["identify", "anna", { email: "anna@shop.example" }],
      ["track", "Bought", { revenue: 5 }, { timestamp: time }],
      ["page", "Shop", "Home"],
    ];
    document.head.append(tag);
  },
};
