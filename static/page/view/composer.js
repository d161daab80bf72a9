/**
 * Where one writes: a room's, or a thread's.
 *
 * @import { Message } from "../../client/types.js"
 * @import { Going } from "./attached.js"
 * @import { Told } from "./composer_parts.js"
 *
 * @typedef {{text: string, replying: Message | null}} Kept what was being written before an edit
 * @typedef {Kept & {editing: Message | null, kept: Kept | null, files: Going[]}} Unfinished
 */

import { Attached, FILES_MAX } from "./attached.js";
import { composerParts, contextParts, quoting } from "./composer_parts.js";
import { iconButton } from "./dom.js";
import { openEmojis } from "./popups.js";
import { Suggestions } from "./suggestions.js";
import { Typing } from "./typing.js";
import { whyNot } from "./words.js";

const HEIGHT_MAX_PX = 180;

export class Composer {
  #form; #text; #context; #files; #button; #locked; #box; #error;
  #suggestions; #typing; #on;
  /** @type {Map<string, Unfinished>} by place */
  #drafts = new Map();
  /** @type {string | null} */
  #place = null;
  /** @type {Message | null} */
  #replying = null;
  /** @type {Message | null} */
  #editing = null;
  /** @type {Kept | null} what was being written when something else was taken to be edited */
  #kept = null;
  /** @type {Message | null} the edit that has not been answered yet */
  #saving = null;

  /**
   * @param {HTMLFormElement} form
   * @param {{testid: string, label: string, on: Told}} options
   */
  constructor(form, { testid, label, on }) {
    this.#form = form;
    this.#on = on;
    this.#typing = new Typing(on.typing);
    const parts = composerParts(form, testid, label);
    this.#text = parts.text;
    this.#button = parts.button;
    this.#context = parts.context;
    this.#locked = parts.locked;
    this.#error = parts.error;
    this.#box = parts.box;
    this.#files = new Attached(parts.files, { upload: on.upload, bytesMax: on.fileBytes });
    this.#suggestions = new Suggestions(parts.text, parts.suggestions, on.people);
    this.#listen(parts);
  }

  /** @param {ReturnType<typeof composerParts>} parts */
  #listen({ picked, clip, smile }) {
    clip.onclick = () => picked.click();
    picked.onchange = () => {
      if (picked.files) this.addFiles(picked.files);
      picked.value = "";
    };
    smile.onclick = () => openEmojis(smile, (emoji) => this.#insert(emoji));
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.#text.oninput = () => {
      this.fail("");
      this.#fit();
      if (!this.#editing) this.#typing.wrote(this.#text.value);
      this.#suggestions.update();
    };
    this.#text.onblur = () => this.#typing.stop();
    this.#text.onkeydown = (event) => this.#key(event);
    this.#text.onpaste = (event) => {
      const files = event.clipboardData?.files ?? [];
      if (files.length === 0) return;
      event.preventDefault();
      this.addFiles(files);
    };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || this.#suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "Escape") {
      if (this.#replying || this.#editing) this.#endContext();
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
   * @param {string} place
   */
  open(place) {
    if (place === this.#place) return;
    this.#typing.stop();
    if (this.#place) this.#drafts.set(this.#place, this.#draft());
    this.#place = place;
    this.#show(this.#drafts.get(place));
    this.#drafts.delete(place);
  }

  /** @returns {Unfinished} */
  #draft() {
    return {
      text: this.#text.value, replying: this.#replying, editing: this.#editing, kept: this.#kept,
      files: this.#files.take(),
    };
  }

  /** @param {Partial<Unfinished>} [draft] */
  #show({ text = "", replying = null, editing = null, kept = null, files = [] } = {}) {
    this.#text.value = text;
    this.#replying = replying;
    this.#editing = editing;
    this.#kept = kept;
    this.#files.put(files);
    this.#showContext();
    this.fail("");
    this.#fit();
  }

  /** Forgets what was written anywhere. */
  reset() {
    this.#place = null;
    this.#drafts.clear();
    this.#show();
  }

  /**
   * Takes a text to be written on, below what is being written.
   * @param {string} text
   */
  write(text) {
    this.#endContext();
    this.#text.value = [this.#text.value, text].filter(Boolean).join("\n");
    this.#fit();
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
    this.#showContext();
    this.focus();
  }

  /** @param {Message} message */
  edit(message) {
    if (!this.#editing) this.#kept = { text: this.#text.value, replying: this.#replying };
    this.#typing.stop();
    this.#replying = null;
    this.#editing = message;
    this.#text.value = message.content;
    this.fail("");
    this.#showContext();
    this.#fit();
    this.focus();
  }

  /** Ends an answer or an edit; what was being written before an edit is there again. */
  #endContext() {
    if (this.#editing) {
      this.#text.value = this.#kept?.text ?? "";
      this.#replying = this.#kept?.replying ?? null;
    } else {
      this.#replying = null;
    }
    this.#editing = this.#kept = null;
    this.#showContext();
    this.#fit();
  }

  #showContext() {
    const message = this.#editing ?? this.#replying;
    this.#context.hidden = !message;
    this.#form.classList.toggle("editing", Boolean(this.#editing));
    this.#files.hide(Boolean(this.#editing));
    const isSaving = this.#saving !== null && this.#saving === this.#editing;
    this.#text.readOnly = this.#button.disabled = isSaving;
    if (!message) return this.#context.replaceChildren();
    const what = this.#editing ? "Editing" : `Replying to ${message.sender.name}`;
    const cancel = iconButton("close", this.#editing ? "Cancel editing" : "Cancel reply", {
      onclick: () => { this.#endContext(); this.fail(""); this.focus(); },
    });
    this.#context.replaceChildren(...contextParts(what, message), cancel);
    return undefined;
  }

  #submit() {
    const content = this.#text.value.trim();
    if (this.#editing) return void this.#save(this.#editing, content);
    const attachments = this.#files.done;
    const { obstacle } = this.#files;
    if (obstacle) return this.fail(obstacle);
    if (!content && attachments.length === 0) return undefined;
    try {
      this.#on.send(content, { ...quoting(this.#replying), ...(attachments.length > 0 && { attachments }) });
    } catch (error) {
      return this.fail(whyNot(error));
    }
    this.#typing.stop();
    this.#show();
    return undefined;
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
    if (this.#place !== place) return void this.#saved(place, message, error);
    if (this.#editing === message && !error) this.#endContext();
    else this.#showContext();
    if (error) this.fail(whyNot(error));
  }

  /**
   * The same for an edit whose place is no longer shown.
   * @param {string | null} place
   * @param {Message} message
   * @param {unknown} error
   */
  #saved(place, message, error) {
    this.#showContext();
    const draft = this.#drafts.get(place ?? "");
    if (place === null || error || draft?.editing !== message) return;
    this.#drafts.set(place, { ...draft, ...draft.kept, editing: null, kept: null });
  }

  /** @param {string} text */
  #insert(text) {
    this.#text.setRangeText(text, this.#text.selectionStart, this.#text.selectionEnd, "end");
    this.focus();
    this.#fit();
  }

  #fit() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, HEIGHT_MAX_PX)}px`;
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
