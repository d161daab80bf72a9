/**
 * All that one can ask of the server, besides sending messages. Each gives a
 * promise, and fails with a `ParlorError`. Where a command goes over the
 * socket it needs a connection; REST needs none.
 *
 * @import { Page } from "./room_commands.js"
 * @import { Attachment, Changed, FileLink, InboxEvent, Message, Presence, Profile, RoomEvent, Status, ThreadEntry, ThreadState, User } from "./types.js"
 *
 * @typedef {{after?: number, limit?: number}} After a page of what comes behind that position
 * @typedef {{before?: number, after?: number, around?: number, limit?: number}} Where
 * @typedef {{messages: Message[], has_more: boolean, has_more_after?: boolean}} History
 * @typedef {{unread?: boolean, cursor?: string, limit?: number}} WhichThreads
 * @typedef {{threads: ThreadEntry[], unread_threads: number, cursor?: string, has_more: boolean}} ThreadPage
 * @typedef {{message: Message, highlights: [start: number, end: number][]}} Found
 */

import { allOf, query, segment } from "./calls.js";
import { LaterCommands } from "./later_commands.js";
import { byUser } from "./room_commands.js";

/** Extended by `Parlor`. */
export class Commands extends LaterCommands {
  // Messages

  /**
   * Changes what one has sent: its content, or also or only its metadata (null takes it away).
   *
   * @type {(messageId: string, change: string | { content?: string, metadata?: object | null }) => Promise<Changed>}
   */
  edit(messageId, change) {
    const data = typeof change === "string" ? { content: change } : change;
    return this.command("message.edit", { message_id: messageId, ...data });
  }

  /** @type {(messageId: string) => Promise<Changed>} */
  delete(messageId) { return this.command("message.delete", { message_id: messageId }); }
  /**
   * Asks the writer of a message that is being written to stop.
   *
   * @type {(messageId: string) => Promise<void>}
   */
  stop(messageId) { return this.command("message.stop", { message_id: messageId }); }
  /** @type {(messageId: string, emoji: string) => Promise<Changed>} */
  react(messageId, emoji) { return this.command("reaction.add", { message_id: messageId, emoji }); }
  /** @type {(messageId: string, emoji: string) => Promise<Changed>} */
  unreact(messageId, emoji) {
    return this.command("reaction.remove", { message_id: messageId, emoji });
  }

  /** @type {(messageId: string) => Promise<Changed>} */
  pin(messageId) { return this.command("message.pin", { message_id: messageId }); }
  /** @type {(messageId: string) => Promise<Changed>} */
  unpin(messageId) { return this.command("message.unpin", { message_id: messageId }); }
  /** @type {(messageId: string) => Promise<Message>} */
  message(messageId) { return this.rest("GET", `/messages/${segment(messageId)}`); }

  /**
   * A page of history, oldest first: the newest, or beside or around a `seq`.
   *
   * @type {(room: string, where?: Where) => Promise<History>}
   */
  history(room, { before, after, around, limit = 50 } = {}) {
    const path = `/rooms/${segment(room)}/messages`;
    return this.rest("GET", path + query({ before, after, around, limit }));
  }

  /**
   * A page of a thread, the replies oldest first.
   *
   * @type {(messageId: string, page?: After) => Promise<{root: Message, replies: Message[], has_more: boolean, state: ThreadState}>}
   */
  thread(messageId, { after, limit = 200 } = {}) {
    return this.rest("GET", `/messages/${segment(messageId)}/thread${query({ after, limit })}`);
  }

  /**
   * A page of the threads that this user follows, that with the newest reply first; with
   * `unread`, only those in which something is unread, or nothing.
   *
   * @type {(which?: WhichThreads) => Promise<ThreadPage>}
   */
  threads({ unread, cursor, limit = 50 } = {}) {
    return this.rest("GET", `/threads${query({ unread, cursor, limit })}`);
  }

  /**
   * A thread is followed by itself when one writes in it, began it, or is mentioned in it. Any
   * message of it names it.
   *
   * @type {(messageId: string) => Promise<ThreadState>}
   */
  followThread(messageId) { return this.command("thread.follow", { thread_id: messageId }); }
  /** @type {(messageId: string) => Promise<ThreadState>} */
  unfollowThread(messageId) { return this.command("thread.unfollow", { thread_id: messageId }); }
  /**
   * A thread is read up to that reply; by itself to its end.
   *
   * @type {(threadId: string, upto?: {seq?: number, message_id?: string}) => Promise<ThreadState>}
   */
  markThreadRead(threadId, upto = {}) {
    const isNamed = upto.seq !== undefined || upto.message_id !== undefined;
    return this.command("thread.read", { thread_id: threadId, ...(isNamed ? upto : { all: true }) });
  }

  /**
   * A room's pinned messages, the latest pin first.
   *
   * @type {(room: string) => Promise<Message[]>}
   */
  pins(room) { return allOf(this, `/rooms/${segment(room)}/pins`, ({ messages }) => messages); }

  /**
   * Whom a message has reached, by user id.
   *
   * @type {(messageId: string, page?: Page) => Promise<{user_id: string, read: boolean}[]>}
   */
  reachedBy(messageId, page) {
    return this.rest("GET", `/messages/${segment(messageId)}/receipts${byUser(page)}`)
      .then(({ receipts }) => receipts);
  }

  /**
   * Who reacted how, by user id.
   *
   * @type {(messageId: string, page?: Page) => Promise<{user_id: string, emoji: string, created_at: string}[]>}
   */
  reactionsTo(messageId, page) {
    return this.rest("GET", `/messages/${segment(messageId)}/reactions${byUser(page)}`)
      .then(({ reactions }) => reactions);
  }

  /**
   * Messages in the rooms that this user is in.
   *
   * @type {(q: string, options?: {room?: string, limit?: number, [other: string]: unknown}) => Promise<{results: Found[]}>}
   */
  search(q, { room, limit, ...others } = {}) {
    return this.rest("GET", `/search${query({ q, room_id: room, limit, ...others })}`);
  }

  // Attachments

  /**
   * Uploads a `File` or `Blob`; its `attachment_id` goes into `send`. Who has recorded it may
   * tell how long it plays, and how loud it is over time: up to 64 numbers from 0 to 100.
   *
   * @type {(file: Blob & {name?: string}, name?: string, sound?: {duration_ms?: number, waveform?: number[]}) => Promise<Attachment>}
   */
  attach(file, name = file.name ?? "file", { duration_ms: ms, waveform } = {}) {
    return this.upload(`/attachments${query({ name, duration_ms: ms, waveform })}`, file, file.type);
  }

  /**
   * The file itself, as a `Blob`.
   *
   * @type {(id: string) => Promise<Blob>}
   */
  attachment(id) { return this.download(`/attachments/${segment(id)}/content`); }
  /** @type {(id: string) => Promise<Blob>} */
  thumbnail(id) { return this.download(`/attachments/${segment(id)}/thumbnail`); }
  /**
   * An address at which whoever has it gets the file until `expires_at`, without a token and
   * in parts: for `<video>`, `<audio>` and `<img>`. Asked again within a while, it is the same.
   *
   * @type {(id: string, options?: {thumbnail?: boolean, download?: boolean, seconds?: number}) => Promise<FileLink>}
   */
  async fileLink(id, { thumbnail, download, seconds } = {}) {
    const wish = query({ thumbnail, download, expires_in_seconds: seconds });
    const link = await this.rest("GET", `/attachments/${segment(id)}/link${wish}`);
    return { ...link, url: this.address(link.url) };
  }

  // People

  /**
   * Of one who shares a room with this user.
   *
   * @type {(user: string) => Promise<Presence>}
   */
  presenceOf(user) { return this.rest("GET", `/users/${segment(user)}/presence`); }
  /**
   * `users` in rooms that are not big.
   *
   * @type {(room: string) => Promise<{member_count: number, users?: Presence[], connections?: number}>}
   */
  presenceIn(room) { return this.rest("GET", `/rooms/${segment(room)}/presence`); }
  /**
   * "online" or "away"; holds for this connection.
   *
   * @type {(status: Exclude<Status, "offline">) => Promise<void>}
   */
  setPresence(status) { return this.command("presence.set", { status }); }
  /** @type {(room: string, isTyping: boolean) => Promise<void>} */
  typing(room, isTyping) { return this.command("typing", { room_id: room, is_typing: isTyping }); }
  /**
   * Users by the beginnings of the words of their names and ids; where the
   * deployment has a directory, and for the application's backend.
   *
   * @type {(query: string, limit?: number) => Promise<{users: Profile[], has_more: boolean}>}
   */
  findUsers(query, limit = 20) {
    return this.rest("GET", `/users?query=${encodeURIComponent(query)}&limit=${limit}`);
  }
  /** @type {(user: string) => Promise<Profile>} */
  profileOf(user) { return this.rest("GET", `/users/${segment(user)}`); }
  /** @type {(page?: Page) => Promise<User[]>} */
  blocks(page) { return this.rest("GET", `/blocks${byUser(page)}`).then(({ users }) => users); }
  /** @type {(user: string) => Promise<void>} */
  block(user) { return this.rest("PUT", `/blocks/${segment(user)}`); }
  /** @type {(user: string) => Promise<void>} */
  unblock(user) { return this.rest("DELETE", `/blocks/${segment(user)}`); }

  // What the application tells

  /**
   * A page of a room's events after a `seq`, oldest first.
   *
   * @type {(room: string, page?: After) => Promise<{events: RoomEvent[], has_more: boolean}>}
   */
  roomEvents(room, { after, limit } = {}) {
    return this.rest("GET", `/rooms/${segment(room)}/events${query({ after, limit })}`);
  }

  /**
   * A page of the inbox, oldest first.
   *
   * @type {(page?: After) => Promise<{events: InboxEvent[], inbox_seq: number, acked_seq: number, has_more: boolean}>}
   */
  inbox({ after, limit } = {}) { return this.rest("GET", `/inbox${query({ after, limit })}`); }
  /**
   * This user has seen the inbox up to there.
   *
   * @type {(inboxSeq: number) => Promise<void>}
   */
  ackInbox(inboxSeq) { return this.command("inbox.ack", { inbox_seq: inboxSeq }); }
}
