// What one knows of people, and what is newer than an answer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { KnownPeople } from "../client/people.js";

const is = (user, status) => ({ user_id: user, status });

test("an answer tells nothing of whom something was heard since it was asked for", () => {
  const people = new KnownPeople();
  people.setPresence(is("ann", "online"));
  const { moment } = people;
  people.setPresence(is("ben", "online"));
  for (const user of ["ann", "ben", "cem"]) people.learnPresence(is(user, "offline"), moment);
  const known = ["ann", "ben", "cem"].map((user) => people.presenceOf(user));
  assert.deepEqual(known.map(({ status }) => status), ["offline", "online", "offline"]);
  assert.deepEqual(known[0], { status: "offline", lastSeen: null });
  people.learnPresence(is("ben", "away"), people.moment);
  assert.equal(people.presenceOf("ben").status, "away");
});
