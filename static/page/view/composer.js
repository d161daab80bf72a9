/**
 * Where one writes: a room's, or a thread's.
 *
 * @import { Message } from "../../client/types.js"
 * @import { Going } from "./attached.js"
 * @import { Begun, BegunTexts, Place } from "./begun.js"
 * @import { Told } from "./composer_parts.js"
 * @import { When } from "./times.js"
 */

import { Attached, FILES_MAX } from "./attached.js";
import { isSamePlace } from "./begun.js";
import { composerParts, contextParts, fit, listen, quoting } from "./composer_parts.js";
import { Suggestions } from "./suggestions.js";
import { Typing } from "./typing.js";
import { whyNot } from "./words.js";

export class Composer {
  #form; #text; #tick; #context; #files; #button; #locked; #box; #error;
  #suggestions; #typing; #begun; #on; #passedOver = false;
  /** @type {Place | null} */
  #place = null;
  /** @type {Message | null} */
  #replying = null;
  /** @type {Message | null} */
  #editing = null;
  /** @type {Message | null} the edit that has not been answered yet */
  #saving = null;

  /**
   * @param {HTMLFormElement} form
   * @param {{testid: string, label: string, also?: string, begun: BegunTexts, on: Told}} options
   */
  constructor(form, { testid, label, also = "", begun, on }) {
    this.#form = form;
    this.#begun = begun;
    this.#on = on;
    this.#typing = new Typing(on.typing);
    const parts = composerParts(form, testid, label, also);
    this.#text = parts.text;
    this.#tick = parts.tick;
    this.#button = parts.button;
    this.#context = parts.context;
    this.#locked = parts.locked;
    this.#error = parts.error;
    this.#box = parts.box;
    this.#files = new Attached(parts.files, { upload: on.upload, bytesMax: on.fileBytes });
    this.#suggestions = new Suggestions(parts.text, parts.suggestions, on.people);
    listen(form, parts, {
      submit: () => this.#submit(),
      wrote: () => this.#wrote(),
      left: () => {
        this.#typing.stop();
        if (this.#place && this.#passedOver) this.begunChanged(this.#place);
      },
      key: (event) => this.#key(event),
      files: (files) => this.addFiles(files),
      mayLater: () => this.#said() !== null,
      later: (when) => this.#later(when),
    });
  }

  #wrote() {
    this.fail("");
    fit(this.#text);
    this.#keep();
    if (!this.#editing) this.#typing.wrote(this.#text.value);
    this.#suggestions.update();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || this.#suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "Escape") {
      if (this.#replying || this.#editing) this.#cancel();
      else this.#on.escape();
    } else if (event.key === "ArrowUp" && this.#text.value === "" && !this.#editing) {
      const last = this.#on.lastOwn();
      if (last) {
        event.preventDefault();
        this.edit(last);
      }
    }
  }

  /**
   * Goes to another place; what was being written there is there again.
   * @param {Place} place
   */
  open(place) {
    if (isSamePlace(place, this.#place)) return;
    this.#typing.stop();
    if (this.#place) this.#begun.leave(this.#place, { text: this.#text.value, editing: this.#editing, files: this.#files.take() });
    this.#place = place;
    this.#show(this.#begun.take(place));
  }

  /** @param {Partial<Begun & {editing: Message | null, files: Going[]}>} [what] */
  #show({ text = "", replying = null, editing = null, files = [] } = {}) {
    this.#passedOver = false;
    this.#editing = editing;
    this.#tick.checked = false;
    this.#files.put(files);
    this.#showBegun({ text, replying });
    this.fail("");
  }

  /** @param {Begun} begun */
  #showBegun({ text, replying }) {
    if (this.#text.value !== text) this.#text.value = text;
    this.#replying = replying;
    this.#showContext();
    fit(this.#text);
  }

  /**
   * What was begun there is not what it was: shown, unless one is writing on here; then later.
   * @param {Place} place
   */
  begunChanged(place) {
    if (!isSamePlace(place, this.#place) || this.#editing) return;
    const begun = this.#begun.of(place);
    const isAtIt = document.activeElement === this.#text && document.hasFocus() && this.#text.value !== "";
    this.#passedOver = isAtIt && begun.text !== this.#text.value;
    if (!this.#passedOver) this.#showBegun(begun);
  }

  /** What is being written is kept; an edit is not. */
  #keep() {
    if (!this.#place || this.#editing) return;
    this.#passedOver = false;
    this.#begun.keep(this.#place, { text: this.#text.value, replying: this.#replying });
  }

  /** Forgets what was written. */
  reset() {
    this.#place = null;
    this.#show();
  }

  /**
   * Whether nothing is being written there, and it is what is shown.
   * @param {Place} place
   */
  isFreeAt(place) { return isSamePlace(place, this.#place) && !this.#editing && this.#text.value === ""; }

  /**
   * Takes a text to be written on, below what is being written.
   * @param {string} text
   * @param {boolean} [inRoom]
   */
  write(text, inRoom = false) {
    this.#endContext();
    this.#tick.checked ||= inRoom;
    this.#text.value = [this.#text.value, text].filter(Boolean).join("\n");
    fit(this.#text);
    this.#keep();
    this.focus();
  }

  focus() { this.#text.focus(); }
  /** @param {string} text */
  fail(text) { this.#error.textContent = text; }

  /**
   * Says why one may not write here; null if one may.
   * @param {string | null} why
   */
  lock(why) {
    this.#locked.hidden = why === null;
    this.#locked.textContent = why ?? "";
    this.#box.hidden = why !== null;
    if (why !== null) this.#endContext();
  }

  /** @param {Message} message */
  reply(message) {
    if (this.#editing) this.#endContext();
    this.#replying = message;
    this.#keep();
    this.#showContext();
    this.focus();
  }

  /** @param {Message} message */
  edit(message) {
    this.#typing.stop();
    this.#replying = null;
    this.#editing = message;
    this.#text.value = message.content;
    this.fail("");
    this.#showContext();
    fit(this.#text);
    this.focus();
  }

  /** Ends an answer or an edit; what was being written before an edit is there again. */
  #endContext() {
    const begun = this.#editing && this.#place && this.#begun.of(this.#place);
    this.#editing = null;
    this.#showBegun(begun ?? { text: this.#text.value, replying: null });
  }

  #cancel() {
    const isReply = !this.#editing;
    this.#endContext();
    if (isReply) this.#keep();
    this.fail("");
  }

  #showContext() {
    const message = this.#editing ?? this.#replying;
    this.#context.hidden = !message;
    this.#form.classList.toggle("editing", Boolean(this.#editing));
    this.#files.hide(Boolean(this.#editing));
    const isSaving = this.#saving !== null && this.#saving === this.#editing;
    this.#text.readOnly = this.#button.disabled = isSaving;
    const cancel = () => { this.#cancel(); this.focus(); };
    this.#context.replaceChildren(...(message ? contextParts(message, Boolean(this.#editing), cancel) : []));
  }

  /** What is to be sent; null if there is nothing, or something is in its way, which is said. */
  #said() {
    const content = this.#text.value.trim();
    const { done: attachments, obstacle } = this.#files;
    this.fail(obstacle ?? "");
    if (obstacle || (!content && attachments.length === 0)) return null;
    return { content, extras: { ...quoting(this.#replying), inRoom: this.#tick.checked || undefined, ...(attachments.length > 0 && { attachments }) } };
  }

  #submit() {
    if (this.#editing) return void this.#save(this.#editing, this.#text.value.trim());
    const said = this.#said();
    if (!said) return undefined;
    try {
      this.#on.send(said.content, said.extras);
    } catch (error) {
      return this.fail(whyNot(error));
    }
    this.#typing.stop();
    this.#show();
    return undefined;
  }

  /**
   * What was written stays until the server has it.
   * @param {When} when
   */
  async #later(when) {
    const said = this.#said();
    const place = this.#place;
    if (!said || !place) return;
    this.#typing.stop();
    await this.#on.schedule(said.content, said.extras, when);
    this.#begun.keep(place, { text: "", replying: null });
    if (isSamePlace(place, this.#place)) this.#show();
  }

  /**
   * What was written stays until the server has it.
   * @param {Message} message
   * @param {string} content
   */
  async #save(message, content) {
    if (this.#saving) return;
    if (content === message.content) return void this.#endContext();
    if (!content) return void this.fail("Write something, or cancel and delete the message.");
    const place = this.#place;
    this.#saving = message;
    this.fail("");
    this.#showContext();
    let error = null;
    try {
      await this.#on.edit(message, content);
    } catch (refusal) {
      error = refusal;
    }
    this.#saving = null;
    // Another place may be shown by now, or the edit was given up.
    const isShown = isSamePlace(place, this.#place);
    if (!isShown && place && !error) this.#begun.edited(place, message);
    if (this.#editing === message && !error) this.#endContext();
    else this.#showContext();
    if (error && isShown) this.fail(whyNot(error));
  }

  /** @param {Iterable<File> & {length: number}} files */
  addFiles(files) {
    if (this.#box.hidden || files.length === 0) return;
    if (this.#editing) return this.fail("Files cannot be added to a message that was sent.");
    const left = this.#files.add(files);
    this.fail(left === 0 ? "" : `A message takes ${FILES_MAX} files at most: ${left === 1 ? "1 was" : `${left} were`} left out.`);
    return undefined;
  }
}
