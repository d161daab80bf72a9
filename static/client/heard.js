/**
 * What the server tells: into what is known (`chat`), and to who listens.
 *
 * @import { Emit, Grown } from "./events.js"
 * @import { Positions } from "./positions.js"
 * @import { ChatState } from "./state.js"
 * @import { Draft, Frame, InboxEvent, Listing, Message, Placed, Presence, Published, Ready, Room, RoomEvent, StopAsked } from "./types.js"
 */

import { withoutGaps } from "./frame.js";

/** What Parlor says itself begins with one of these words. */
const OWN_WORDS = new Set(("ack admin attachment auth connection error history inbox member message "
  + "parlor ping pong presence reaction receipts room server session thread typing user").split(" "));

/**
 * @typedef {object} Told
 * @property {(data: Ready) => void} ready
 * @property {(data: Listing) => void} rooms
 * @property {(data: {reconnect_after_ms: number}) => void} goaway
 * @property {(room: Room) => boolean} added when one has come into a room; whether its
 *   events were told before
 * @property {(room: string) => void} gone when one is no longer in a room
 * @property {(message: Message, seq: number) => void} message when there is one
 * @property {(message: Message) => void} messageChanged
 * @property {(draft: Draft) => void} draft when one has begun to write something, here or elsewhere
 * @property {(asked: StopAsked) => void} stop when somebody asks this user to stop writing
 */

export class Heard {
  #chat; #positions; #emit; #changed; #on;

  /**
   * `emit(event, detail)` tells who listens, `changed()` that `chat` is not
   * what it was.
   *
   * @param {{chat: ChatState, positions: Positions, emit: Emit, changed: () => void, on: Told}} parts
   */
  constructor({ chat, positions, emit, changed, on }) {
    this.#chat = chat;
    this.#positions = positions;
    this.#emit = emit;
    this.#changed = changed;
    this.#on = on;
  }

  /**
   * Any frame that is no answer.
   *
   * @param {Frame} frame
   */
  frame(frame) {
    switch (frame.type) {
      case "session.ready": return this.#on.ready(frame.data);
      case "session.rooms": return this.#on.rooms(frame.data);
      case "session.resumed": return this.#positions.resumed(frame.data.rooms);
      case "message.created": case "message.updated": case "message.deleted": case "room.cleared":
        return this.#positions.heard(frame);
      case "message.delta": return this.#grew(this.#chat.messageGrew(frame.room_id, frame.data));
      case "room.draft": return this.#on.draft(frame.data);
      case "thread.state":
        this.#chat.threads.heard(frame.data);
        this.#emit("thread-state", frame.data);
        return this.#changed();
      case "message.saved":
        this.#chat.saved.heard(frame.data);
        this.#emit("saved", frame.data);
        return this.#changed();
      case "message.scheduled":
        this.#chat.scheduled.heard(frame.data);
        this.#emit("scheduled", frame.data);
        return this.#changed();
      case "message.reminder":
        this.#chat.saved.reminded(frame.data, frame.timestamp);
        return this.#published(frame);
      case "message.stop":
        this.#on.stop(frame.data);
        this.#emit("stop-asked", frame.data);
        return undefined;
      case "receipts":
        this.#emit("receipts", { room: frame.room_id, receipts: frame.data.receipts });
        return undefined;
      case "server.goaway":
        this.#on.goaway(frame.data);
        this.#emit("goaway", frame.data);
        return undefined;
      default:
    }
    if (this.#ofRoom(frame) || this.#ofPeople(frame)) return this.#changed();
    if (OWN_WORDS.has(frame.type.split(".")[0])) return undefined;
    return this.#published(/** @type {Published} */ (/** @type {unknown} */ (frame)));
  }

  /** @param {Frame} frame */
  #ofRoom(frame) {
    switch (frame.type) {
      case "room.unread":
        this.#chat.setUnread(frame.room_id, frame.data);
        this.#emit("unread", { room: frame.room_id, ...frame.data });
        return true;
      case "room.added": {
        const { room } = frame.data;
        // Of a room that one has watched everything is told as before.
        if (!this.#on.added(room)) this.#positions.moveTo(room.room_id, room.last_seq, room.epoch);
        this.#chat.putRoom(room);
        this.#emit("room-added", room);
        return true;
      }
      case "room.updated": case "room.preferences":
        this.#chat.changeRoom(frame.room_id, frame.data);
        this.#emit("room-updated", { room: frame.room_id, ...frame.data });
        return true;
      case "room.removed": case "room.deleted": {
        const reason = frame.data?.reason ?? "deleted";
        if (reason === "deleted") this.#chat.scheduled.forget(frame.room_id);
        this.#positions.forget(frame.room_id);
        this.#chat.removeRoom(frame.room_id);
        this.#on.gone(frame.room_id);
        this.#emit("room-removed", { room: frame.room_id, reason });
        return true;
      }
      default: return false;
    }
  }

  /** @param {Frame} frame */
  #ofPeople(frame) {
    switch (frame.type) {
      case "member.joined": case "member.left": case "member.updated":
        this.#chat.memberChanged(frame.type, frame.room_id, frame.data);
        this.#emit("member", { type: frame.type, room: frame.room_id, ...frame.data });
        return true;
      case "room.members":
        this.#chat.changeRoom(frame.room_id, frame.data);
        this.#emit("room-members", { room: frame.room_id, ...frame.data });
        return true;
      case "typing": {
        const { room_id: room, data: { user_id: user, is_typing: isTyping } } = frame;
        this.#chat.setTyping(room, user, isTyping);
        this.#emit("typing", { room, user, isTyping });
        return true;
      }
      case "room.presence":
        this.#presences(frame.data.users);
        return true;
      case "presence":
        this.#presences([frame.data]);
        return true;
      case "user.updated":
        this.#chat.userUpdated(frame.data);
        this.#emit("user", frame.data);
        return true;
      default: return false;
    }
  }

  /** @param {Presence[]} users */
  #presences(users) {
    for (const one of users) this.#chat.setPresence(one);
    for (const one of users) this.#emit("presence", { user: one.user_id, ...one });
  }

  /**
   * An event of the application's, of a room, for this user, or for many; or a reminder.
   *
   * @param {Published} frame
   */
  #published(frame) {
    const { type, room_id: room, seq, inbox_seq: inboxSeq, timestamp, data } = frame;
    const event = withoutGaps({ type, room_id: room, seq, inbox_seq: inboxSeq, timestamp, data });
    if (inboxSeq !== undefined) {
      const told = /** @type {InboxEvent} */ (event);
      const isNew = this.#chat.putInbox(told);
      this.#positions.inboxHeard(inboxSeq);
      if (!isNew) return;
      this.#emit("inbox", told);
      this.#changed();
    } else if (seq !== undefined) {
      this.#positions.heard(/** @type {RoomEvent} */ (frame));
    } else {
      this.#emit("event", event);
    }
  }

  /**
   * The next event of a room's timeline: each once, in order.
   *
   * @param {Placed} placed
   */
  event(placed) {
    this.#changed();
    const frame = /** @type {Frame} */ (placed);
    switch (frame.type) {
      case "message.created":
        this.#created(this.#chat.messageCreated(frame.data, frame.seq), frame.seq);
        return;
      case "message.updated": case "message.deleted":
        this.#messageChanged(this.#chat.messageChanged(frame.data, frame.seq));
        return;
      case "room.cleared": {
        const { room_id: room, seq, data } = frame;
        const upto = data?.upto ?? seq;
        this.#chat.cleared(room, upto, seq);
        this.#emit("room-cleared", { room, upto });
        return;
      }
      default: {
        const { type, room_id: room, seq, timestamp, data } = /** @type {RoomEvent} */ (placed);
        this.#chat.moved(room, seq);
        this.#emit("room-event", { type, room_id: room, seq, timestamp, data });
      }
    }
  }

  /**
   * @param {Message} message
   * @param {number} seq
   */
  #created(message, seq) {
    this.#on.message(message, seq);
    this.#emit("message", message);
  }

  /** @param {{message: Message, hasEnded: boolean}} changed */
  #messageChanged({ message, hasEnded }) {
    this.#on.messageChanged(message);
    this.#emit("message-changed", message);
    if (hasEnded) this.#emit("message-written", message);
  }

  /** @param {Grown | null} grown */
  #grew(grown) { if (grown) this.#emit("message-delta", grown); }
}
