// What goes first, and how fast.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../client/pace.js";
import { PRIORITY, SendQueue } from "../client/queue.js";

/** Takes all that may be said at a time. */
function all(queue, now, unanswered = 0) {
  const said = [];
  for (let next = queue.next(now, unanswered); next.entry; next = queue.next(now, unanswered)) said.push(next.entry);
  return said;
}

test("a message goes before commands and marks that came earlier", () => {
  const queue = new SendQueue();
  queue.push("mark", PRIORITY.mark);
  queue.push("command");
  queue.push("first", PRIORITY.send);
  queue.push("second", PRIORITY.send);
  queue.push("token", PRIORITY.session);
  assert.deepEqual(all(queue, 0), ["token", "first", "second", "command", "mark"]);
});

test("marks leave half of the burst to what is more urgent", () => {
  const queue = new SendQueue();
  for (let number = 0; number < 50; number += 1) queue.push(`mark ${number}`, PRIORITY.mark);
  assert.equal(all(queue, 0).length, 8);
  for (let number = 0; number < 8; number += 1) queue.push(`send ${number}`, PRIORITY.send);
  assert.equal(all(queue, 0).filter((entry) => entry.startsWith("send")).length, 8);
});

test("no more is unanswered than the server takes at once", () => {
  const queue = new SendQueue();
  queue.push("one more", PRIORITY.send);
  queue.push("token", PRIORITY.session);
  assert.deepEqual(all(queue, 0, 16), ["token"]);
  assert.deepEqual(queue.next(0, 16), {});
  assert.deepEqual(all(queue, 0, 15), ["one more"]);
});

test("more of a text has a rate of its own: it waits for nothing, and nothing waits for it", () => {
  const queue = new SendQueue();
  queue.push("send", PRIORITY.send);
  for (let number = 0; number < 100; number += 1) queue.push("more", PRIORITY.append);
  assert.equal(all(queue, 0, 16).length, 100);
  assert.deepEqual(all(queue, 0), ["send"]);
  queue.refused(0, 1_000);
  queue.push("more", PRIORITY.append);
  queue.push("token", PRIORITY.session);
  assert.deepEqual(all(queue, 0), ["more"]);
});

test("the pace stays below the rate that the server told", () => {
  const queue = new SendQueue();
  queue.follow({ commands_per_second: 5, command_burst: 5 });
  for (let number = 0; number < 1_000; number += 1) queue.push(`${number}`, PRIORITY.send);
  let said = 0;
  for (let now = 0; now <= 20_000; now += 50) said += all(queue, now).length;
  assert.equal(said, 4 + 20 * 4);
});

test("a server without a rate is not waited for", () => {
  const queue = new SendQueue();
  queue.follow({ commands_per_second: 0, command_burst: 0 });
  for (let number = 0; number < 1_000; number += 1) queue.push(`${number}`, number % 2 ? PRIORITY.send : PRIORITY.mark);
  assert.equal(all(queue, 0, 500).length, 1_000);
  queue.restart();
  queue.push("after a cut", PRIORITY.mark);
  assert.deepEqual(all(queue, 1), ["after a cut"]);
});

test("what was said before the limits were told counts", () => {
  const pace = new Pace();
  for (let taken = 0; taken < 6; taken += 1) assert.equal(pace.take(0), 0);
  pace.follow({ commands_per_second: 10, command_burst: 10 });
  assert.equal(pace.take(0), 0);
  assert.equal(pace.take(0), 0);
  assert(pace.take(0) > 0);
});

test("what the server found too fast waits as long as it says", () => {
  const queue = new SendQueue();
  queue.refused(1_000, 700);
  queue.push("again", PRIORITY.send);
  assert.equal(queue.next(1_000, 0).wait, 700);
  assert.equal(queue.next(1_600, 0).wait, 100);
  assert.equal(queue.next(1_700, 0).entry, "again");
});
