/** Where one writes: a room's, or a thread's. */

import { icon, iconButton, make, sizeText } from "./dom.js";
import { quoteText } from "./message.js";
import { openEmojis } from "./popups.js";
import { Suggestions } from "./suggestions.js";

/** Others are told again that one types after this long. */
const TYPING_MS = 2_500;
/** Files of one message; the server takes no more. */
const FILES_MAX = 10;
const HEIGHT_MAX_PX = 180;

export class Composer {
  #form; #text; #context; #files; #button; #locked; #box; #error;
  #suggestions; #on; #drafts = new Map();
  #place = null; #replying = null; #editing = null;
  #attached = []; #typedAt = 0;

  /**
   * `on` is what it calls: `send(content, {replyTo, quote, attachments})`,
   * `edit(message, content)`, `upload(file)`, `typing(isTyping)`, `people()`,
   * `lastOwn()`, `escape()`, `fail(error)`.
   */
  constructor(form, { testid, label, on }) {
    this.#form = form;
    this.#on = on;
    this.#build(testid, label);
    this.#suggestions = new Suggestions(this.#text, form.querySelector(".suggestions"), on.people);
    this.#listen();
  }

  #build(testid, label) {
    const prefix = testid ? `${testid}-` : "";
    this.#text = make("textarea", {
      name: "content", rows: 1, placeholder: label, data: { testid: `${prefix}composer` },
      aria: { label, autocomplete: "list" },
    });
    this.#button = make("button", {
      className: "primary send", title: "Send", data: { testid: `${prefix}send` }, aria: { label: "Send" },
    }, icon("send"));
    const picked = make("input", {
      type: "file", multiple: true, hidden: true, data: { testid: `${prefix}file` },
      onchange: () => { this.addFiles(picked.files); picked.value = ""; },
    });
    const clip = iconButton("clip", "Attach files", { onclick: () => picked.click() });
    const smile = iconButton("smile", "Insert an emoji", {
      onclick: () => openEmojis(smile, (emoji) => this.#insert(emoji)),
    });
    this.#context = make("div", { className: "context", hidden: true });
    this.#files = make("div", { className: "files", hidden: true });
    this.#locked = make("p", { className: "locked quiet", hidden: true, data: { testid: `${prefix}locked` } });
    this.#error = make("p", { className: "error", role: "alert" });
    this.#box = make("div", { className: "box" }, clip, picked, this.#text, smile, this.#button);
    const suggestions = make("ul", { className: "suggestions", role: "listbox", hidden: true,
      id: `${prefix}suggestions`, aria: { label: "People to mention" } });
    this.#form.replaceChildren(suggestions, this.#locked, this.#context, this.#files, this.#error, this.#box);
  }

  #listen() {
    const form = this.#form;
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.#text.oninput = () => { this.#fit(); this.#typed(); this.#suggestions.update(); };
    this.#text.onblur = () => this.#stopTyping();
    this.#text.onkeydown = (event) => this.#key(event);
    this.#text.onpaste = (event) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      this.addFiles(event.clipboardData.files);
    };
  }

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

  /** Goes to another place; what was being written there is there again. */
  open(place) {
    if (place === this.#place) return;
    this.#stopTyping();
    if (this.#place && !this.#editing) this.#drafts.set(this.#place, this.#text.value);
    this.#place = place;
    this.#replying = this.#editing = null;
    this.#attached = [];
    this.#text.value = this.#drafts.get(place) ?? "";
    this.#drafts.delete(place);
    this.#showContext();
    this.#showFiles();
    this.fail("");
    this.#fit();
  }

  /** Forgets what was written anywhere. */
  reset() {
    this.#place = null;
    this.#text.value = "";
    this.#drafts.clear();
  }

  /** Takes a text to be written on. */
  write(text) {
    this.#endContext();
    this.#text.value = text;
    this.#fit();
    this.focus();
  }

  focus() { this.#text.focus(); }
  fail(text) { this.#error.textContent = text; }

  /** Says why one may not write here; null if one may. */
  lock(why) {
    this.#locked.hidden = why === null;
    this.#locked.textContent = why ?? "";
    this.#box.hidden = why !== null;
    if (why !== null) this.#endContext();
  }

  reply(message) {
    if (this.#editing) this.#endContext();
    this.#replying = message;
    this.#showContext();
    this.focus();
  }

  edit(message) {
    this.#replying = null;
    this.#editing = message;
    this.#text.value = message.content;
    this.#showContext();
    this.#fit();
    this.focus();
  }

  #endContext() {
    if (this.#editing) this.#text.value = "";
    this.#replying = this.#editing = null;
    this.#showContext();
    this.#fit();
  }

  #showContext() {
    const message = this.#editing ?? this.#replying;
    this.#context.hidden = !message;
    this.#form.classList.toggle("editing", Boolean(this.#editing));
    if (!message) return this.#context.replaceChildren();
    const what = this.#editing ? "Editing" : `Replying to ${message.sender.name}`;
    this.#context.replaceChildren(
      make("span", { className: "grow" }, make("strong", {}, what), " ",
        make("span", { className: "quiet" }, quoteText(message))),
      iconButton("close", this.#editing ? "Stop editing" : "Do not reply", {
        onclick: () => { this.#endContext(); this.focus(); },
      }));
    return undefined;
  }

  #submit() {
    const content = this.#text.value.trim();
    const attachments = this.#attached.filter(({ done }) => done).map(({ done }) => done);
    if (this.#attached.length > attachments.length) return this.fail("A file is still on its way.");
    if (!content && attachments.length === 0) return undefined;
    const [editing, replying] = [this.#editing, this.#replying];
    try {
      if (editing) this.#on.edit(editing, content);
      else this.#on.send(content, { ...quoting(replying), ...(attachments.length > 0 && { attachments }) });
    } catch (error) {
      return this.fail(error.message);
    }
    this.#stopTyping();
    this.#attached = [];
    this.#text.value = "";
    this.fail("");
    this.#endContext();
    this.#showFiles();
    return undefined;
  }

  #insert(text) {
    this.#text.setRangeText(text, this.#text.selectionStart, this.#text.selectionEnd, "end");
    this.focus();
    this.#fit();
  }

  #fit() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, HEIGHT_MAX_PX)}px`;
  }

  #typed() {
    if (this.#editing) return;
    if (this.#text.value.trim() === "") return this.#stopTyping();
    if (Date.now() - this.#typedAt < TYPING_MS) return undefined;
    this.#typedAt = Date.now();
    this.#on.typing(true);
    return undefined;
  }

  #stopTyping() {
    if (this.#typedAt > 0 && this.#place) this.#on.typing(false);
    this.#typedAt = 0;
  }

  // Files

  addFiles(files) {
    if (this.#editing || this.#box.hidden) return;
    for (const file of [...files].slice(0, FILES_MAX - this.#attached.length)) this.#attach(file);
  }

  async #attach(file) {
    const attached = { file, done: null };
    this.#attached.push(attached);
    this.#showFiles();
    try {
      attached.done = await this.#on.upload(file);
    } catch (error) {
      this.#detach(attached);
      this.fail(`${file.name}: ${error.status === 404 ? "this server takes no files." : error.message}`);
    }
    this.#showFiles();
  }

  #detach(attached) {
    this.#attached = this.#attached.filter((other) => other !== attached);
    this.#showFiles();
  }

  #showFiles() {
    this.#files.hidden = this.#attached.length === 0;
    this.#files.replaceChildren(...this.#attached.map((attached) => make("span", {
      className: "chip file", data: { testid: "attached", state: attached.done ? "there" : "on-its-way" },
    },
    icon("file"), attached.file.name,
    make("span", { className: "quiet" }, attached.done ? sizeText(attached.file.size) : "uploading…"),
    iconButton("close", `Remove ${attached.file.name}`, { onclick: () => this.#detach(attached) }))));
  }
}

/** What goes along with an answer: which message, and how it looks until the server says. */
function quoting(message) {
  if (!message) return {};
  const { message_id: id, sender, content, created_at: at } = message;
  return { replyTo: id, quote: { message_id: id, sender, content, created_at: at } };
}

