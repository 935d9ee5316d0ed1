// Sends three events with an unmodified client: node send.mjs CLIENT FOLDER URL KEY TIME. FOLDER holds node_modules.

import { createRequire } from "node:module";

const [client, folder, url, key, time] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const then = new Date(time);
const bought = { userId: "anna", event: "Bought", properties: { revenue: 5 }, timestamp: then };
const identified = { userId: "anna", traits: { email: "anna@shop.example" } };
const page = { userId: "anna", category: "Shop", name: "Home", properties: {} };

const clients = {
  async segment() {
    const { Analytics } = require("@segment/analytics-node");
    const analytics = new Analytics({ writeKey: key, host: url, flushInterval: 200, maxRetries: 10 });
    analytics.on("error", () => {});
    analytics.identify(identified);
    analytics.track(bought);
    analytics.page(page);
    await analytics.closeAndFlush({ timeout: 60000 });
  },
  async rudder() {
    const Analytics = require("@rudderstack/rudder-sdk-node");
    const analytics = new Analytics(key, { dataPlaneUrl: url, flushAt: 20, flushInterval: 60000, logLevel: "error" });
    analytics.identify(identified);
    analytics.track(bought);
    analytics.page(page);
    await new Promise((done) => analytics.flush(done));
  },
  async posthog() {
    const { PostHog } = require("posthog-node");
    const posthog = new PostHog(key, { host: url, flushAt: 20, fetchRetryCount: 6, fetchRetryDelay: 500 });
    posthog.on("error", () => {});
    posthog.identify({ distinctId: "anna", properties: { email: "anna@shop.example" } });
    posthog.capture({ distinctId: "anna", event: "Bought", properties: { revenue: 5 }, timestamp: then });
    posthog.capture({ distinctId: "anna", event: "$pageview" });
    await posthog.shutdown(60000);
  },
};

await clients[client]();
process.exit(0);
