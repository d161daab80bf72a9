/**
 * Times to come that one chooses from a menu: soon, tomorrow, or any.
 *
 * @import { Choice } from "./popups.js"
 *
 * @typedef {{seconds?: number, at?: string}} When in so many seconds, or at a time
 * @typedef {[testid: string, label: string, seconds: number]} Soon
 */

import { make } from "./dom.js";
import { ask, attempt } from "./popups.js";

const MORNING_HOUR = 9;
const MINUTE_MS = 60_000;

/** @type {Soon} */
export const IN_20_MINUTES = ["in-20-minutes", "In 20 minutes", 1_200];
/** @type {Soon} */
export const IN_AN_HOUR = ["in-an-hour", "In 1 hour", 3_600];

/** @param {Date} [now] */
export function tomorrowMorning(now = new Date()) {
  const at = new Date(now);
  at.setDate(at.getDate() + 1);
  at.setHours(MORNING_HOUR, 0, 0, 0);
  return at;
}

/**
 * A time as a field for it has it: by the clock here, to the minute.
 * @param {Date} date
 */
export const fieldTime = (date) =>
  new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);

/**
 * A field for a time to come.
 * @param {string} label
 * @param {Date} [value]
 */
export function timeField(label, value = tomorrowMorning()) {
  return make("label", {}, label, make("input", {
    type: "datetime-local", name: "at", required: true, min: fieldTime(new Date(Math.min(Date.now(), value.getTime()))), value: fieldTime(value), data: { testid: "time" },
  }));
}

/**
 * What was chosen in such a field.
 * @param {Record<string, HTMLInputElement>} fields
 */
export const timeIn = ({ at }) => new Date(at.value).toISOString();

/**
 * `pick` is given what was chosen, and may fail.
 *
 * @param {string} title
 * @param {Soon[]} soon
 * @param {(when: When) => Promise<unknown>} pick
 * @returns {Choice[]}
 */
export function timeChoices(title, soon, pick) {
  /** @type {(testid: string, label: string, when: When) => Choice} */
  const choice = (testid, label, when) => ({ testid, label, run: () => attempt(() => pick(when)) });
  return [
    ...soon.map(([testid, label, seconds]) => choice(testid, label, { seconds })),
    choice("tomorrow", "Tomorrow at 9", { at: tomorrowMorning().toISOString() }),
    {
      testid: "at-a-time", label: "At a time…",
      run: () => ask({ title, yes: "Set", parts: [timeField("When")], run: (fields) => pick({ at: timeIn(fields) }) }),
    },
  ];
}
