// Storage that is denied, full, or holds rubbish.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  browserOutbox, browserStore, guardedOutbox, guardedStore, memoryStore,
} from "../client/stores.js";

class Storage {
  kept = new Map();
  get length() { return this.kept.size; }
  key(index) { return [...this.kept.keys()][index] ?? null; }
  getItem(key) { return this.kept.get(key) ?? null; }
  setItem(key, value) { this.kept.set(key, value); }
  removeItem(key) { this.kept.delete(key); }
}

const full = () => { throw Object.assign(new Error("exceeded"), { name: "QuotaExceededError" }); };
const session = (access) => ({ user: { id: "ann" }, access, refresh: "r" });
const message = (clientId, more = {}) => ({ room: "den", content: "hi", clientId, at: 1, ...more });

function told() {
  const codes = [];
  return [codes, (error) => codes.push(error.code)];
}

test("a browser that denies its storage leaves a client that works", () => {
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true, get() { throw new Error("SecurityError: Access is denied for this document."); },
  });
  try {
    const [codes, report] = told();
    const store = guardedStore(browserStore(), report);
    assert.equal(store.load(), null);
    store.save(session("one"));
    assert.equal(store.load().access, "one");
    store.save(null);
    assert.equal(store.load(), null);
    assert.deepEqual(codes, ["storage_denied"]);
    const outbox = guardedOutbox(browserOutbox(), report);
    assert.deepEqual(outbox.load("ann"), []);
    outbox.put("ann", message("a"));
    outbox.remove("ann", "a");
    assert.deepEqual(codes, ["storage_denied", "storage_denied"]);
  } finally {
    delete globalThis.localStorage;
  }
});

test("a storage that is full keeps no token that was used up", () => {
  const [codes, report] = told();
  const storage = new Storage();
  const store = guardedStore(browserStore("session", storage), report);
  store.save(session("old"));
  storage.setItem = full;
  store.save(session("new"));
  assert.equal(store.load().access, "new");
  assert.equal(storage.getItem("session"), null);
  delete storage.setItem;
  store.save(session("newer"));
  assert.equal(JSON.parse(storage.getItem("session")).access, "newer");
  assert.deepEqual(codes, ["storage_full"]);
});

test("what cannot be read is dropped, and told", () => {
  for (const rubbish of ["{", "7", '"text"', "[]", '{"access": 7}', '{"access": "a", "user": "ann"}']) {
    const [codes, report] = told();
    const storage = new Storage();
    storage.setItem("session", rubbish);
    const store = guardedStore(browserStore("session", storage), report);
    assert.equal(store.load(), null, rubbish);
    assert.equal(store.load(), null, rubbish);
    assert.equal(storage.getItem("session"), null, rubbish);
    assert.deepEqual(codes, ["storage_corrupt"], rubbish);
  }
});

test("a store of one's own works as it did", () => {
  const [codes, report] = told();
  const store = guardedStore(memoryStore(session("one")), report);
  assert.equal(store.load().access, "one");
  store.save(null);
  assert.equal(store.load(), null);
  assert.equal(guardedStore({ load: () => undefined, save() {} }, report).load(), null);
  assert.deepEqual(codes, []);
});

test("of an outbox with rubbish the messages are kept", () => {
  const [codes, report] = told();
  const storage = new Storage();
  const outbox = guardedOutbox(browserOutbox("unsent", storage), report);
  outbox.put("ann", message("second", { at: 2 }));
  outbox.put("ann", message("first", { at: 1 }));
  outbox.put("ben", message("another's"));
  storage.setItem("unsent|ann|broken", "{");
  storage.setItem("unsent|ann|number", "7");
  storage.setItem("unsent|ann|undated", JSON.stringify(message("undated", { at: "never" })));
  storage.setItem("unsent|ann|roomless", JSON.stringify({ ...message("roomless"), room: undefined }));
  storage.setItem("something else", "stays");
  assert.deepEqual(outbox.load("ann").map(({ clientId }) => clientId), ["first", "second"]);
  assert.deepEqual(codes, ["storage_corrupt"]);
  assert.deepEqual([...storage.kept.keys()].sort(), [
    "something else", "unsent|ann|first", "unsent|ann|number", "unsent|ann|second", "unsent|ben|another's",
  ]);
});

test("an outbox that is full is told once, and sending goes on", () => {
  const [codes, report] = told();
  const storage = new Storage();
  storage.setItem = full;
  const outbox = guardedOutbox(browserOutbox("unsent", storage), report);
  outbox.put("ann", message("a"));
  outbox.put("ann", message("b"));
  assert.deepEqual(codes, ["storage_full"]);
});
