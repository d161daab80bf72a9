// Times to come that one chooses on the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldTime, tomorrowMorning } from "../page/view/times.js";

test("tomorrow begins at nine by the clock here, also where a month ends", () => {
  for (const [now, tomorrow] of [
    ["2026-11-30T17:30:00", "2026-12-01T09:00"], ["2026-12-31T00:00:00", "2027-01-01T09:00"], ["2028-02-28T08:59:59", "2028-02-29T09:00"],
  ]) {
    assert.equal(fieldTime(tomorrowMorning(new Date(now))), tomorrow);
  }
});
