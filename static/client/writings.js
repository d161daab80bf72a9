/**
 * The messages that this user is writing here.
 *
 * @import { Connection } from "./connection.js"
 * @import { Message } from "./types.js"
 * @import { Given } from "./writer.js"
 */

import { offline, signedOut } from "./error.js";
import { Writer } from "./writer.js";
import { Writing } from "./writing.js";

/** Messages that are begun and not ended: the server takes eight of a user at a time, others wait to be refused. */
const WRITINGS_MAX = 100;

export class Writings {
  #connection;
  /** @type {Set<Writer>} */
  #writers = new Set();

  /** @param {Connection} connection */
  constructor(connection) { this.#connection = connection; }

  /**
   * Throws if too many have begun.
   * @param {Given} given
   */
  begin(given) {
    if (this.#writers.size >= WRITINGS_MAX) throw offline("Too many messages are being written.");
    const writer = new Writer(given, this.#connection, () => this.#writers.delete(writer));
    this.#writers.add(writer);
    writer.go();
    return new Writing(writer);
  }

  /** There is a connection: all go on where they were. */
  goOn() { for (const writer of this.#writers) writer.goOn(); }

  /**
   * A message of this user's as it was told.
   * @param {Message} message
   */
  heard(message) {
    for (const writer of this.#writers) {
      if (writer.messageId === message.message_id || writer.clientId === message.client_id) writer.heard(message);
    }
  }

  /**
   * Somebody asks to stop.
   * @param {{message_id: string, user_id: string}} asked
   */
  stop({ message_id: id, user_id: user }) {
    for (const writer of this.#writers) if (writer.messageId === id) writer.stop(user);
  }

  /** The session is over. */
  reset() { for (const writer of [...this.#writers]) writer.giveUp(signedOut()); }
}
