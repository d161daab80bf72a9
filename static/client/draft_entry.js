/**
 * What is known of the draft of one room or thread. Pure.
 *
 * @import { Deferred } from "./deferred.js"
 * @import { Draft } from "./types.js"
 *
 * @typedef {object} Entry
 * @property {Draft | null} told as the server has it, as far as it is known
 * @property {Draft | null} here as it was written since; stays if the server does not take it
 * @property {number} wantedAt from when on that may be told
 * @property {Draft | null} underWay
 * @property {Draft | null} said what the server may have without having answered
 * @property {boolean} isHeld it has become a message, and is taken away when that is stored
 * @property {Deferred<Draft> | null} waiting who has set it
 */

import { withoutGaps } from "./frame.js";

/** @type {(room: string, thread?: string) => string} */
export const keyOf = (room, thread) => JSON.stringify([room, thread ?? null]);
/** @type {() => Entry} */
export const newEntry = () => ({
  told: null, here: null, wantedAt: Infinity, underWay: null, said: null, isHeld: false, waiting: null,
});

/** @type {(draft: Draft | null) => boolean} */
export const isGone = (draft) => !draft || (draft.content === "" && !draft.metadata);
/**
 * A text that is the same for the same metadata, however the server orders it.
 * @param {Draft["metadata"]} metadata
 */
const textOf = (metadata) => JSON.stringify(metadata ?? null, (_, value) =>
  (value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value));
/** @type {(one: Draft, other: Draft) => boolean} */
export const isSame = (one, other) => one.content === other.content && textOf(one.metadata) === textOf(other.metadata);
/** @type {(one: Draft | null, other: Draft | null) => boolean} */
export const looksSame = (one, other) => (one && other ? isSame(one, other) : one === other);
/** @type {(draft: Draft) => Draft} */
export const emptied = ({ room_id, thread_id, updated_at }) => withoutGaps({ room_id, thread_id, content: "", updated_at });
/**
 * Nothing of it was written here that is not told.
 * @type {(entry: Entry) => boolean}
 */
export const isIdle = ({ here, underWay, said }) => !here && !underWay && !said;

/**
 * What has been begun there, by what is known here; null if there is nothing.
 * @param {Entry | undefined} entry
 */
export function shown(entry) {
  const draft = entry?.here ?? entry?.told ?? null;
  return isGone(draft) ? null : draft;
}

/**
 * Whether the server has something else than what was written here, as far as one can know.
 * @param {Entry} entry
 */
export const differs = ({ told, here, underWay, said }) =>
  Boolean(underWay || said || (here && told && !isSame(here, told)));
