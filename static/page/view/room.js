/**
 * The open room: its head, its messages, who is in it, and where one writes.
 *
 * @import { ChatState, Parlor } from "../../client/parlor.js"
 * @import { Silence } from "../../client/rules.js"
 * @import { Message, Receipt, Room, RoomEvent } from "../../client/types.js"
 * @import { Blocks } from "./blocks.js"
 * @import { Composer } from "./composer.js"
 * @import { Tools } from "./message.js"
 */

import { Marks, rules, unreadAfter } from "../../client/parlor.js";
import { byId, make, markOf, nameList, plural, presenceText, shortTime } from "./dom.js";
import { People } from "./people.js";
import { KINDS } from "./rooms.js";
import { Timeline } from "./timeline.js";
import { whyNot } from "./words.js";

/** Pages of events that are fetched for one page of messages. */
const EVENT_PAGES_MAX = 5;
/** Whom one's own message has reached is asked for in bigger rooms only when one wants to know. */
const RECEIPTS_OF = 500;

/** @type {Record<Silence | "announcement", (room: Room) => string>} */
const LOCKED = {
  stranger: () => "You are not a member of this room.",
  read_only: () => "You can only read in this room.",
  blocked: () => "You cannot write to this user.",
  deleted: () => "This user was deleted.",
  muted: (room) => `You are muted until ${shortTime(rules.mutedUntil(room) ?? new Date())}.`,
  frozen: () => "This room is frozen: only moderators can write.",
  announcement: () => "Only moderators can write in this room. You can still react.",
};

export class RoomView {
  #parlor; #composer; #blocks; #toldRead; #marks = new Marks();
  #isOver = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #unmute;
  people; timeline;

  /** @param {{parlor: Parlor, composer: Composer, blocks: Blocks, tools: Tools, room: Room}} parts */
  constructor({ parlor, composer, blocks, tools, room }) {
    this.#parlor = parlor;
    this.#composer = composer;
    this.#blocks = blocks;
    this.id = room.room_id;
    const isMarked = room.unread_from !== undefined;
    this.#toldRead = isMarked ? 0 : room.read_seq ?? 0;
    this.people = new People(parlor, this.id);
    this.timeline = new Timeline({
      tools,
      load: (where) => parlor.history(this.id, where),
      events: (after, before) => this.#events(after, before),
      seen: (seq) => this.#markRead(seq),
      waiting: () => [...parlor.failed, ...parlor.pending].filter((message) => message.room === this.id),
      newFrom: { after: isMarked || room.unread > 0 ? unreadAfter(room) : Infinity, isMarked },
    });
    composer.open({ room: this.id });
    this.paint();
  }

  get room() { return this.#parlor.chat.room(this.id); }

  end() {
    this.#isOver = true;
    clearTimeout(this.#unmute);
    this.timeline.end();
  }

  /** Loads what the room still lacks; called again after a cut. */
  async load() {
    try {
      if (!this.timeline.isLoaded) await this.timeline.start();
      const people = this.people.load().catch(() => {});
      if ((this.room?.member_count ?? 0) <= RECEIPTS_OF) {
        this.#marked(await this.#parlor.receipts(this.id));
      }
      await people;
      this.paint();
    } catch (error) {
      if (!this.#isOver) this.#composer.fail(whyNot(error));
    }
  }

  /**
   * What the application told in this room between two positions.
   * @param {number} after
   * @param {number} before
   */
  async #events(after, before) {
    /** @type {RoomEvent[]} */
    const events = [];
    try {
      for (let pages = 0, from = after; pages < EVENT_PAGES_MAX; pages += 1) {
        const page = await this.#parlor.roomEvents(this.id, { after: Math.max(0, from), limit: 200 });
        events.push(...page.events);
        from = page.events.at(-1)?.seq ?? before;
        if (!page.has_more || from >= before) break;
      }
    } catch {
      // The messages are shown without.
    }
    return events.filter(({ seq }) => seq < before);
  }

  /**
   * Who marks the room as unread while it is open sees its end all the time, and means it
   * nevertheless. So what was told is not told again: the room is read when it is opened the
   * next time, or when something comes that this view has not told of.
   *
   * @param {number} seq
   */
  #markRead(seq) {
    if (seq <= this.#toldRead || this.#parlor.state !== "online") return;
    this.#toldRead = seq;
    const { room } = this;
    // The mark is only over at the room's head, which is behind its last entry after a reaction.
    const upto = room?.unread_from === undefined ? seq : Math.max(seq, room.last_seq);
    // Told again by the next look, when there is a connection.
    this.#parlor.markRead(this.id, upto).catch(() => { this.#toldRead = 0; });
  }

  /** @param {Receipt[]} receipts */
  receipts(receipts) { this.#marked(receipts); }

  /** @param {Receipt[]} receipts */
  #marked(receipts) {
    const moved = receipts.filter((mark) => this.#marks.put(mark)).length > 0;
    if (moved && !this.#isOver) this.timeline.marked();
  }

  /**
   * How far one's own message has come: "stored", "delivered" or "read".
   * @param {Message} message
   * @returns {"stored" | "delivered" | "read"}
   */
  stateOf(message) {
    const { read, delivered } = this.#marks.furthest(this.#parlor.chat.me);
    if (read >= message.seq) return "read";
    return delivered >= message.seq ? "delivered" : "stored";
  }

  /**
   * Who has read a message and whom it has reached, as a text.
   * @param {Message} message
   */
  async readBy(message) {
    const { chat } = this.#parlor;
    const reached = await this.#parlor.reachedBy(message.message_id);
    const others = reached.filter(({ user_id: user }) => user !== message.sender.id);
    /** @type {(isRead: boolean) => string[]} */
    const names = (isRead) => others.filter(({ read }) => read === isRead)
      .map(({ user_id: user }) => (user === chat.me ? "you" : chat.nameOf(user)));
    const [read, delivered] = [names(true), names(false)];
    const texts = [
      read.length > 0 ? `Read by ${read.length > 20 ? `${read.length} people` : read.join(", ")}.` : "Nobody has read it yet.",
      delivered.length > 0 ? `Delivered to ${nameList(delivered)}.` : "",
    ];
    return texts.filter(Boolean).join(" ");
  }

  // What is shown around the messages

  paint() {
    const { room } = this;
    if (!room || this.#isOver) return;
    const { chat } = this.#parlor;
    byId("room-title").textContent = chat.titleOf(room);
    byId("room-about").textContent = this.#about(room, chat);
    const mark = room.kind === "direct" && room.peer
      ? [markOf(room.peer, chat.presenceOf(room.peer.id)?.status ?? "offline")] : [];
    byId("room-mark").replaceChildren(...mark);
    byId("blocked").hidden = room.kind !== "direct" || !this.#blocks.has(room.peer?.id);
    this.#paintTyping();
    this.#lock(room);
  }

  /**
   * @param {Room} room
   * @param {ChatState} chat
   */
  #about(room, chat) {
    if (room.kind === "direct") {
      return room.peer ? presenceText(chat.presenceOf(room.peer.id)) || `@${room.peer.id}` : "";
    }
    const online = [...this.people.members.keys()].filter((user) => chat.presenceOf(user)?.status === "online");
    const count = plural(room.member_count ?? this.people.members.size, "member");
    const about = [KINDS[room.kind], this.people.members.size > 0 ? `${count}, ${online.length} online` : count];
    const pause = room.rules?.slow_mode_seconds;
    if (pause) about.push(`slow mode: one message in ${pause} s`);
    return [...(room.topic ? [room.topic] : []), ...about].join(" · ");
  }

  #paintTyping() {
    const { chat } = this.#parlor;
    const names = chat.typists(this.id).map((user) => chat.nameOf(user));
    const line = byId("typing");
    const text = names.length === 0 ? "" : `${nameList(names)} ${names.length === 1 ? "is" : "are"} typing`;
    if (line.dataset.text === text) return;
    line.dataset.text = text;
    const dots = make("span", { className: "dots", aria: { hidden: "true" } }, make("i"), make("i"), make("i"));
    line.replaceChildren(...(text ? [dots, text] : []));
  }

  /**
   * A sentence instead of the composer for who may not write.
   * @param {Room} room
   */
  #lock(room) {
    const why = rules.whyNotWrite(room);
    this.#composer.lock(why === null ? null : LOCKED[why](room));
    clearTimeout(this.#unmute);
    const until = rules.mutedUntil(room);
    const left = until ? until.getTime() - Date.now() + 500 : 0;
    if (left > 0 && left < 2 ** 31) this.#unmute = setTimeout(() => this.paint(), left);
  }
}
