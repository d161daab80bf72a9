/**
 * What a frame of the server has to have: docs/PROTOCOL.md, "Events". It is
 * looked at once, when it has come, so that nothing behind it has to ask. What
 * is not named here is not relied on, and may be anything or absent. Pure.
 *
 * @import { Frame } from "./types.js"
 * @typedef {(value: any) => boolean} Check
 * @typedef {{maybe: Shape}} Maybe
 * @typedef {{listOf: Shape}} List
 * @typedef {{mapOf: Shape}} Mapping
 * @typedef {{eitherOf: Shape[]}} Either
 * @typedef {{[name: string]: Shape}} Fields
 * @typedef {Check | Maybe | List | Mapping | Either | Fields} Shape
 */

/** @type {Check} */
const isText = (value) => typeof value === "string";
/** @type {Check} */
const isFlag = (value) => typeof value === "boolean";
/** @type {Check} */
const isNumber = (value) => Number.isFinite(value);
/** @type {Check} */
const isSeq = (value) => Number.isSafeInteger(value) && value >= 0;
/** @type {Check} */
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
/**
 * Left out, as Parlor writes what is not there.
 * @type {(shape: Shape) => Maybe}
 */
const maybe = (shape) => ({ maybe: shape });
/** @type {(shape: Shape) => List} */
const listOf = (shape) => ({ listOf: shape });
/** @type {(shape: Shape) => Mapping} */
const mapOf = (shape) => ({ mapOf: shape });
/** @type {(...shapes: Shape[]) => Either} */
const eitherOf = (...shapes) => ({ eitherOf: shapes });

const USER = { id: isText };
const ERROR = { code: isText, message: isText, retry_after_ms: maybe(isNumber) };
const MESSAGE = {
  message_id: isText, room_id: isText, seq: isSeq, changed_seq: isSeq, sender: USER,
  content: isText, created_at: isText, thread_id: maybe(isText), in_room: maybe(isFlag), mentions: maybe({ user_ids: listOf(isText) }),
  kind: maybe(isText), sent_by: maybe(isText), silent: maybe(isFlag), state: maybe(isText),
};
/** The bounds that the client keeps to. */
const LIMITS = Object.fromEntries(
  ["commands_per_second", "command_burst", "frame_bytes", "content_bytes", "metadata_bytes"]
    .map((name) => [name, maybe(isNumber)]),
);
const PREFERENCES = {
  notifications: maybe(isText), notifications_until: maybe(isText), hidden: maybe(isFlag), archived: maybe(isFlag),
  pinned: maybe(isFlag), rank: maybe(isNumber),
};
const DRAFT = {
  room_id: isText, thread_id: maybe(isText), content: isText, metadata: maybe(isObject), updated_at: isText,
};
const THREAD_STATE = {
  room_id: isText, thread_id: isText, following: isFlag, read_seq: isSeq, unread: isNumber, mentions: isNumber,
};
const SAVED = {
  message_id: isText, room_id: isText, saved: isFlag, note: maybe(isText), saved_at: maybe(isText),
  remind_at: maybe(isText), reminded_at: maybe(isText), updated_at: isText,
};
const SCHEDULED = {
  scheduled_id: isText, room_id: isText, content: isText, reply_to: maybe(isText), thread_id: maybe(isText), metadata: maybe(isObject),
  attachments: maybe(listOf({ attachment_id: isText, name: isText })), send_at: isText, created_at: isText, updated_at: isText, failed: maybe({ code: isText, message: isText }),
};
const REMINDER = { room_id: isText, message_id: isText, note: maybe(isText), remind_at: isText };
const ROOM = {
  room_id: isText, last_seq: isSeq, epoch: maybe(isText), title: maybe(isText), created_at: maybe(isText),
  read_seq: maybe(isSeq), delivered_seq: maybe(isSeq), unread: maybe(isNumber), mentions: maybe(isNumber), unread_from: maybe(isSeq),
  preferences: maybe(PREFERENCES), peer: maybe(USER),
  last_message: maybe({ seq: isSeq, created_at: isText }),
};
const ROOMS = { rooms: listOf(ROOM), complete: isFlag };
const POSITION = { last_seq: isSeq, epoch: maybe(isText), resync: maybe(isFlag) };
const RESUMED = { rooms: mapOf(eitherOf({ error: ERROR }, POSITION)), inbox: maybe(POSITION) };
const PRESENCE = { user_id: isText, status: isText };
const MEMBER = { room_id: isText, data: { user: USER } };
const MESSAGE_EVENT = { room_id: isText, seq: isSeq, data: MESSAGE };
const OF_ROOM = { room_id: isText };

/**
 * What each type of frame has besides its `type`.
 * @type {Map<string, Fields>}
 */
const FRAMES = new Map(Object.entries(/** @type {Record<string, Fields>} */ ({
  "ack": { id: isText, data: isObject },
  "error": { id: maybe(isText), data: ERROR },
  "auth.failed": { data: ERROR },
  "session.ready": {
    data: { user: USER, limits: maybe(LIMITS), inbox_epoch: maybe(isText), ...ROOMS },
  },
  "session.rooms": { data: ROOMS },
  "session.resumed": { data: { rooms: RESUMED.rooms } },
  "server.goaway": { data: { reason: maybe(isText), reconnect_after_ms: isNumber } },
  "message.created": MESSAGE_EVENT,
  "message.updated": MESSAGE_EVENT,
  "message.deleted": MESSAGE_EVENT,
  "message.delta": { room_id: isText, data: { message_id: isText, offset: isSeq, text: isText, metadata: maybe(isObject) } },
  "message.stop": { data: { message_id: isText, user_id: isText } },
  "room.cleared": { room_id: isText, seq: isSeq, data: maybe({ upto: maybe(isSeq) }) },
  "room.unread": {
    room_id: isText, data: { unread: isNumber, mentions: maybe(isNumber), read_seq: maybe(isSeq), unread_from: maybe(isSeq) },
  },
  "room.added": { data: { room: ROOM } },
  "room.updated": { room_id: isText, data: isObject },
  "room.preferences": { room_id: isText, data: { preferences: PREFERENCES } },
  "room.draft": { data: DRAFT },
  "thread.state": { data: THREAD_STATE },
  "message.saved": { data: SAVED },
  "message.scheduled": { data: { scheduled_id: isText, state: isText, scheduled: maybe(SCHEDULED), message_id: maybe(isText) } },
  "message.reminder": { inbox_seq: isSeq, timestamp: isText, data: REMINDER },
  "room.removed": OF_ROOM,
  "room.deleted": OF_ROOM,
  "room.members": { room_id: isText, data: { member_count: isNumber } },
  "room.presence": { data: { users: listOf(PRESENCE) } },
  "receipts": { room_id: isText, data: { receipts: listOf({ user_id: isText }) } },
  "typing": { room_id: isText, data: { user_id: isText, is_typing: isFlag } },
  "presence": { data: PRESENCE },
  "user.updated": { data: { id: isText, name: isText, avatar_url: maybe(isText) } },
  "member.joined": MEMBER,
  "member.left": MEMBER,
  "member.updated": MEMBER,
})));

/** An event of the application's: its `data` is what the application gave. */
const PUBLISHED = { room_id: maybe(isText), seq: maybe(isSeq), inbox_seq: maybe(isSeq) };

/**
 * What the answers have that the client itself goes by.
 * @type {Map<string, Shape>}
 */
const ANSWERS = new Map(Object.entries(/** @type {Record<string, Shape>} */ ({
  "message.start": { message_id: isText, seq: isSeq },
  "message.append": { length: isSeq },
  "session.resume": RESUMED,
  "room.subscribe": POSITION,
  "draft.set": DRAFT,
  "message.save": SAVED,
  "message.schedule": SCHEDULED,
  "scheduled.change": SCHEDULED,
  "scheduled.send": SCHEDULED,
  "message.report": { report_id: isText },
  "user.report": { report_id: isText },
})));

/**
 * Where a value is not as it should be, e.g. `data.sender.id`; null if it is.
 * @param {any} value
 * @param {any} shape a `Shape`: what it is of is seen by what it has
 * @param {string} at
 * @returns {string | null}
 */
function flaw(value, shape, at) {
  if (typeof shape === "function") return shape(value) ? null : at;
  if (shape.maybe) return value === undefined || value === null ? null : flaw(value, shape.maybe, at);
  if (shape.eitherOf) {
    const flaws = shape.eitherOf.map((/** @type {Shape} */ each) => flaw(value, each, at));
    return flaws.includes(null) ? null : flaws.at(-1);
  }
  if (shape.listOf) return Array.isArray(value) ? firstFlaw(value.entries(), () => shape.listOf, at) : at;
  if (!isObject(value)) return at;
  if (shape.mapOf) return firstFlaw(Object.entries(value), () => shape.mapOf, at);
  return firstFlaw(Object.keys(shape).map((name) => [name, value[name]]), (name) => shape[name], at);
}

/**
 * @param {Iterable<[string | number, any]>} entries
 * @param {(name: string | number) => Shape} shapeOf
 * @param {string} at
 * @returns {string | null}
 */
function firstFlaw(entries, shapeOf, at) {
  for (const [name, value] of entries) {
    const found = flaw(value, shapeOf(name), at ? `${at}.${name}` : `${name}`);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The frame in that text; throws a `SyntaxError` that says what is wrong with it.
 * @param {string} text
 * @returns {Frame} or what the application tells, under a type of its own
 */
export function frameOf(text) {
  const frame = JSON.parse(text);
  if (!isObject(frame) || !isText(frame.type)) throw new SyntaxError("It is no frame.");
  const found = flaw(frame, FRAMES.get(frame.type) ?? PUBLISHED, "");
  if (found !== null) throw new SyntaxError(`\`${found}\` is missing in \`${frame.type}\`, or is something else.`);
  return frame;
}

/**
 * Throws such an error if that is no answer to a command of this type.
 * @param {string} type
 * @param {unknown} data
 */
export function checkAnswer(type, data) {
  const found = flaw(data, ANSWERS.get(type) ?? isObject, "data");
  if (found !== null) throw new SyntaxError(`\`${found}\` is missing in the answer to \`${type}\`, or is something else.`);
}
