// What the page says of notifications on a device.
import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNoNotifications } from "../page/view/notifications.js";

const BROWSER = { isSecure: true, canShow: true, permission: "default" };
const SETTINGS = { web: { public_key: "KEY" } };

test("why there can be no notifications is said, the first reason first", () => {
  const why = (browser, settings = SETTINGS) => whyNoNotifications({ ...BROWSER, ...browser }, settings);
  assert.deepEqual([why(), why({ permission: "granted" })], [null, null]);
  assert.match(why({ permission: "denied" }), /blocked/);
  assert.match(why({ canShow: false, permission: "denied" }), /cannot show/);
  assert.match(why({ isSecure: false, canShow: false }), /https/);
  assert.match(why({ isSecure: false }, { web: null }), /server/);
});
