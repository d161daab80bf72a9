/**
 * What comes of what is written in a composer.
 *
 * @import { Extras, Unsent } from "../../client/outbox.js"
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Message } from "../../client/types.js"
 * @import { Composer } from "./composer.js"
 * @import { Told } from "./composer_parts.js"
 */

import { shortTime } from "./dom.js";
import { notify } from "./popups.js";
import { soundOf } from "./waveform.js";
import { isOfContent, whyNot } from "./words.js";

/**
 * `place` is where it is said.
 *
 * @param {Parlor} parlor
 * @param {() => {room?: string, threadId?: string}} place
 * @param {Pick<Told, "people" | "escape">} beside
 * @returns {Omit<Told, "lastOwn">}
 */
export function saying(parlor, place, beside) {
  /**
   * What is too long stays where it was written.
   * @param {string} content
   * @param {Extras} [extras]
   */
  const check = (content, extras) => {
    const refusal = parlor.refusalOf(content, extras);
    if (refusal) throw refusal;
  };
  return {
    ...beside,
    send: (content, extras) => {
      const { room, threadId } = place();
      check(content, extras);
      if (room) parlor.send(room, content, { ...extras, threadId });
    },
    schedule: async (content, extras, when) => {
      const { room = "", threadId } = place();
      check(content, extras);
      const { send_at: at } = await parlor.schedule(room, content, { send_at: when.at, send_in_seconds: when.seconds }, { ...extras, threadId });
      notify(`It will be sent: ${shortTime(new Date(at))}.`);
    },
    edit: async (message, content) => {
      check(content);
      await parlor.edit(message.message_id, content);
    },
    upload: async (file) => parlor.attach(file, file.name, await soundOf(file)),
    fileBytes: () => parlor.limits.attachment_bytes,
    typing: (isTyping) => {
      const { room } = place();
      if (room && parlor.state === "online") parlor.typing(room, isTyping).catch(() => {});
    },
  };
}

/**
 * A message was refused because of what it says: it is where it was written again, with the
 * reason, unless something else is being written there by now, or it had files. Says whether
 * it is.
 *
 * @param {Parlor} parlor
 * @param {Composer[]} composers
 * @param {Unsent} unsent
 */
export function takeBack(parlor, composers, { room, threadId: thread, clientId, content, inRoom, attachments, quote, error }) {
  const composer = composers.find((each) => each.isFreeAt({ room, thread }));
  if (!composer || attachments?.length || !isOfContent(error)) return false;
  parlor.discard(clientId);
  composer.write(content, inRoom);
  if (quote) composer.reply(/** @type {Message} */ (/** @type {unknown} */ (quote)));
  composer.fail(whyNot(error));
  return true;
}
