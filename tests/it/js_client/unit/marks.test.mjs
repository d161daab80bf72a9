// How far one has read and received: the newest of each room, seldom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Watermarks } from "../client/watermarks.js";

const none = () => {};

/** Tells all that is due, and gives it as texts. */
function told(marks, now) {
  const said = [];
  for (let mark = marks.next(now); mark; mark = marks.next(now)) {
    said.push(`${mark.place} ${mark.type} ${mark.seq}`);
    marks.told(mark, { read_seq: mark.seq }, now);
  }
  return said;
}

test("a busy room costs one command in some seconds, and the newest mark", () => {
  const marks = new Watermarks();
  let count = 0;
  let last = null;
  for (let seq = 1; seq <= 30 * 60; seq += 1) {
    const now = (seq * 1_000) / 30;
    marks.delivered("busy", seq, now);
    for (const mark of told(marks, now)) { count += 1; last = mark; }
  }
  assert(count <= 60 / 3 + 1, `${count} commands in a minute`);
  assert.equal(told(marks, 64_000).at(-1) ?? last, "busy delivered 1800");
});

test("what was read within a moment is not told as delivered first", () => {
  const marks = new Watermarks();
  marks.delivered("den", 7, 0);
  assert.deepEqual(told(marks, 100), []);
  marks.read("den", 7, 200, none);
  assert.deepEqual(told(marks, 200), ["den read 7"]);
  assert.deepEqual(told(marks, 100_000), []);
});

test("one command does for a read and a delivered mark", () => {
  const marks = new Watermarks();
  marks.read("den", 5, 0, none);
  assert.deepEqual(told(marks, 0), ["den read 5"]);
  marks.delivered("den", 9, 1_000);
  marks.read("den", 8, 1_100, none);
  marks.read("den", 9, 1_200, none);
  assert.deepEqual(told(marks, 2_900), []);
  assert.deepEqual(told(marks, 3_000), ["den read 9"]);
  assert.equal(marks.dueAt, Infinity);
});

test("who asked hears the answer that covers it", () => {
  const marks = new Watermarks();
  const heard = [];
  marks.read("den", 5, 0, (answer) => heard.push(["five", answer]));
  const underWay = marks.next(0);
  marks.read("den", 6, 1, (answer) => heard.push(["six", answer]));
  marks.told(underWay, "up to 5", 2);
  assert.deepEqual(heard, [["five", "up to 5"]]);
  marks.told(marks.next(3_002), "up to 6", 3_003);
  assert.deepEqual(heard.at(-1), ["six", "up to 6"]);
});

test("a mark that was asked for again is told again", () => {
  const marks = new Watermarks();
  let answers = 0;
  for (const now of [0, 10_000]) {
    marks.read("den", 5, now, () => { answers += 1; });
    assert.deepEqual(told(marks, now), ["den read 5"]);
  }
  assert.equal(answers, 2);
});

test("less than what was told before is told as it is", () => {
  const marks = new Watermarks();
  marks.read("den", 9, 0, none);
  assert.deepEqual(told(marks, 0), ["den read 9"]);
  // Marked as unread since, the head must not be told of one who has read a part of it.
  marks.read("den", 6, 10_000, none);
  assert.deepEqual(told(marks, 10_000), ["den read 6"]);
  marks.read("den", 8, 20_000, none);
  marks.read("den", 7, 20_000, none);
  assert.deepEqual(told(marks, 20_000), ["den read 8"]);
  assert.equal(marks.dueAt, Infinity);
});

test("what waits for its turn is told at once to who waits for it", () => {
  const marks = new Watermarks();
  let settled = 0;
  const hurry = () => marks.hurry("den", () => { settled += 1; });
  hurry();
  assert.equal(settled, 1, "there is nothing");
  marks.read("den", 5, 0, none);
  told(marks, 0);
  marks.read("den", 6, 100, none);
  assert.deepEqual(told(marks, 100), []);
  hurry();
  assert.equal(settled, 1);
  assert.deepEqual(told(marks, 100), ["den read 6"]);
  assert.equal(settled, 2);
  hurry();
  assert.equal(settled, 3, "all of it was told");
  marks.read("den", 7, 200, none);
  hurry();
  marks.refused(marks.next(200), "forbidden", null, 200);
  assert.equal(settled, 4, "it never will be told");
});

test("the longest waiting room is next, what was read first, and neither starves", () => {
  const marks = new Watermarks();
  for (const [at, room] of ["a", "b", "c"].entries()) marks.delivered(room, 1, at * 100);
  for (const [at, room] of ["x", "y"].entries()) marks.read(room, 1, 900 + at, none);
  assert.deepEqual(told(marks, 1_000), ["x read 1", "a delivered 1", "y read 1", "b delivered 1", "c delivered 1"]);
});

test("what a cut left untold is told anew, and what was asked is answered then", () => {
  const marks = new Watermarks();
  let answer = null;
  marks.read("den", 5, 0, (outcome) => { answer = outcome; });
  marks.next(0);
  marks.cut(50);
  assert.equal(answer, null);
  assert.deepEqual(told(marks, 50), ["den read 5"]);
  assert.deepEqual(answer, { read_seq: 5 });
});

test("a refused mark is not told for ever", () => {
  const marks = new Watermarks();
  const outcomes = [];
  marks.read("den", 5, 0, (outcome) => outcomes.push(outcome));
  marks.refused(marks.next(0), "forbidden", null, 10);
  assert.deepEqual(outcomes, ["forbidden"]);
  assert.equal(marks.dueAt, Infinity);
  // One that may be tried again waits as long as it has to.
  marks.delivered("den", 9, 100);
  marks.refused(marks.next(10_000), "unavailable", 800, 10_000);
  assert.deepEqual(told(marks, 10_799), []);
  assert.deepEqual(told(marks, 10_800), ["den delivered 9"]);
});

test("who leaves a room waits no longer for its mark", () => {
  const marks = new Watermarks();
  const outcomes = [];
  marks.read("den", 5, 0, (outcome) => outcomes.push(outcome));
  marks.forget("den", "gone");
  assert.deepEqual(outcomes, ["gone"]);
  marks.read("a", 1, 0, (outcome) => outcomes.push(outcome));
  marks.reset("signed out");
  assert.deepEqual(outcomes, ["gone", "signed out"]);
  assert.equal(marks.next(100_000), null);
});

test("rooms of which all was told are forgotten", () => {
  const marks = new Watermarks();
  marks.delivered("den", 9, 0);
  told(marks, 500);
  marks.sweep(1_000);
  marks.delivered("den", 10, 1_000);
  assert.equal(marks.dueAt, 3_500);
  told(marks, 3_500);
  marks.sweep(10_000);
  marks.delivered("den", 11, 10_000);
  assert.equal(marks.dueAt, 10_500);
});
