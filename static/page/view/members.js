/**
 * Who is in the room, and what one may do about them.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Member, Role, Status, User } from "../../client/types.js"
 * @import { Blocks } from "./blocks.js"
 * @import { People } from "./people.js"
 * @import { Choice } from "./popups.js"
 */

import { rules } from "../../client/parlor.js";
import { iconButton, make, markOf, presenceText, shortTime } from "./dom.js";
import { attempt, confirmed, openMenu } from "./popups.js";
import { reportUser } from "./report.js";

/** @type {Record<Role, string>} */
const ROLE_NAMES = { owner: "Owner", moderator: "Moderator", member: "Member", read_only: "Read-only" };
/** @type {[label: string, seconds: number][]} */
const MUTES = [["Mute for 10 minutes", 600], ["Mute for a day", 86_400]];
/** @type {Record<Status, number>} */
const ORDER = { online: 0, away: 1, offline: 2 };

export class MembersPanel {
  #parlor; #body; #people; #blocks; #openDirect; #list; #bans;

  /**
   * `people` are the room's; `openDirect` starts a chat.
   *
   * @param {{parlor: Parlor, body: HTMLElement, people: People, blocks: Blocks, openDirect: (user: string) => void}} parts
   */
  constructor({ parlor, body, people, blocks, openDirect }) {
    this.#parlor = parlor;
    this.#blocks = blocks;
    this.#body = body;
    this.#people = people;
    this.#openDirect = openDirect;
    this.#list = make("ul", { className: "people", data: { testid: "members" } });
    this.#bans = make("section", { hidden: true });
    this.#body.replaceChildren(this.#invitation(), this.#list, this.#bans);
    this.paint();
    this.#loadBans();
  }

  get #room() { return this.#parlor.chat.room(this.#people.room); }

  #invitation() {
    const room = this.#room;
    if (!room || room.kind === "direct" || !rules.moderates(room)) return "";
    const user = make("input", {
      name: "user", placeholder: "User id", required: true, maxLength: 64, autocapitalize: "none",
      spellcheck: false, data: { testid: "invite-user" }, aria: { label: "Id of the user to add" },
    });
    const line = make("p", { className: "error", role: "alert" });
    const form = make("form", { className: "row", onsubmit: (event) => {
      event.preventDefault();
      attempt(async () => {
        await this.#parlor.addMember(room.room_id, user.value.trim());
        user.value = "";
      }, line);
    } }, user, make("button", { data: { testid: "invite" } }, "Add"));
    return make("div", { className: "invitation" }, form, line);
  }

  paint() {
    const { chat } = this.#parlor;
    /** @type {(member: Member) => Status} */
    const status = (member) => chat.presenceOf(member.user.id)?.status ?? "offline";
    const members = [...this.#people.members.values()].sort((a, b) =>
      (ORDER[status(a)] - ORDER[status(b)]) || a.user.name.localeCompare(b.user.name));
    /** @type {HTMLElement | null | undefined} */
    const person = document.activeElement?.closest(".person");
    const focused = person?.dataset.user;
    this.#list.replaceChildren(...members.map((member) => this.#item(member, status(member))));
    if (!focused) return;
    /** @type {HTMLElement | null} */
    const again = this.#list.querySelector(`[data-user="${CSS.escape(focused)}"] button`);
    again?.focus();
  }

  /**
   * @param {Member} member
   * @param {Status} status
   */
  #item(member, status) {
    const { chat } = this.#parlor;
    const { user, role, muted_until: muted } = member;
    const isMe = user.id === chat.me;
    const more = iconButton("more", `Options for ${user.name}`, {
      onclick: () => openMenu(more, user.name, this.#choices(member)),
    });
    more.dataset.testid = "member-menu";
    const mutedUntil = muted && new Date(muted) > new Date() ? `muted until ${shortTime(new Date(muted))}` : "";
    const blocked = this.#blocks.has(user.id) ? "blocked" : "";
    const about = [`@${user.id}`, presenceText(chat.presenceOf(user.id)), mutedUntil, blocked].filter(Boolean);
    return make("li", { className: "person", data: { testid: "member", user: user.id, role, status } },
      markOf(user, status),
      make("span", { className: "body" },
        make("span", { className: "about" }, make("strong", {}, make("bdi", {}, user.name), isMe ? " (you)" : ""),
          role === "member" ? null : make("span", { className: "role" }, ROLE_NAMES[role])),
        make("span", { className: "quiet" }, about.join(" · "))),
      isMe ? null : more);
  }

  /** @param {Member} member */
  #choices({ user, role, muted_until: muted }) {
    const room = this.#room;
    if (!room) return [];
    const { room_id: id } = room;
    /** @type {(testid: string, label: string, run: () => void, isDangerous?: boolean) => Choice} */
    const item = (testid, label, run, isDangerous = false) => ({ testid, label, run, isDangerous });
    /** @type {(run: () => Promise<unknown>) => () => void} */
    const doIt = (run) => () => attempt(run);
    /** @type {(other: Role) => Choice | null} */
    const give = (other) => (role === other ? null
      : item(`make-${other}`, `Make ${ROLE_NAMES[other].toLowerCase()}`, doIt(() => this.#parlor.setRole(id, user.id, other))));
    /** @type {(Choice | null)[]} */
    const choices = [];
    if (room.kind !== "direct") choices.push(item("direct", `Message ${user.name}`, () => this.#openDirect(user.id)));
    if (rules.owns(room)) {
      choices.push(.../** @type {Role[]} */ (["moderator", "member", "read_only"]).map((other) => (role === "owner" ? null : give(other))));
      choices.push(role === "owner" ? null : item("transfer", "Transfer ownership…", () => this.#transfer(user)));
    }
    if (rules.manages(room, role)) {
      const isMuted = muted && new Date(muted) > new Date();
      /** @type {typeof MUTES} */
      const mutes = isMuted ? [["Unmute", 0]] : MUTES;
      choices.push(...mutes.map(([label, seconds]) =>
        item(seconds === 0 ? "unmute" : `mute-${seconds}`, label, doIt(() => this.#parlor.mute(id, user.id, seconds)))));
      choices.push(item("remove", "Remove from the room…", () => this.#remove(user), true));
      choices.push(item("ban", "Ban…", () => this.#ban(user), true));
    }
    choices.push(item("report-user", "Report…", () => reportUser(this.#parlor, user)));
    if (room.kind === "direct") {
      const isBlocked = this.#blocks.has(user.id);
      choices.push(isBlocked ? item("unblock", "Unblock", doIt(() => this.#blocks.set(user.id, false)))
        : item("block", "Block", doIt(() => this.#blocks.set(user.id, true)), true));
    }
    return choices;
  }

  /** @param {User} user */
  async #transfer(user) {
    if (await confirmed(`Make ${user.name} the owner of this room instead of you?`, "Transfer")) {
      await attempt(() => this.#parlor.transfer(this.#people.room, user.id));
    }
  }

  /** @param {User} user */
  async #remove(user) {
    if (!await confirmed(`Remove ${user.name} from this room?`, "Remove")) return;
    await attempt(() => this.#parlor.removeMember(this.#people.room, user.id));
  }

  /** @param {User} user */
  async #ban(user) {
    if (!await confirmed(`Remove ${user.name} from this room and keep them out until they are unbanned?`, "Ban")) return;
    await attempt(() => this.#parlor.ban(this.#people.room, user.id));
    await this.#loadBans();
  }

  async #loadBans() {
    const room = this.#room;
    if (!room || room.kind === "direct" || !rules.moderates(room)) return;
    const bans = await this.#parlor.bans(room.room_id).catch(() => []);
    this.#bans.hidden = bans.length === 0;
    this.#bans.replaceChildren(make("h3", {}, "Banned"), make("ul", { className: "people" }, ...bans.map(({ user }) =>
      make("li", { className: "person", data: { testid: "banned", user: user.id } }, markOf(user),
        make("span", { className: "body" }, make("bdi", { className: "sender" }, user.name), make("span", { className: "quiet" }, `@${user.id}`)),
        make("button", { type: "button", onclick: () => attempt(async () => {
          await this.#parlor.unban(room.room_id, user.id);
          await this.#loadBans();
        }) }, "Unban")))));
  }
}
