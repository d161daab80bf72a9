/** What the server tells: into what is known (`chat`), and to who listens. */

/** What Parlor says itself begins with one of these words. */
const OWN_WORDS = new Set(("ack admin attachment auth connection error history inbox member message "
  + "parlor ping pong presence reaction receipts room server session thread typing user").split(" "));

const isDefined = ([, value]) => value !== undefined && value !== null;
const withoutGaps = (object) => Object.fromEntries(Object.entries(object).filter(isDefined));

export class Heard {
  #chat; #positions; #emit; #changed; #on;

  /**
   * `emit(event, detail)` tells who listens, `changed()` that `chat` is not
   * what it was. `on` is told: `ready(data)`, `rooms(data)`, `goaway(data)`, `gone(room)`
   * when one is no longer in a room, `message(message)` when there is one.
   */
  constructor({ chat, positions, emit, changed, on }) {
    this.#chat = chat;
    this.#positions = positions;
    this.#emit = emit;
    this.#changed = changed;
    this.#on = on;
  }

  /** Any frame that is no answer. */
  frame(frame) {
    const { type, room_id: room, data } = frame;
    switch (type) {
      case "session.ready": return this.#on.ready(data);
      case "session.rooms": return this.#on.rooms(data);
      case "session.resumed": return this.#positions.resumed(data.rooms);
      case "message.created": case "message.updated": case "message.deleted": case "room.cleared":
        return this.#positions.heard(frame);
      case "receipts": return this.#emit("receipts", { room, receipts: data.receipts });
      case "server.goaway":
        this.#on.goaway(data);
        return this.#emit("goaway", data);
      default:
    }
    if (this.#ofRoom(frame) || this.#ofPeople(frame)) return this.#changed();
    return OWN_WORDS.has(type.split(".")[0]) ? undefined : this.#published(frame);
  }

  #ofRoom({ type, room_id: room, data }) {
    switch (type) {
      case "room.unread":
        this.#chat.setUnread(room, data);
        this.#emit("unread", { room, ...data });
        return true;
      case "room.added":
        this.#positions.moveTo(room, data.room.last_seq, data.room.epoch);
        this.#chat.putRoom(data.room);
        this.#emit("room-added", data.room);
        return true;
      case "room.updated":
        this.#chat.changeRoom(room, data);
        this.#emit("room-updated", { room, ...data });
        return true;
      case "room.removed": case "room.deleted":
        this.#positions.forget(room);
        this.#chat.removeRoom(room);
        this.#on.gone(room);
        this.#emit("room-removed", { room, reason: data?.reason ?? "deleted" });
        return true;
      default: return false;
    }
  }

  #ofPeople({ type, room_id: room, data }) {
    switch (type) {
      case "member.joined": case "member.left": case "member.updated":
        this.#chat.memberChanged(type, room, data);
        this.#emit("member", { type, room, ...data });
        return true;
      case "room.members":
        this.#chat.changeRoom(room, data);
        this.#emit("room-members", { room, ...data });
        return true;
      case "typing":
        this.#chat.setTyping(room, data.user_id, data.is_typing);
        this.#emit("typing", { room, user: data.user_id, isTyping: data.is_typing });
        return true;
      case "room.presence":
        for (const one of data.users) this.#chat.setPresence(one);
        for (const one of data.users) this.#emit("presence", { user: one.user_id, ...one });
        return true;
      case "presence":
        this.#chat.setPresence(data);
        this.#emit("presence", { user: data.user_id, ...data });
        return true;
      default: return false;
    }
  }

  /** An event of the application's: of a room, for this user, or for many. */
  #published(frame) {
    const { type, room_id: room, seq, inbox_seq: inboxSeq, timestamp, data } = frame;
    const event = withoutGaps({ type, room_id: room, seq, inbox_seq: inboxSeq, timestamp, data });
    if (inboxSeq !== undefined) {
      const isNew = this.#chat.putInbox(event);
      this.#positions.inboxHeard(inboxSeq);
      if (!isNew) return;
      this.#emit("inbox", event);
      this.#changed();
    } else if (seq !== undefined) {
      this.#positions.heard(frame);
    } else {
      this.#emit("event", event);
    }
  }

  /** The next event of a room's timeline: each once, in order. */
  event({ type, room_id: room, seq, timestamp, data }) {
    this.#changed();
    switch (type) {
      case "message.created":
        this.#chat.messageCreated(data, seq);
        this.#on.message(data, seq);
        return this.#emit("message", data);
      case "message.updated": case "message.deleted":
        this.#chat.messageChanged(data, seq);
        return this.#emit("message-changed", data);
      case "room.cleared":
        this.#chat.cleared(room, data?.upto ?? seq, seq);
        return this.#emit("room-cleared", { room, upto: data?.upto ?? seq });
      default:
        this.#chat.moved(room, seq);
        return this.#emit("room-event", { type, room_id: room, seq, timestamp, data });
    }
  }
}
