/**
 * All that one can ask of the server, besides sending messages. Each gives a
 * promise, and fails with a `ParlorError`. Where a command goes over the
 * socket it needs a connection; REST needs none.
 */

const segment = encodeURIComponent;
const query = (given) => {
  const named = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return named.length > 0 ? `?${new URLSearchParams(named)}` : "";
};

/** Entries of one page of a list that is read to its end. */
const PAGE = 200;

/** Extended by `Parlor`, which has `command`, `rest`, `upload` and `download`. */
export class Commands {
  // Messages

  edit(messageId, content) {
    return this.command("message.edit", { message_id: messageId, content });
  }

  delete(messageId) { return this.command("message.delete", { message_id: messageId }); }
  react(messageId, emoji) { return this.command("reaction.add", { message_id: messageId, emoji }); }
  unreact(messageId, emoji) {
    return this.command("reaction.remove", { message_id: messageId, emoji });
  }

  pin(messageId) { return this.command("message.pin", { message_id: messageId }); }
  unpin(messageId) { return this.command("message.unpin", { message_id: messageId }); }
  message(messageId) { return this.rest("GET", `/messages/${segment(messageId)}`); }

  /** A page of history, oldest first: the newest, or beside or around a `seq`. */
  history(room, { before, after, around, limit = 50 } = {}) {
    const path = `/rooms/${segment(room)}/messages`;
    return this.rest("GET", path + query({ before, after, around, limit }));
  }

  /** `{root, replies, has_more}`, the replies oldest first. */
  thread(messageId, { after, limit = 200 } = {}) {
    return this.rest("GET", `/messages/${segment(messageId)}/thread${query({ after, limit })}`);
  }

  /** A room's pinned messages, the latest pin first. */
  pins(room) { return this.#pages(`/rooms/${segment(room)}/pins`, ({ messages }) => messages); }

  /** Whom a message has reached, by user id: `[{user_id, read}]`. */
  reachedBy(messageId, page) {
    return this.#byUser(`/messages/${segment(messageId)}/receipts`, page)
      .then(({ receipts }) => receipts);
  }

  /** Who reacted how, by user id: `[{user_id, emoji, created_at}]`. */
  reactionsTo(messageId, page) {
    return this.#byUser(`/messages/${segment(messageId)}/reactions`, page)
      .then(({ reactions }) => reactions);
  }

  /** A page of a list by user id: what comes behind the user `after`. */
  #byUser(path, { after, limit } = {}) {
    return this.rest("GET", path + query({ after, limit }));
  }

  /** `{results: [{message, highlights}], …}` for the rooms this user is in. */
  search(q, { room, limit, ...others } = {}) {
    return this.rest("GET", `/search${query({ q, room_id: room, limit, ...others })}`);
  }

  // Attachments

  /** Uploads a `File` or `Blob`; its `attachment_id` goes into `send`. */
  attach(file, name = file.name ?? "file") {
    return this.upload(`/attachments${query({ name })}`, file, file.type);
  }

  /** The file itself, as a `Blob`. */
  attachment(id) { return this.download(`/attachments/${segment(id)}/content`); }
  thumbnail(id) { return this.download(`/attachments/${segment(id)}/thumbnail`); }

  // Reading

  markAllRead() { return this.rest("POST", "/read-all"); }
  receipts(room, page) {
    return this.#byUser(`/rooms/${segment(room)}/receipts`, page).then(({ receipts }) => receipts);
  }

  // Rooms

  join(room, { markRead = false } = {}) {
    return this.command("room.join", { room_id: room, ...(markRead && { mark_read: true }) });
  }

  leave(room) { return this.command("room.leave", { room_id: room }); }
  /** One's rooms, all of them; `onPage` gets each page when it has come. */
  rooms(onPage = () => {}) {
    return this.#pages("/rooms", ({ rooms }) => { onPage(rooms); return rooms; });
  }

  /** All pages of a list, one after the other. */
  async #pages(path, items) {
    const all = [];
    for (let cursor; ;) {
      const page = await this.rest("GET", `${path}${query({ cursor, limit: PAGE })}`);
      all.push(...items(page));
      if (!page.has_more) return all;
      ({ cursor } = page);
    }
  }

  room(room) { return this.rest("GET", `/rooms/${segment(room)}`); }

  /** `{room_id?, kind?, title?, topic?, custom?}` */
  createRoom(room) { return this.rest("POST", "/rooms", room); }
  /** `{title?, topic?, custom?}` */
  updateRoom(room, change) { return this.rest("PATCH", `/rooms/${segment(room)}`, change); }
  deleteRoom(room) { return this.rest("DELETE", `/rooms/${segment(room)}`); }
  clearRoom(room) { return this.rest("DELETE", `/rooms/${segment(room)}/messages`); }
  /** The one room of this user and another; made if there is none yet. */
  openDirect(user) { return this.rest("PUT", `/rooms/direct/${segment(user)}`, {}); }
  transfer(room, user) {
    return this.rest("POST", `/rooms/${segment(room)}/transfer`, { user_id: user });
  }

  // Members

  /** A page of members by id: `{members, has_more}`. */
  members(room, page) { return this.#byUser(`/rooms/${segment(room)}/members`, page); }

  addMember(room, user) { return this.rest("PUT", this.#memberPath(room, user), {}); }
  removeMember(room, user) { return this.rest("DELETE", this.#memberPath(room, user)); }
  setRole(room, user, role) { return this.rest("PATCH", this.#memberPath(room, user), { role }); }
  /** 0 seconds end a mute. */
  mute(room, user, seconds) {
    return this.rest("PATCH", this.#memberPath(room, user), { mute_seconds: seconds });
  }

  #memberPath(room, user) {
    return `/rooms/${segment(room)}/members/${segment(user)}`;
  }

  bans(room, page) {
    return this.#byUser(`/rooms/${segment(room)}/bans`, page).then(({ bans }) => bans);
  }

  /** `{until?, reason?}`; `until` is a time in RFC 3339. */
  ban(room, user, how = {}) {
    return this.rest("PUT", `/rooms/${segment(room)}/bans/${segment(user)}`, how);
  }

  unban(room, user) {
    return this.rest("DELETE", `/rooms/${segment(room)}/bans/${segment(user)}`);
  }

  // People

  /** `{status, last_seen?}` of one who shares a room with this user. */
  presenceOf(user) { return this.rest("GET", `/users/${segment(user)}/presence`); }
  /** `{member_count, users?, connections?}`; `users` in rooms that are not big. */
  presenceIn(room) { return this.rest("GET", `/rooms/${segment(room)}/presence`); }
  /** "online" or "away"; holds for this connection. */
  setPresence(status) { return this.command("presence.set", { status }); }
  typing(room, isTyping) { return this.command("typing", { room_id: room, is_typing: isTyping }); }
  blocks(page) { return this.#byUser("/blocks", page).then(({ users }) => users); }
  block(user) { return this.rest("PUT", `/blocks/${segment(user)}`); }
  unblock(user) { return this.rest("DELETE", `/blocks/${segment(user)}`); }

  // What the application tells

  /** A page of a room's events after a `seq`, oldest first: `{events, has_more}`. */
  roomEvents(room, { after, limit } = {}) {
    return this.rest("GET", `/rooms/${segment(room)}/events${query({ after, limit })}`);
  }

  /** A page of the inbox: `{events, inbox_seq, acked_seq, has_more}`. */
  inbox({ after, limit } = {}) { return this.rest("GET", `/inbox${query({ after, limit })}`); }
  /** This user has seen the inbox up to there. */
  ackInbox(inboxSeq) { return this.command("inbox.ack", { inbox_seq: inboxSeq }); }
}
