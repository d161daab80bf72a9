// Pages of history with the application's events between their messages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pages } from "../page/view/pages.js";

const history = (seqs, more = {}) => ({ messages: seqs.map((seq) => ({ seq })), has_more: false, ...more });

/** The range of which a page asks for events. */
async function rangeOf(page, where) {
  let range = null;
  const pages = new Pages(async () => page, async (...between) => { range = between; return []; });
  await pages.fetch(where, () => {});
  return range;
}

test("events are asked for where a page has everything", async () => {
  assert.deepEqual(await rangeOf(history([3, 4, 5]), {}), [0, Infinity]);
  assert.deepEqual(await rangeOf(history([3, 4, 5], { has_more: true }), {}), [2, Infinity]);
  assert.deepEqual(await rangeOf(history([3, 4, 5], { has_more: true }), { before: 6 }), [2, 6]);
  assert.deepEqual(await rangeOf(history([7, 8], { has_more: true }), { after: 6 }), [6, 8]);
  assert.deepEqual(await rangeOf(history([7, 8]), { after: 6 }), [6, Infinity]);
  assert.deepEqual(await rangeOf(history([3, 4], { has_more: true, has_more_after: true }), { around: 4 }), [2, 4]);
});

test("only the page that was asked for last is taken, and none after the end", async () => {
  const answers = [];
  const pages = new Pages(() => new Promise((resolve) => { answers.push(resolve); }), async () => [{ seq: 9 }]);
  const taken = [];
  const take = ({ entries }) => taken.push(entries.map(({ seq }) => seq));
  const asked = [pages.fetch({ before: 5 }, take), pages.fetch({}, take)];
  assert.equal(pages.isLoading, true);
  answers.forEach((answer, index) => answer(history([index])));
  await Promise.all(asked);
  assert.deepEqual([taken, pages.isLoading], [[[1, 9]], false]);
  const late = pages.fetch({}, take);
  pages.end();
  answers[2](history([2]));
  await late;
  assert.equal(taken.length, 1);
});
