// What a service worker shows and closes of what is pushed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { carryOut, leadTo, noted, tagOf } from "../client/push_worker.js";

const note = (seq, more = {}) => ({ room_id: "den", message_id: `m${seq}`, seq, badge: 3, title: "Ann", body: "hello", ...more });
const silent = (seq, more = {}) => ({ room_id: "den", seq, badge: 0, ...more });
const shownAt = (seq, place = {}) => ({ tag: tagOf({ room_id: "den", ...place }), data: { room_id: "den", seq, ...place }, close() { this.closed = true; } });

test("a note is shown in the place of the last one of its room or thread", () => {
  const { show, close, badge } = noted(note(7), [shownAt(5)]);
  assert.deepEqual([show.title, show.options.body, show.options.renotify], ["Ann", "hello", true]);
  assert.deepEqual(show.options.data, { room_id: "den", message_id: "m7", seq: 7 });
  assert.deepEqual([close, badge], [[], 3]);
  const tags = [note(7), note(8), note(8, { thread_id: "t" }), note(9, { room_id: "pub" })].map((each) => noted(each).show.options.tag);
  assert.deepEqual(tags, ["parlor:den", "parlor:den", "parlor:den/t", "parlor:pub"]);
});

test("one that comes too late leaves what is shown", () => {
  assert.equal(noted(note(7), [shownAt(8)]).show, null);
  assert.notEqual(noted(note(7), [shownAt(8, { thread_id: "t" }), shownAt(7)]).show, null);
});

test("what was read elsewhere is closed, and nothing else", () => {
  const [newer, of, other] = [shownAt(8), shownAt(7), shownAt(7, { thread_id: "t" })];
  const { show, close } = noted(silent(7), [newer, of, other]);
  assert.deepEqual([show, close], [null, [of]]);
  assert.deepEqual(noted(silent(7, { thread_id: "t" }), [newer, of, other]).close, [other]);
  assert.deepEqual(noted(silent(7)).close, []);
});

/** A worker that keeps what it was told to do. */
function worker({ shown = [], windows = [] } = {}) {
  const did = [];
  const window = (url) => ({ url, focus: async () => did.push(`focus ${url}`), postMessage: (told) => did.push(told) });
  return {
    did,
    registration: {
      scope: "https://app/chat/", getNotifications: async () => shown,
      showNotification: async (title, options) => did.push([title, options.icon, options.body]),
    },
    navigator: { setAppBadge: async (count) => { did.push(count); throw new Error("not allowed"); } },
    clients: { matchAll: async () => windows.map(window), openWindow: async (url) => did.push(`open ${url}`) },
  };
}

test("a worker shows, closes and counts", async () => {
  const of = shownAt(7);
  const scope = worker({ shown: [of] });
  await carryOut(scope, note(8), { icon: "i.png", body: "never" });
  await carryOut(scope, silent(7));
  assert.deepEqual([scope.did, of.closed], [[["Ann", "i.png", "hello"], 3, 0], true]);
  delete scope.navigator.setAppBadge;
  await carryOut(scope, note(9));
  assert.equal(scope.did.length, 4);
});

test("a notification leads to its room in a window that is open, or in a new one", async () => {
  const about = { room_id: "den", seq: 7 };
  const open = worker({ windows: ["https://app/other/", "https://app/chat/#x", "https://app/chat/2"] });
  await leadTo(open, about, "./#room=den");
  assert.deepEqual(open.did, [{ type: "parlor.open", ...about }, "focus https://app/chat/#x"]);
  const none = worker({ windows: ["https://app/other/"] });
  await leadTo(none, about, "./#room=den");
  assert.deepEqual(none.did, ["open ./#room=den"]);
  const fits = worker({ windows: ["https://app/chat/api.html", "https://app/chat/"] });
  await leadTo(fits, about, "./", (url) => url.endsWith("/"));
  assert.deepEqual(fits.did.at(-1), "focus https://app/chat/");
});
