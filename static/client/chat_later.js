/**
 * Commands for what one comes back to later, whose answers become part of `chat`.
 *
 * @import { Parts } from "./parts.js"
 * @import { Commands } from "./commands.js"
 * @import { SavedEntry, SavedState } from "./types.js"
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

  /**
   * A message was saved, which nobody has told of: it is asked for.
   * @param {SavedState} state
   */
  async #fill({ message_id: id, saved: isSaved }) {
    const { saved } = this.chat;
    if (!this.#hasSaved || !isSaved || saved.hasMessage(id)) return;
    const message = await this.#reading.run(`message ${id}`, () => this.message(id)).catch(() => null);
    if (!message) return;
    saved.changed(message);
    this.#parts.changed();
  }
}
