/**
 * Commands for what one comes back to later, whose answers become part of `chat`.
 *
 * @import { Parts } from "./parts.js"
 * @import { Commands } from "./commands.js"
 * @import { SavedEntry, SavedState, ScheduledMessage } from "./types.js"
 */

import { allOf } from "./calls.js";
import { ChatCommands } from "./chat_commands.js";
import { Sharing } from "./sharing.js";

/** Extended by `Parlor`. */
export class ChatLater extends ChatCommands {
  #parts; #reading = new Sharing();
  /** Somebody lists what this user has saved. */
  #hasSaved = false;

  /** @param {Parts} parts */
  constructor(parts) {
    super(parts);
    this.#parts = parts;
    parts.listeners.on("saved", (state) => this.#fill(state));
    parts.listeners.on("signed-out", () => this.#reading.forget());
  }

  /** @type {Commands["save"]} */
  async save(messageId, how) {
    const state = await super.save(messageId, how);
    this.chat.saved.heard(state);
    this.#parts.changed();
    return state;
  }

  /** @type {Commands["saved"]} */
  async saved(which) {
    const { moment } = this.chat.saved;
    const page = await super.saved(which);
    this.#hasSaved = true;
    return { ...page, saved: this.#learn(page.saved, moment) };
  }

  /**
   * Reads all that this user has saved into `chat.saved`; who asks meanwhile shares it.
   * @returns {Promise<void>}
   */
  loadSaved() { return this.#reading.run("saved", () => this.#loadSaved()); }

  async #loadSaved() {
    const { moment } = this.chat.saved;
    this.#hasSaved = true;
    const all = await allOf(this, "/saved", ({ saved }) => this.#learn(saved, moment));
    this.chat.saved.keepOnly(new Set(all.map(({ message_id: id }) => id)), moment);
    this.#parts.changed();
  }

  /**
   * @param {SavedEntry[]} told
   * @param {number} moment at which these were asked for
   */
  #learn(told, moment) {
    const entries = told.map((entry) => ({ ...entry, message: this.chat.latest(entry.message) }));
    for (const entry of entries) this.chat.saved.learn(entry, moment);
    this.#parts.changed();
    return entries;
  }

  /** @type {Commands["schedule"]} */
  schedule(...asked) { return this.#put(super.schedule(...asked)); }
  /** @type {Commands["changeScheduled"]} */
  changeScheduled(...asked) { return this.#put(super.changeScheduled(...asked)); }
  /** @type {Commands["sendScheduled"]} */
  sendScheduled(scheduledId) { return this.#put(super.sendScheduled(scheduledId)); }

  /** @param {Promise<ScheduledMessage>} asked */
  async #put(asked) {
    const scheduled = await asked;
    this.chat.scheduled.put(scheduled);
    this.#parts.changed();
    return scheduled;
  }

  /** @type {Commands["cancelScheduled"]} */
  async cancelScheduled(scheduledId) {
    await super.cancelScheduled(scheduledId);
    this.chat.scheduled.end(scheduledId);
    this.#parts.changed();
  }

  /** @type {Commands["scheduled"]} */
  async scheduled(which) {
    const { moment } = this.chat.scheduled;
    const page = await super.scheduled(which);
    this.#learnScheduled(page.scheduled, moment);
    return page;
  }

  /**
   * Reads all that this user has scheduled into `chat.scheduled`; who asks meanwhile shares it.
   * @returns {Promise<void>}
   */
  loadScheduled() { return this.#reading.run("scheduled", () => this.#loadScheduled()); }

  async #loadScheduled() {
    const { moment } = this.chat.scheduled;
    /** @type {ScheduledMessage[]} */
    const all = await allOf(this, "/scheduled", ({ scheduled }) => scheduled);
    this.chat.scheduled.keepOnly(new Set(all.map(({ scheduled_id: id }) => id)), moment);
    this.#learnScheduled(all, moment);
  }

  /**
   * @param {ScheduledMessage[]} told
   * @param {number} moment at which these were asked for
   */
  #learnScheduled(told, moment) {
    for (const each of told) this.chat.scheduled.learn(each, moment);
    this.#parts.changed();
  }

  /**
   * A message was saved, which nobody has told of: it is asked for.
   * @param {SavedState} state
   */
  async #fill({ message_id: id, saved: isSaved }) {
    const { saved } = this.chat;
    if (!this.#hasSaved || !isSaved || saved.message(id)) return;
    const message = await this.#reading.run(`message ${id}`, () => this.message(id)).catch(() => null);
    if (!message) return;
    saved.changed(message);
    this.#parts.changed();
  }
}
