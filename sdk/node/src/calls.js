// All calls of REST. Made by `sdk/generate` from the description of REST: do not edit.
import { Core } from "./core.js";

/** @typedef {import("./core.js").Options} Options */

/** The calls of REST by the names that they have in its description. */
export class Calls extends Core {
  /**
   * Acknowledge inbox events. Says that the user's clients have all events up to a
   * position.
   *
   * @param {import("../types/api.js").AckInboxRequest} body
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  ackInbox(body, options) {
    return this.call({ method: "PUT", path: "/inbox", body, repeatable: true, answer: "nothing" }, options);
  }

  /**
   * Add a member, or join. Adds a member, for moderators; or joins an open room, where the
   * user is the one who asks. 201 if they are new.
   *
   * @param {string} room
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Member>}
   */
  addMember(room, user, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/members/{user}",
      places: { room, user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Add a reaction. Adds an emoji, or a short text in its place. 200 if the user has
   * reacted with it already.
   *
   * @param {string} message
   * @param {string} emoji
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  addReaction(message, emoji, options) {
    return this.call({
      method: "PUT",
      path: "/messages/{message}/reactions/{emoji}",
      places: { message, emoji },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Ban a user from a room. Removes a user and keeps them out: for some seconds, until a
   * time, or for good. For moderators.
   *
   * @param {string} room
   * @param {string} user
   * @param {import("../types/api.js").BanFromRoomRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  banFromRoom(room, user, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/bans/{user}",
      places: { room, user },
      body,
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Ban a user (admin). Ends the connections of a user and refuses their tokens: for some
   * seconds, until a time, or for good. For administrators.
   *
   * @param {string} user
   * @param {import("../types/api.js").BanUserRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  banUser(user, body, options) {
    return this.call({
      method: "PUT",
      path: "/users/{user}/ban",
      places: { user },
      body,
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Block a user. Blocks a user: neither writes in their direct room any longer.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  blockUser(user, options) {
    return this.call({
      method: "PUT",
      path: "/blocks/{user}",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Cancel what is to be sent later. It is not sent, and gone with its files.
   *
   * @param {string} scheduled
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  cancelScheduled(scheduled, options) {
    return this.call({
      method: "DELETE",
      path: "/scheduled/{scheduled}",
      places: { scheduled },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Add and remove many members. Adds some members and removes others, up to 1,000 at once
   * and in one transaction. The answer says for each what came of it: one who is refused
   * keeps nobody else from coming. For moderators and services.
   *
   * @param {string} room
   * @param {import("../types/api.js").ChangeMembersRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").MembersChanged>}
   */
  changeMembers(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/members",
      places: { room },
      body,
      answer: "json",
    }, options);
  }

  /**
   * Change what is to be sent later. Changes what is named and leaves the rest; `null`
   * removes the metadata. What was refused is tried again: at its time, or at once where
   * that is over.
   *
   * @param {string} scheduled
   * @param {import("../types/api.js").ChangeScheduledRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Scheduled>}
   */
  changeScheduled(scheduled, body, options) {
    return this.call({
      method: "PATCH",
      path: "/scheduled/{scheduled}",
      places: { scheduled },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Delete all messages. Deletes all messages of the room; the room stays. For the owner.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  clearRoom(room, options) {
    return this.call({
      method: "DELETE",
      path: "/rooms/{room}/messages",
      places: { room },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Number of open connections (admin). How many connections are open on the node that is
   * asked. For administrators.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ConnectionCount>}
   */
  countConnections(options) {
    return this.call({ method: "GET", path: "/connections/count", repeatable: true, answer: "json" }, options);
  }

  /**
   * Number of messages. How many messages the room has, without those that were deleted.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").MessageCount>}
   */
  countMessages(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/messages/count",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Number of open connections (admin). How many connections hear the room, on the node
   * that is asked. For administrators.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ConnectionCount>}
   */
  countRoomConnections(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/connections/count",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Number of open connections (admin). How many connections a user has to the node that is
   * asked. For administrators.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ConnectionCount>}
   */
  countUserConnections(user, options) {
    return this.call({
      method: "GET",
      path: "/users/{user}/connections/count",
      places: { user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Create an API key (admin). Makes a key for a backend. The answer is the only one that
   * has the key itself. For administrators.
   *
   * @param {import("../types/api.js").CreateApiKeyRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ApiKey>}
   */
  createApiKey(body, options) {
    return this.call({ method: "POST", path: "/api-keys", body, answer: "json" }, options);
  }

  /**
   * Create a room. Creates a room, owned by the user. Without a `room_id` the server makes
   * one; an id that is taken is refused with 409.
   *
   * @param {import("../types/api.js").CreateRoomRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  createRoom(body, options) {
    return this.call({ method: "POST", path: "/rooms", body, answer: "json" }, options);
  }

  /**
   * Deactivate a user (users). The user cannot come any more, and their connections end.
   * Memberships and messages stay. For the scope `users`.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deactivateUser(user, options) {
    return this.call({
      method: "POST",
      path: "/users/{user}/deactivate",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Decide a report. `dismiss` does nothing; `delete` deletes the message; `mute` mutes its
   * author in the room for some time; `ban` removes them from the room and keeps them out,
   * or with `everywhere`, for administrators and programs with the scope `moderation`, from
   * the whole server. It is carried out with the rights of who decides, and refused where
   * these do not suffice; then the report stays. The application hears of it
   * (`report.decided`).
   *
   * @param {string} report
   * @param {import("../types/api.js").DecideReportRequest} body
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  decideReport(report, body, options) {
    return this.call({
      method: "POST",
      path: "/reports/{report}/decide",
      places: { report },
      body,
      answer: "nothing",
    }, options);
  }

  /**
   * Delete an unsent upload. Deletes a file of the user's own that no message has.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deleteAttachment(id, options) {
    return this.call({
      method: "DELETE",
      path: "/attachments/{id}",
      places: { id },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Delete a list (moderation). Deletes a list of the deployment. For administrators, and
   * services with the scope `moderation`.
   *
   * @param {string} blocklist
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deleteBlocklist(blocklist, options) {
    return this.call({
      method: "DELETE",
      path: "/blocklists/{blocklist}",
      places: { blocklist },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Delete a dead letter (admin). Forgets one of them. For administrators.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deleteDeadLetter(id, options) {
    return this.call({
      method: "DELETE",
      path: "/webhooks/dead/{id}",
      places: { id },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Delete a message. Leaves of a message its place only: content, metadata, attachments
   * and reactions are gone. For who wrote it, and for moderators.
   *
   * @param {string} message
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  deleteMessage(message, options) {
    return this.call({
      method: "DELETE",
      path: "/messages/{message}",
      places: { message },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Delete a room. Deletes a room with its messages and files. Its members are told. For
   * the owner.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deleteRoom(room, options) {
    return this.call({
      method: "DELETE",
      path: "/rooms/{room}",
      places: { room },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Delete a list of a room. Deletes a list of a room. For moderators.
   *
   * @param {string} room
   * @param {string} blocklist
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deleteRoomBlocklist(room, blocklist, options) {
    return this.call({
      method: "DELETE",
      path: "/rooms/{room}/blocklists/{blocklist}",
      places: { room, blocklist },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Delete a user with their data (admin). Deletes a user with what is theirs, and ends
   * their connections. What they wrote is deleted step by step. For administrators.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  deleteUser(user, options) {
    return this.call({
      method: "DELETE",
      path: "/users/{user}",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Make or describe a user (users). Makes a user, before they have ever come, or describes
   * one anew: what is left out is none. 201 if they are new. For the scope `users`.
   *
   * @param {string} user
   * @param {import("../types/api.js").DescribeUserRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Profile>}
   */
  describeUser(user, body, options) {
    return this.call({
      method: "PUT",
      path: "/users/{user}",
      places: { user },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Close a room's connections (admin). Closes all connections that hear the room; clients
   * come back by themselves. For administrators.
   *
   * @param {string} room
   * @param {import("../types/api.js").DisconnectRoomRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Disconnected>}
   */
  disconnectRoom(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/disconnect",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Close a user's connections (admin). Closes all connections of a user, on all nodes. For
   * administrators.
   *
   * @param {string} user
   * @param {import("../types/api.js").DisconnectUserRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Disconnected>}
   */
  disconnectUser(user, body, options) {
    return this.call({
      method: "POST",
      path: "/users/{user}/disconnect",
      places: { user },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * The file. The bytes of the file, all or a range of them, for who may read its message.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<Uint8Array>}
   */
  downloadAttachment(id, options) {
    return this.call({
      method: "GET",
      path: "/attachments/{id}/content",
      places: { id },
      repeatable: true,
      answer: "bytes",
    }, options);
  }

  /**
   * The file that a link leads to. The bytes of the file, all or a range of them, for
   * whoever has a link that has not expired. The parameters are those of the link.
   *
   * @param {string | number} id
   * @param {import("../types/api.js").DownloadLinkedFileQuery} query
   * @param {Options} [options]
   * @returns {Promise<Uint8Array>}
   */
  downloadLinkedFile(id, query, options) {
    return this.call({
      method: "GET",
      path: "/files/{id}/content",
      places: { id },
      query,
      repeatable: true,
      answer: "bytes",
    }, options);
  }

  /**
   * The thumbnail that a link leads to. The small picture of an image, for whoever has a
   * link to it that has not expired.
   *
   * @param {string | number} id
   * @param {import("../types/api.js").DownloadLinkedThumbnailQuery} query
   * @param {Options} [options]
   * @returns {Promise<Uint8Array>}
   */
  downloadLinkedThumbnail(id, query, options) {
    return this.call({
      method: "GET",
      path: "/files/{id}/thumbnail",
      places: { id },
      query,
      repeatable: true,
      answer: "bytes",
    }, options);
  }

  /**
   * A thumbnail of the file. A small picture of an image. Answered with 404 for what has
   * none.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<Uint8Array>}
   */
  downloadThumbnail(id, options) {
    return this.call({
      method: "GET",
      path: "/attachments/{id}/thumbnail",
      places: { id },
      repeatable: true,
      answer: "bytes",
    }, options);
  }

  /**
   * Edit a message. Replaces the content. Only who wrote a message edits it.
   *
   * @param {string} message
   * @param {import("../types/api.js").EditMessageRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  editMessage(message, body, options) {
    return this.call({
      method: "PATCH",
      path: "/messages/{message}",
      places: { message },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Be told at any time again. The user is told at any time again.
   *
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  endQuiet(options) {
    return this.call({ method: "DELETE", path: "/push/quiet", repeatable: true, answer: "nothing" }, options);
  }

  /**
   * All data of a user (admin). All that is stored of a user, as one document. For
   * administrators.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Export>}
   */
  exportUser(user, options) {
    return this.call({
      method: "GET",
      path: "/users/{user}/export",
      places: { user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * End a message that did not come to its end. Like finishing it, with the state `failed`.
   *
   * @param {string} message
   * @param {import("../types/api.js").FailMessageRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  failMessage(message, body, options) {
    return this.call({
      method: "POST",
      path: "/messages/{message}/fail",
      places: { message },
      body,
      answer: "json",
    }, options);
  }

  /**
   * Finish a message that is being written. `content` is all of its text, and is needed
   * where the message is not written over this server. For its author.
   *
   * @param {string} message
   * @param {import("../types/api.js").FinishMessageRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  finishMessage(message, body, options) {
    return this.call({
      method: "POST",
      path: "/messages/{message}/finish",
      places: { message },
      body,
      answer: "json",
    }, options);
  }

  /**
   * Follow a thread. Follows a thread from here on: what is in it already counts as read.
   * Whoever writes in a thread, began it or is mentioned in it follows it by itself.
   *
   * @param {string} thread
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ThreadState>}
   */
  followThread(thread, options) {
    return this.call({
      method: "PUT",
      path: "/threads/{thread}/follow",
      places: { thread },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Freeze: only moderators write. From now on only moderators write and react. Messages
   * stay readable.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  freezeRoom(room, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/freeze",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * An attachment. What is known of a file: its name, type and size.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Attachment>}
   */
  getAttachment(id, options) {
    return this.call({
      method: "GET",
      path: "/attachments/{id}",
      places: { id },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * What is in a list (moderation). A list of the deployment with its words and patterns.
   * For administrators, and services with the scope `moderation`.
   *
   * @param {string} blocklist
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Blocklist>}
   */
  getBlocklist(blocklist, options) {
    return this.call({
      method: "GET",
      path: "/blocklists/{blocklist}",
      places: { blocklist },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * The authenticated user. Who the token belongs to, and the roles that it has.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Me>}
   */
  getMe(options) {
    return this.call({ method: "GET", path: "/me", repeatable: true, answer: "json" }, options);
  }

  /**
   * A member. One of them, with their role and whether they are muted: for who asks what a
   * user may do there.
   *
   * @param {string} room
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Member>}
   */
  getMember(room, user, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/members/{user}",
      places: { room, user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * A message. A message as it is now, with its reactions and attachments.
   *
   * @param {string} message
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Message>}
   */
  getMessage(message, options) {
    return this.call({
      method: "GET",
      path: "/messages/{message}",
      places: { message },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * How devices are told, and when not. Which services tell devices here, with the key that
   * a browser needs to subscribe, and the user's quiet time.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Push>}
   */
  getPush(options) {
    return this.call({ method: "GET", path: "/push", repeatable: true, answer: "json" }, options);
  }

  /**
   * The user's own read mark. How far the user has read the room, and what is unread.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ReadMark>}
   */
  getReadMark(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/read",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * A report, with what is around it. Who has reported it and why, and for a message what
   * is said around it. To who may not decide it, it does not exist.
   *
   * @param {string} report
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").WholeReport>}
   */
  getReport(report, options) {
    return this.call({
      method: "GET",
      path: "/reports/{report}",
      places: { report },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Retention of a room (admin). How long, and how many of, the messages of the room are
   * kept. For administrators.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Retention>}
   */
  getRetention(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/retention",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * A room. A room that the user is in, or may join. A private room does not exist for
   * others.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  getRoom(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * What is in a list of a room. A list of a room with its words and patterns. For
   * moderators.
   *
   * @param {string} room
   * @param {string} blocklist
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Blocklist>}
   */
  getRoomBlocklist(room, blocklist, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/blocklists/{blocklist}",
      places: { room, blocklist },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Presence in the room. Who of a small room is there; of a big one how many connections
   * hear it.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").RoomPresence>}
   */
  getRoomPresence(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/presence",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Metrics (admin). The metrics of the node that is asked, as JSON. For administrators.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Stats>}
   */
  getStats(options) {
    return this.call({ method: "GET", path: "/stats", repeatable: true, answer: "json" }, options);
  }

  /**
   * Unread messages. The rooms with unread messages, and how many.
   *
   * @param {import("../types/api.js").GetUnreadQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Unread>}
   */
  getUnread(query, options) {
    return this.call({ method: "GET", path: "/unread", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Unread messages: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").GetUnreadQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").ReadMark, void, undefined>}
   */
  iterUnread(query, options) {
    return this.pages((next) => this.getUnread(next, options), query, "rooms", "cursor", []);
  }

  /**
   * A user. What is known of a user, for those who share a room with them or may find them.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Profile>}
   */
  getUser(user, options) {
    return this.call({
      method: "GET",
      path: "/users/{user}",
      places: { user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Whether a user is banned (admin). Whether the user is banned, until when and why. For
   * administrators.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").UserBan>}
   */
  getUserBan(user, options) {
    return this.call({
      method: "GET",
      path: "/users/{user}/ban",
      places: { user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Presence of a user. Whether a user is there, for those who share a room with them.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Presence>}
   */
  getUserPresence(user, options) {
    return this.call({
      method: "GET",
      path: "/users/{user}/presence",
      places: { user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Import users, rooms and messages (admin). Stores lines of an import (docs/IMPORT.md)
   * while the server runs, up to 250 at once: users, rooms, members, messages, reactions
   * and read marks, with the ids and times that they have had elsewhere. What is there
   * stays as it is, so a request may be repeated, and a large file is sent bit by bit. Each
   * line that cannot be stored is told with its reason, and the others are stored. Who
   * follows a room is told of its new messages in their order; no webhook is. For
   * administrators, and for keys with the scopes `users`, `rooms` and `messages` together.
   *
   * @param {import("../types/api.js").ImportLinesRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ImportReport>}
   */
  importLines(body, options) {
    return this.call({ method: "POST", path: "/import", body, repeatable: true, answer: "json" }, options);
  }

  /**
   * A link to the file that needs no token. Gives a URL that shows the file to whoever has
   * it until `expires_at`, without a token: for `<video>`, `<audio>` and `<img>`, and for a
   * CDN, which may keep what it leads to so long. For who may have the file. Asked again
   * within a while it is the same URL. It is a path below the server's address, or begins
   * with `PARLOR_CDN_URL`.
   *
   * @param {string | number} id
   * @param {import("../types/api.js").LinkAttachmentQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").FileLink>}
   */
  linkAttachment(id, query, options) {
    return this.call({
      method: "GET",
      path: "/attachments/{id}/link",
      places: { id },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * List API keys (admin). The keys that there are, without what is secret in them. For
   * administrators.
   *
   * @param {import("../types/api.js").ListApiKeysQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ApiKeys>}
   */
  listApiKeys(query, options) {
    return this.call({ method: "GET", path: "/api-keys", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * List API keys (admin): one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListApiKeysQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").ApiKey, void, undefined>}
   */
  iterApiKeys(query, options) {
    return this.pages((next) => this.listApiKeys(next, options), query, "api_keys", "after", ["id"]);
  }

  /**
   * Audit log (admin). What administrators have done, the latest first. For administrators.
   *
   * @param {import("../types/api.js").ListAuditLogQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").AuditPage>}
   */
  listAuditLog(query, options) {
    return this.call({ method: "GET", path: "/audit", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Audit log (admin): one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListAuditLogQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Audited, void, undefined>}
   */
  iterAuditLog(query, options) {
    return this.pages((next) => this.listAuditLog(next, options), query, "entries", "before", ["id"]);
  }

  /**
   * Lists of words and patterns (moderation). The lists of the deployment, at most 20,
   * without what is in them. For administrators, and services with the scope `moderation`.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").AllBlocklists>}
   */
  listBlocklists(options) {
    return this.call({ method: "GET", path: "/blocklists", repeatable: true, answer: "json" }, options);
  }

  /**
   * List blocked users. Whom the user has blocked.
   *
   * @param {import("../types/api.js").ListBlocksQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Blocks>}
   */
  listBlocks(query, options) {
    return this.call({ method: "GET", path: "/blocks", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * List blocked users: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListBlocksQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").User, void, undefined>}
   */
  iterBlocks(query, options) {
    return this.pages((next) => this.listBlocks(next, options), query, "users", "after", ["id"]);
  }

  /**
   * Open connections (admin). The open connections of the node that is asked. For
   * administrators.
   *
   * @param {import("../types/api.js").ListConnectionsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Connections>}
   */
  listConnections(query, options) {
    return this.call({ method: "GET", path: "/connections", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Open connections (admin): one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListConnectionsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Connection, void, undefined>}
   */
  iterConnections(query, options) {
    return this.pages((next) => this.listConnections(next, options), query, "connections", "after", ["connection_id"]);
  }

  /**
   * List dead letters (admin). The deliveries that were given up. For administrators.
   *
   * @param {import("../types/api.js").ListDeadLettersQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Letters>}
   */
  listDeadLetters(query, options) {
    return this.call({ method: "GET", path: "/webhooks/dead", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * List dead letters (admin): one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListDeadLettersQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").DeadLetter, void, undefined>}
   */
  iterDeadLetters(query, options) {
    return this.pages((next) => this.listDeadLetters(next, options), query, "dead", "after", ["id"]);
  }

  /**
   * The user's devices. The devices of the user, at most 10, without what only their push
   * services know.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Devices>}
   */
  listDevices(options) {
    return this.call({ method: "GET", path: "/devices", repeatable: true, answer: "json" }, options);
  }

  /**
   * What one has begun to write. What the user has begun to write, in all of their rooms,
   * the newest first. `cursor` of one page leads to the next.
   *
   * @param {import("../types/api.js").ListDraftsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Drafts>}
   */
  listDrafts(query, options) {
    return this.call({ method: "GET", path: "/drafts", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * What one has begun to write: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListDraftsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Draft, void, undefined>}
   */
  iterDrafts(query, options) {
    return this.pages((next) => this.listDrafts(next, options), query, "drafts", "cursor", []);
  }

  /**
   * Threads that one follows. The threads that the user follows, that with the newest reply
   * first, each with what is unread of it; all of them, or with `unread` those with
   * something unread (`true`), or the others (`false`).
   *
   * @param {import("../types/api.js").ListFollowedThreadsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Threads>}
   */
  listFollowedThreads(query, options) {
    return this.call({ method: "GET", path: "/threads", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Threads that one follows: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListFollowedThreadsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").FollowedThread, void, undefined>}
   */
  iterFollowedThreads(query, options) {
    return this.pages((next) => this.listFollowedThreads(next, options), query, "threads", "cursor", []);
  }

  /**
   * Events in the inbox. The events in the user's own inbox, from a position on, with their
   * `data` as it was given.
   *
   * @param {import("../types/api.js").ListInboxQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Inbox>}
   */
  listInbox(query, options) {
    return this.call({ method: "GET", path: "/inbox", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Events in the inbox: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListInboxQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").AppEvent, void, undefined>}
   */
  iterInbox(query, options) {
    return this.pages((next) => this.listInbox(next, options), query, "events", "after", ["inbox_seq"]);
  }

  /**
   * Members. The members by id, page by page: `after` is the last id of the page before.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListMembersQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Members>}
   */
  listMembers(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/members",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Members: one after the other, from as many pages as there are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListMembersQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Member, void, undefined>}
   */
  iterMembers(room, query, options) {
    return this.pages((next) => this.listMembers(room, next, options), query, "members", "after", ["user", "id"]);
  }

  /**
   * Who has read a message. Whom the message has reached, and who of them has read it.
   *
   * @param {string} message
   * @param {import("../types/api.js").ListMessageReceiptsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ReachedPage>}
   */
  listMessageReceipts(message, query, options) {
    return this.call({
      method: "GET",
      path: "/messages/{message}/receipts",
      places: { message },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Who has read a message: one after the other, from as many pages as there are.
   *
   * @param {string} message
   * @param {import("../types/api.js").ListMessageReceiptsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Reached, void, undefined>}
   */
  iterMessageReceipts(message, query, options) {
    return this.pages((next) => this.listMessageReceipts(message, next, options), query, "receipts", "after", ["user_id"]);
  }

  /**
   * A page of history. A page of history: the newest, or those before, after or around a
   * position. The three exclude each other.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListMessagesQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").History>}
   */
  listMessages(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/messages",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * A page of history: one after the other, from as many pages as there are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListMessagesQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Message, void, undefined>}
   */
  iterMessages(room, query, options) {
    return this.pages((next) => this.listMessages(room, next, options), query, "messages", "before", ["seq"]);
  }

  /**
   * Pinned messages. The pinned messages, the last one pinned first.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListPinsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Pins>}
   */
  listPins(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/pins",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Pinned messages: one after the other, from as many pages as there are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListPinsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Message, void, undefined>}
   */
  iterPins(room, query, options) {
    return this.pages((next) => this.listPins(room, next, options), query, "messages", "cursor", []);
  }

  /**
   * Reactions to a message. The reactions to a message, each with who and when.
   *
   * @param {string} message
   * @param {import("../types/api.js").ListReactionsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Reactions>}
   */
  listReactions(message, query, options) {
    return this.call({
      method: "GET",
      path: "/messages/{message}/reactions",
      places: { message },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Reactions to a message: one after the other, from as many pages as there are.
   *
   * @param {string} message
   * @param {import("../types/api.js").ListReactionsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Reacted, void, undefined>}
   */
  iterReactions(message, query, options) {
    return this.pages((next) => this.listReactions(message, next, options), query, "reactions", "after", ["user_id"]);
  }

  /**
   * What was reported. Moderators of rooms see what was reported in those; administrators,
   * and programs with the scope `moderation`, everything. What is not decided comes in the
   * order in which it was reported; with `decided` the rest, the newest first.
   *
   * @param {import("../types/api.js").ListReportsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Reports>}
   */
  listReports(query, options) {
    return this.call({ method: "GET", path: "/reports", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * What was reported: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListReportsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Report, void, undefined>}
   */
  iterReports(query, options) {
    return this.pages((next) => this.listReports(next, options), query, "reports", "cursor", []);
  }

  /**
   * List bans. Who is banned from the room, until when and why. For moderators.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomBansQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Bans>}
   */
  listRoomBans(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/bans",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * List bans: one after the other, from as many pages as there are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomBansQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Ban, void, undefined>}
   */
  iterRoomBans(room, query, options) {
    return this.pages((next) => this.listRoomBans(room, next, options), query, "bans", "after", ["user", "id"]);
  }

  /**
   * Lists of words and patterns of a room. The lists of a room, at most 5, without what is
   * in them. For moderators.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").AllBlocklists>}
   */
  listRoomBlocklists(room, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/blocklists",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Open connections of a room (admin). The connections that hear the room, on the node
   * that is asked. For administrators.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomConnectionsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Connections>}
   */
  listRoomConnections(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/connections",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Open connections of a room (admin): one after the other, from as many pages as there
   * are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomConnectionsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Connection, void, undefined>}
   */
  iterRoomConnections(room, query, options) {
    return this.pages((next) => this.listRoomConnections(room, next, options), query, "connections", "after", ["connection_id"]);
  }

  /**
   * Events published by the application. The stored events that the application published
   * into the room, from a position on, with their `data` as it was given.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomEventsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Events>}
   */
  listRoomEvents(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/events",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Events published by the application: one after the other, from as many pages as there
   * are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomEventsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").AppEvent, void, undefined>}
   */
  iterRoomEvents(room, query, options) {
    return this.pages((next) => this.listRoomEvents(room, next, options), query, "events", "after", ["seq"]);
  }

  /**
   * Read and delivered marks of the members. How far each member has read and received, so
   * that a client can show ticks.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomReceiptsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Receipts>}
   */
  listRoomReceipts(room, query, options) {
    return this.call({
      method: "GET",
      path: "/rooms/{room}/receipts",
      places: { room },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Read and delivered marks of the members: one after the other, from as many pages as
   * there are.
   *
   * @param {string} room
   * @param {import("../types/api.js").ListRoomReceiptsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Receipt, void, undefined>}
   */
  iterRoomReceipts(room, query, options) {
    return this.pages((next) => this.listRoomReceipts(room, next, options), query, "receipts", "after", ["user_id"]);
  }

  /**
   * The user's rooms, or all rooms (rooms), with the last message of each. The rooms of the
   * user in the order of their creation, or the one that `sort` names, each with the user's
   * own marks and its last message. They are found by name, kind and custom data, and by
   * how the user has them. `cursor` of one page leads to the next.
   *
   * @param {import("../types/api.js").ListRoomsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Rooms>}
   */
  listRooms(query, options) {
    return this.call({ method: "GET", path: "/rooms", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * The user's rooms, or all rooms (rooms), with the last message of each: one after the
   * other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListRoomsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Room, void, undefined>}
   */
  iterRooms(query, options) {
    return this.pages((next) => this.listRooms(next, options), query, "rooms", "cursor", []);
  }

  /**
   * Saved messages, and reminders. The messages that the user has saved and can read, the
   * newest saved first, each as it is now. With `reminders` only those of which they are
   * still to be reminded, the soonest first. `cursor` of one page leads to the next.
   *
   * @param {import("../types/api.js").ListSavedQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").SavedMessages>}
   */
  listSaved(query, options) {
    return this.call({ method: "GET", path: "/saved", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Saved messages, and reminders: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").ListSavedQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").SavedMessage, void, undefined>}
   */
  iterSaved(query, options) {
    return this.pages((next) => this.listSaved(next, options), query, "saved", "cursor", []);
  }

  /**
   * Messages that are to be sent later. What the user has scheduled, in one room or in all,
   * the soonest first; what was refused has `failed`. `cursor` of one page leads to the
   * next.
   *
   * @param {import("../types/api.js").ListScheduledQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ScheduledMessages>}
   */
  listScheduled(query, options) {
    return this.call({ method: "GET", path: "/scheduled", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Messages that are to be sent later: one after the other, from as many pages as there
   * are.
   *
   * @param {import("../types/api.js").ListScheduledQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Scheduled, void, undefined>}
   */
  iterScheduled(query, options) {
    return this.pages((next) => this.listScheduled(next, options), query, "scheduled", "cursor", []);
  }

  /**
   * A thread. The first message of a thread and its replies in their order, and in `state`
   * what the user has read of it, if they follow it.
   *
   * @param {string} message
   * @param {import("../types/api.js").ListThreadQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ThreadPage>}
   */
  listThread(message, query, options) {
    return this.call({
      method: "GET",
      path: "/messages/{message}/thread",
      places: { message },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * A thread: one after the other, from as many pages as there are.
   *
   * @param {string} message
   * @param {import("../types/api.js").ListThreadQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Message, void, undefined>}
   */
  iterThread(message, query, options) {
    return this.pages((next) => this.listThread(message, next, options), query, "replies", "after", ["seq"]);
  }

  /**
   * Open connections of a user (admin). The connections of a user to the node that is
   * asked. For administrators.
   *
   * @param {string} user
   * @param {import("../types/api.js").ListUserConnectionsQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Connections>}
   */
  listUserConnections(user, query, options) {
    return this.call({
      method: "GET",
      path: "/users/{user}/connections",
      places: { user },
      query,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Open connections of a user (admin): one after the other, from as many pages as there
   * are.
   *
   * @param {string} user
   * @param {import("../types/api.js").ListUserConnectionsQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Connection, void, undefined>}
   */
  iterUserConnections(user, query, options) {
    return this.pages((next) => this.listUserConnections(user, next, options), query, "connections", "after", ["connection_id"]);
  }

  /**
   * Find users by name, or list all (users). Users whose names or ids have words that begin
   * as those of `query`, at most 50, where the deployment has a directory. For the scope
   * `users`, also without a query: all by id, page by page.
   *
   * @param {import("../types/api.js").ListUsersQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Users>}
   */
  listUsers(query, options) {
    return this.call({ method: "GET", path: "/users", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Find users by name, or list all (users): one after the other, from as many pages as
   * there are.
   *
   * @param {import("../types/api.js").ListUsersQuery} [query]
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Profile, void, undefined>}
   */
  iterUsers(query, options) {
    return this.pages((next) => this.listUsers(next, options), query, "users", "after", ["id"]);
  }

  /**
   * Webhooks (admin). Where events are sent to, and how much waits for each. For
   * administrators.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Targets>}
   */
  listWebhooks(options) {
    return this.call({ method: "GET", path: "/webhooks", repeatable: true, answer: "json" }, options);
  }

  /**
   * Mark everything as read. Moves the marks of all rooms of the user to their ends.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").AllMoved>}
   */
  markAllRead(options) {
    return this.call({ method: "POST", path: "/read-all", repeatable: true, answer: "json" }, options);
  }

  /**
   * Report messages as delivered. Says that the user's client has all messages up to a
   * position.
   *
   * @param {string} room
   * @param {import("../types/api.js").MarkDeliveredRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Delivered>}
   */
  markDelivered(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/delivered",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Move the read mark. Moves the mark up to a position, up to a message, or with `all` to
   * the end. It never moves back.
   *
   * @param {string} room
   * @param {import("../types/api.js").MarkReadRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ReadMark>}
   */
  markRead(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/read",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Say what one has read of a thread. Says up to where the user has read a thread that
   * they follow: up to a position (`seq`), to a reply (`message_id`), or `all` of it. It
   * never moves back. Nobody else learns of it.
   *
   * @param {string} thread
   * @param {import("../types/api.js").MarkThreadReadRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ThreadState>}
   */
  markThreadRead(thread, body, options) {
    return this.call({
      method: "PUT",
      path: "/threads/{thread}/read",
      places: { thread },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Mark the room as unread again. Counts the room as unread again, from a position, a
   * message, or the newest message that somebody else wrote. The read mark, which others
   * see, stays.
   *
   * @param {string} room
   * @param {import("../types/api.js").MarkUnreadRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ReadMark>}
   */
  markUnread(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/unread",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Open a direct room with another user. Opens the direct room of the user and another
   * one: 201 if it is new, 200 if it was there. There is one for each pair.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  openDirectRoom(user, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/direct/{user}",
      places: { user },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Open a direct room between two users (service). Opens the direct room of two users on
   * their behalf: 201 if it is new, 200 if it was there. For services.
   *
   * @param {import("../types/api.js").OpenDirectRoomBetweenRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  openDirectRoomBetween(body, options) {
    return this.call({ method: "POST", path: "/rooms/direct", body, repeatable: true, answer: "json" }, options);
  }

  /**
   * Pin a message. Pins a message to its room, for all members. For moderators, and in a
   * direct room for both.
   *
   * @param {string} message
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  pinMessage(message, options) {
    return this.call({
      method: "PUT",
      path: "/messages/{message}/pin",
      places: { message },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Publish an event to everyone (service). Publishes an event to everybody who is
   * connected. It is not stored. For services.
   *
   * @param {import("../types/api.js").PublishToEveryoneRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Published>}
   */
  publishToEveryone(body, options) {
    return this.call({
      method: "POST",
      path: "/broadcast",
      body,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Publish an event to a role context (service). Publishes an event to all users who are
   * connected with a role of this context. It is not stored. For services.
   *
   * @param {string} context
   * @param {import("../types/api.js").PublishToRoleRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Published>}
   */
  publishToRole(context, body, options) {
    return this.call({
      method: "POST",
      path: "/roles/{context}/events",
      places: { context },
      body,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Publish an event into a room (service). Publishes an event of the application's own
   * type with any JSON as its `data`. It takes a place in the room's timeline, unless it is
   * `ephemeral`. With an `Idempotency-Key` it is published once. For services.
   *
   * @param {string} room
   * @param {import("../types/api.js").PublishToRoomRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Published>}
   */
  publishToRoom(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/events",
      places: { room },
      body,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Publish an event to a user (service). Publishes an event of the application's own type
   * into the inbox of a user, with any JSON as its `data`. For services.
   *
   * @param {string} user
   * @param {import("../types/api.js").PublishToUserRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Published>}
   */
  publishToUser(user, body, options) {
    return this.call({
      method: "POST",
      path: "/users/{user}/events",
      places: { user },
      body,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Bring a deactivated user back (users). Lets a deactivated user come again. For the
   * scope `users`.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  reactivateUser(user, options) {
    return this.call({
      method: "POST",
      path: "/users/{user}/reactivate",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Register a device, to be told there. Says where a device is: a browser's subscription
   * (`web`), or a token of FCM or APNs. Registered again it replaces what was said before,
   * and an address that somebody else's device had is this one's. `push_off` if the service
   * is not set up here.
   *
   * @param {string} device
   * @param {import("../types/api.js").RegisterDeviceRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Device>}
   */
  registerDevice(device, body, options) {
    return this.call({
      method: "PUT",
      path: "/devices/{device}",
      places: { device },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Tell a device nothing more. Nothing more is told to the device, as when its user signs
   * out there.
   *
   * @param {string} device
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  removeDevice(device, options) {
    return this.call({
      method: "DELETE",
      path: "/devices/{device}",
      places: { device },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Remove a member, or leave. Removes a member, for moderators; or leaves, where the user
   * is the one who asks.
   *
   * @param {string} room
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  removeMember(room, user, options) {
    return this.call({
      method: "DELETE",
      path: "/rooms/{room}/members/{user}",
      places: { room, user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Remove a reaction. Takes the user's own reaction back.
   *
   * @param {string} message
   * @param {string} emoji
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  removeReaction(message, emoji, options) {
    return this.call({
      method: "DELETE",
      path: "/messages/{message}/reactions/{emoji}",
      places: { message, emoji },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Replay a dead letter (admin). Sends one of them once more. For administrators.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  replayDeadLetter(id, options) {
    return this.call({
      method: "POST",
      path: "/webhooks/dead/{id}/replay",
      places: { id },
      answer: "nothing",
    }, options);
  }

  /**
   * Replay all dead letters (admin). Sends all of them once more. For administrators.
   *
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Replayed>}
   */
  replayDeadLetters(options) {
    return this.call({ method: "POST", path: "/webhooks/dead/replay", answer: "json" }, options);
  }

  /**
   * Report a message to those who moderate. Those who moderate the room see it in their
   * list of reports, and the application hears of it (`report.opened`). Who wrote the
   * message does not learn of it. What was said is kept with the report until it is
   * decided, also if the message is edited or deleted meanwhile. Who reports the same
   * message again gets the same answer; at most 100 reports of one user wait to be decided.
   *
   * @param {string} message
   * @param {import("../types/api.js").ReportMessageRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Reported>}
   */
  reportMessage(message, body, options) {
    return this.call({
      method: "POST",
      path: "/messages/{message}/report",
      places: { message },
      body,
      answer: "json",
    }, options);
  }

  /**
   * Report a user to the application. Administrators, and programs of the application with
   * the scope `moderation`, see it in their list of reports, and the application hears of
   * it (`report.opened`). For those who share a room with the user.
   *
   * @param {string} user
   * @param {import("../types/api.js").ReportUserRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Reported>}
   */
  reportUser(user, body, options) {
    return this.call({
      method: "POST",
      path: "/users/{user}/report",
      places: { user },
      body,
      answer: "json",
    }, options);
  }

  /**
   * Revoke an API key (admin). Refuses a key from now on. For administrators.
   *
   * @param {string | number} id
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  revokeApiKey(id, options) {
    return this.call({
      method: "DELETE",
      path: "/api-keys/{id}",
      places: { id },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Revoke a token (admin). Refuses one token by its `jti`, and ends the connections that
   * it has opened. For administrators.
   *
   * @param {import("../types/api.js").RevokeTokenRequest} body
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  revokeToken(body, options) {
    return this.call({
      method: "POST",
      path: "/tokens/revoke",
      body,
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Revoke all tokens of a user (admin). No token of the user that was issued until now
   * works any longer. For administrators.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  revokeUserTokens(user, options) {
    return this.call({
      method: "POST",
      path: "/users/{user}/revoke",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Save a message, and be reminded of it. Saves a message for the user's own devices
   * alone, with a note, or a time at which they want to be reminded of it; saved again,
   * these are what it says now. At most 1,000 are saved.
   *
   * @param {string} message
   * @param {import("../types/api.js").SaveMessageRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Saved>}
   */
  saveMessage(message, body, options) {
    return this.call({
      method: "PUT",
      path: "/messages/{message}/saved",
      places: { message },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Have a message sent later. Has a message sent later, as the user may send it at that
   * time: 201 if it is new, 200 if it was scheduled with the same `Idempotency-Key` before.
   * At most 100 are scheduled.
   *
   * @param {string} room
   * @param {import("../types/api.js").ScheduleMessageRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Scheduled>}
   */
  scheduleMessage(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/scheduled",
      places: { room },
      body,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Search the user's rooms. Finds messages of the user's rooms by their words; the best or
   * the newest first.
   *
   * @param {import("../types/api.js").SearchMessagesQuery} query
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Results>}
   */
  searchMessages(query, options) {
    return this.call({ method: "GET", path: "/search", query, repeatable: true, answer: "json" }, options);
  }

  /**
   * Search the user's rooms: one after the other, from as many pages as there are.
   *
   * @param {import("../types/api.js").SearchMessagesQuery} query
   * @param {Options} [options]
   * @returns {AsyncGenerator<import("../types/api.js").Found, void, undefined>}
   */
  iterSearchMessages(query, options) {
    return this.pages((next) => this.searchMessages(next, options), query, "results", "cursor", []);
  }

  /**
   * Send a message. Sends a message, with any JSON object as its `metadata`. With the same
   * `client_id`, or `Idempotency-Key`, again it is stored once and the first answer is
   * given again, with 200. For the application: in a user's name (`sender_id`), as a notice
   * (`kind`), silently, and with a time of its own.
   *
   * @param {string} room
   * @param {import("../types/api.js").SendMessageRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").StoredMessage>}
   */
  sendMessage(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/messages",
      places: { room },
      body,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Send now what is to be sent later. Sends it now, within a second. What came of it is
   * told by `message.scheduled`.
   *
   * @param {string} scheduled
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Scheduled>}
   */
  sendScheduled(scheduled, options) {
    return this.call({
      method: "POST",
      path: "/scheduled/{scheduled}/send",
      places: { scheduled },
      answer: "json",
    }, options);
  }

  /**
   * Set a list of words and patterns (moderation). Sets a list as a whole, also one that is
   * new. It holds in all rooms when this is answered, on other nodes a moment later. For
   * administrators, and services with the scope `moderation`.
   *
   * @param {string} blocklist
   * @param {import("../types/api.js").SetBlocklistRequest} body
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  setBlocklist(blocklist, body, options) {
    return this.call({
      method: "PUT",
      path: "/blocklists/{blocklist}",
      places: { blocklist },
      body,
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Keep what one has begun to write. Keeps what the user has begun to write in a room or a
   * thread there, for their own devices alone; an empty content without metadata takes it
   * away. At most 500 are kept; beyond, the oldest goes.
   *
   * @param {string} room
   * @param {import("../types/api.js").SetDraftRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Draft>}
   */
  setDraft(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/draft",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Set exactly who the members are. Says exactly who the members are: others are removed,
   * and those who are there get the roles that are named. For moderators and services.
   *
   * @param {string} room
   * @param {import("../types/api.js").SetMembersRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").MembersChanged>}
   */
  setMembers(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/members",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Mute, hide, archive, pin or sort the room for oneself. Says how the user wants to have
   * the room, for their own devices alone: of what they are told, whether it is hidden
   * until somebody writes, archived, pinned, and its place in their own order.
   *
   * @param {string} room
   * @param {import("../types/api.js").SetPreferencesRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").RoomPreferences>}
   */
  setPreferences(room, body, options) {
    return this.call({
      method: "PATCH",
      path: "/rooms/{room}/preferences",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Be told nothing in a time of each day. Nothing is shown on the user's devices between
   * these times of each day, by a clock that is so many minutes ahead of UTC. At the end
   * each room with something unread is told once.
   *
   * @param {import("../types/api.js").SetQuietRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Quiet>}
   */
  setQuiet(body, options) {
    return this.call({ method: "PUT", path: "/push/quiet", body, repeatable: true, answer: "json" }, options);
  }

  /**
   * Set the retention of a room (admin). Keeps messages for so many days, or so many of
   * them; what is left out is as for all rooms. For administrators.
   *
   * @param {string} room
   * @param {import("../types/api.js").SetRetentionRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  setRetention(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/retention",
      places: { room },
      body,
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Set a list of a room. Sets a list as a whole, also one that is new. It holds in the
   * room when this is answered. The lists of a room have at most 500 words and 10 patterns
   * together. For moderators.
   *
   * @param {string} room
   * @param {string} blocklist
   * @param {import("../types/api.js").SetRoomBlocklistRequest} body
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  setRoomBlocklist(room, blocklist, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/blocklists/{blocklist}",
      places: { room, blocklist },
      body,
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Slow mode: one message in so many seconds. A member who does not moderate writes once
   * in so many seconds; 0 ends it.
   *
   * @param {string} room
   * @param {import("../types/api.js").SetSlowModeRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  setSlowMode(room, body, options) {
    return this.call({
      method: "PUT",
      path: "/rooms/{room}/slow-mode",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Ask who writes a message to stop. Their connections get the event `message.stop`; what
   * they do then is theirs to decide. For the author of the message that it answers,
   * moderators, and either one in a direct room.
   *
   * @param {string} message
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  stopMessage(message, options) {
    return this.call({
      method: "POST",
      path: "/messages/{message}/stop",
      places: { message },
      answer: "nothing",
    }, options);
  }

  /**
   * Send a message as it is written. Sends a message whose text is the body, told to the
   * readers as it comes; its end finishes the message. A body of the type
   * `application/x-ndjson` has lines with `text` or `metadata`, and `{"failed": true}` as
   * the last one of a message that did not come to its end. Repeated with the same
   * `client_id` it adds nothing, and says how the message stands. Answered early, with
   * `stopped`, when somebody has asked to stop. For the application: in a user's name
   * (`sender_id`).
   *
   * @param {string} room
   * @param {Uint8Array} content
   * @param {import("../types/api.js").StreamMessageQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Streamed>}
   */
  streamMessage(room, content, query, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/messages/stream",
      places: { room },
      query,
      body: content,
      hasKey: true,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Transfer ownership. Makes another member the owner; the owner becomes a moderator.
   *
   * @param {string} room
   * @param {import("../types/api.js").TransferRoomRequest} body
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  transferRoom(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/transfer",
      places: { room },
      body,
      answer: "nothing",
    }, options);
  }

  /**
   * What the lists would make of a text (moderation). Says what the lists of the deployment
   * would make of a text, with a `room_id` those of the room as well. Nothing is stored.
   * For administrators, and services with the scope `moderation`.
   *
   * @param {import("../types/api.js").TryBlocklistsRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Screened>}
   */
  tryBlocklists(body, options) {
    return this.call({ method: "POST", path: "/content-check", body, answer: "json" }, options);
  }

  /**
   * What a room's lists would make of a text. Says what the lists of the room would make of
   * a text, and which of them. Nothing is stored. For moderators.
   *
   * @param {string} room
   * @param {import("../types/api.js").TryRoomBlocklistsRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Screened>}
   */
  tryRoomBlocklists(room, body, options) {
    return this.call({
      method: "POST",
      path: "/rooms/{room}/content-check",
      places: { room },
      body,
      answer: "json",
    }, options);
  }

  /**
   * End a ban. Ends a ban: the user may join or be added again. For moderators.
   *
   * @param {string} room
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  unbanFromRoom(room, user, options) {
    return this.call({
      method: "DELETE",
      path: "/rooms/{room}/bans/{user}",
      places: { room, user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * End a ban (admin). Ends a ban. For administrators.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  unbanUser(user, options) {
    return this.call({
      method: "DELETE",
      path: "/users/{user}/ban",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Unblock a user. Ends that.
   *
   * @param {string} user
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  unblockUser(user, options) {
    return this.call({
      method: "DELETE",
      path: "/blocks/{user}",
      places: { user },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Do not follow a thread any more. Does not follow a thread any more, also not if one is
   * mentioned in it; writing in it follows it again.
   *
   * @param {string} thread
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").ThreadState>}
   */
  unfollowThread(thread, options) {
    return this.call({
      method: "DELETE",
      path: "/threads/{thread}/follow",
      places: { thread },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Unfreeze. Everybody may write again.
   *
   * @param {string} room
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  unfreezeRoom(room, options) {
    return this.call({
      method: "DELETE",
      path: "/rooms/{room}/freeze",
      places: { room },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Unpin a message. Unpins a message.
   *
   * @param {string} message
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Changed>}
   */
  unpinMessage(message, options) {
    return this.call({
      method: "DELETE",
      path: "/messages/{message}/pin",
      places: { message },
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Save a message no more. Takes away what the user has saved of a message, with its note
   * and reminder.
   *
   * @param {string} message
   * @param {Options} [options]
   * @returns {Promise<void>}
   */
  unsaveMessage(message, options) {
    return this.call({
      method: "DELETE",
      path: "/messages/{message}/saved",
      places: { message },
      repeatable: true,
      answer: "nothing",
    }, options);
  }

  /**
   * Change a member's role, or mute them. Changes the role of a member, or mutes them for
   * some seconds, until a time, or, with `null`, not any longer.
   *
   * @param {string} room
   * @param {string} user
   * @param {import("../types/api.js").UpdateMemberRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Member>}
   */
  updateMember(room, user, body, options) {
    return this.call({
      method: "PATCH",
      path: "/rooms/{room}/members/{user}",
      places: { room, user },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Change title, topic or custom data. Changes what is named and leaves the rest. `custom`
   * is replaced as a whole; `null` removes it. For moderators.
   *
   * @param {string} room
   * @param {import("../types/api.js").UpdateRoomRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Room>}
   */
  updateRoom(room, body, options) {
    return this.call({
      method: "PATCH",
      path: "/rooms/{room}",
      places: { room },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Change what is said of a user (users). Changes what is named and leaves the rest;
   * `null` takes it away. Those who see the user are told. For the scope `users`.
   *
   * @param {string} user
   * @param {import("../types/api.js").UpdateUserRequest} [body]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Profile>}
   */
  updateUser(user, body, options) {
    return this.call({
      method: "PATCH",
      path: "/users/{user}",
      places: { user },
      body,
      repeatable: true,
      answer: "json",
    }, options);
  }

  /**
   * Upload a file. Stores the body as a file. The id in the answer is named by the message
   * that the file is sent with; what is not sent is deleted after a while.
   *
   * @param {Uint8Array} content
   * @param {import("../types/api.js").UploadAttachmentQuery} [query]
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Attachment>}
   */
  uploadAttachment(content, query, options) {
    return this.call({ method: "POST", path: "/attachments", query, body: content, answer: "json" }, options);
  }

  /**
   * Make or change many users (users). Makes users, or changes those that are there, up to
   * 1,000 at once: what is left out stays as it is. Done again it does nothing. For the
   * scope `users`.
   *
   * @param {import("../types/api.js").UpsertUsersRequest} body
   * @param {Options} [options]
   * @returns {Promise<import("../types/api.js").Upserted>}
   */
  upsertUsers(body, options) {
    return this.call({ method: "POST", path: "/users", body, repeatable: true, answer: "json" }, options);
  }
}
