/**
 * Tells the server what this user has begun to write, and hears what their
 * other devices have.
 *
 * @import { Calls } from "./calls.js"
 * @import { Connection } from "./connection.js"
 * @import { Drafts } from "./drafts.js"
 * @import { Emit } from "./events.js"
 * @import { Draft, Limits } from "./types.js"
 */

import { allOf } from "./calls.js";
import { monotonic } from "./clock.js";
import { tooLargeFor } from "./frame.js";
import { Teller } from "./teller.js";

/** The part of what a connection may say that drafts take. */
const SHARE = 0.25;
/** Drafts that are read; the server keeps fewer. */
const READ_MAX = 1_000;

export class DraftTeller {
  #drafts; #changed;
  /** @type {Teller<Draft>} */
  #teller;
  /** @type {Promise<Draft[]> | null} the list that is being read */
  #reading = null;

  /**
   * `changed()` tells that `drafts` are not what they were, `emit` what of it was
   * set elsewhere.
   *
   * @param {{connection: Connection, drafts: Drafts, emit: Emit, changed: () => void}} parts
   */
  constructor({ connection, drafts, emit, changed }) {
    this.#drafts = drafts;
    this.#changed = changed;
    this.#teller = new Teller({
      connection, due: drafts, share: SHARE,
      ask: (draft) => {
        const refusal = tooLargeFor(connection.limits, draft);
        if (refusal) throw refusal;
        return { type: "draft.set", data: draft };
      },
    });
    drafts.onChange = (room, thread, draft) => {
      emit("draft", { room, ...(thread !== undefined && { thread }), draft });
      changed();
    };
  }

  /** @param {Draft} draft */
  set(draft) {
    const told = this.#drafts.write(draft, monotonic());
    this.#changed();
    this.#teller.tell();
    return told;
  }

  /**
   * A message is sent from there.
   * @param {{room: string, threadId?: string}} message
   */
  sending({ room, threadId }) {
    this.#drafts.hold(room, threadId);
    this.#changed();
  }

  /**
   * It is stored, or was dropped.
   * @param {{room: string, threadId?: string, content?: string}} message
   */
  sent(message) {
    this.#drafts.release(message, monotonic());
    this.#teller.tell();
  }

  /** Tells at once what waits. */
  flush() {
    this.#drafts.hurry(monotonic());
    this.#teller.tell();
  }

  /**
   * Reads all that the server has; who asks meanwhile shares it.
   *
   * @param {Calls} calls
   * @returns {Promise<Draft[]>}
   */
  read(calls) {
    this.#reading ??= this.#read(calls).finally(() => { this.#reading = null; });
    return this.#reading;
  }

  /** @param {Calls} calls */
  async #read(calls) {
    const begun = this.#drafts.beginList();
    /** @type {Draft[]} */
    const drafts = await allOf(calls, "/drafts", (page) => page.drafts, READ_MAX);
    this.#drafts.endList(begun, drafts, drafts.length < READ_MAX);
    return drafts;
  }

  /**
   * There is a connection: what was written meanwhile is told.
   * @param {Limits} limits
   */
  online(limits) { this.#teller.online(limits); }
  cut() { this.#teller.cut(); }
  /** The session is over. */
  stop() {
    this.#teller.stop();
    this.#reading = null;
  }
}
