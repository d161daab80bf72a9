/**
 * What was reported in a room, for who moderates it: what is around, who has
 * reported it, and what is done about it.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Deciding, FoundReason, Report, ReportDetails, ReportedBy } from "../../client/types.js"
 * @import { Show } from "./lists.js"
 * @import { Choice } from "./popups.js"
 */

import { make, markOf, plural, shortTime } from "./dom.js";
import { empty, entry } from "./lists.js";
import { LongList } from "./long_list.js";
import { attempt, confirmed, openMenu } from "./popups.js";
import { NOTE_CHARS, REASONS } from "./report.js";

/** Reports that are listed; who has decided some sees the next. */
const LISTED = 200;
/** @type {[label: string, seconds: number][]} */
const MUTES = [["For an hour", 3_600], ["For a day", 86_400], ["For a week", 604_800]];
const DECIDED = { dismiss: "Dismissed", delete: "Message deleted", mute: "Muted", ban: "Banned" };

export class Reports {
  #parlor; #room; #show; #list; #entries; #tabs;
  #isDecided = false;
  /** @type {Report[]} */
  #reports = [];
  /** @type {{id: string, element: HTMLElement} | null} the one that is looked at */
  #open = null;

  /** @param {{parlor: Parlor, body: HTMLElement, room: string, show: Show}} parts */
  constructor({ parlor, body, room, show }) {
    this.#parlor = parlor;
    this.#room = room;
    this.#show = show;
    this.#tabs = [this.#tab("Open", false), this.#tab("Decided", true)];
    this.#list = make("div");
    body.replaceChildren(make("div", { className: "row invitation" }, ...this.#tabs), this.#list);
    /** @type {LongList<Report>} */
    this.#entries = new LongList(this.#list, "reports", { id: ({ report_id: id }) => id, item: (report) => this.#item(report) });
  }

  /**
   * @param {string} label
   * @param {boolean} isDecided
   */
  #tab(label, isDecided) {
    return make("button", {
      type: "button", data: { testid: isDecided ? "reports-decided" : "reports-open" }, onclick: () => {
        this.#isDecided = isDecided;
        this.start();
      },
    }, label);
  }

  /** Loads the list; again after a decision. */
  async start() {
    const isDecided = this.#isDecided;
    this.#tabs.forEach((tab, index) => tab.setAttribute("aria-pressed", String(Boolean(index) === isDecided)));
    await attempt(async () => {
      const { reports } = await this.#parlor.reports({ room: this.#room, decided: isDecided, limit: LISTED });
      if (!this.#list.isConnected || isDecided !== this.#isDecided) return;
      this.#reports = reports;
      this.#open = null;
      this.#paint();
    });
  }

  #paint() {
    if (this.#reports.length > 0) this.#entries.paint(this.#reports);
    else this.#list.replaceChildren(empty(this.#isDecided ? "Nothing has been decided yet." : "Nothing is reported in this room."));
  }

  /** @param {Report} report */
  #item(report) {
    const { report_id: id, user, content, message_id: message, count, reasons, reported_at: at } = report;
    const isOpen = this.#open?.id === id;
    const said = /** @type {[FoundReason, number][]} */ (Object.entries(reasons))
      .map(([reason, times]) => (times > 1 ? `${nameOf(reason)} (${times})` : nameOf(reason)));
    return make("li", { className: "entry report", data: { testid: "report", reportId: id } },
      make("button", {
        type: "button", className: "entry-button", aria: { expanded: String(isOpen) },
        onclick: () => (isOpen ? this.#close() : this.#look(report)),
      },
      markOf(user),
      make("span", { className: "body" },
        make("span", { className: "about" }, make("bdi", { className: "sender" }, user.name),
          make("time", { dateTime: at }, shortTime(new Date(at)))),
        make("span", { className: "excerpt", dir: "auto" }, message ? content || "A message without a text" : "The user was reported"),
        make("span", { className: "quiet", data: { testid: "report-reasons" } }, `${plural(count, "report")}: ${said.join(", ")}`),
        this.#outcome(report))),
      isOpen ? this.#open?.element : null);
  }

  /** @param {Report} report */
  #outcome({ decided }) {
    if (!decided) return null;
    const { decision, by, at, note } = decided;
    const who = `${DECIDED[decision] ?? decision} by ${this.#parlor.chat.nameOf(by)}, ${shortTime(new Date(at))}`;
    return make("span", { className: "quiet", data: { testid: "report-decided" } }, [who, note].filter(Boolean).join(": "));
  }

  #close() {
    this.#open = null;
    this.#paint();
  }

  /** @param {Report} report */
  async #look({ report_id: id }) {
    await attempt(async () => {
      const details = await this.#parlor.readReport(id);
      if (!this.#list.isConnected || !this.#reports.some(({ report_id: other }) => other === id)) return;
      this.#open = { id, element: this.#details(details) };
      this.#paint();
    });
  }

  /** @param {ReportDetails} details */
  #details(details) {
    const { message_id: reported, reported_by: by, messages } = details;
    const { chat } = this.#parlor;
    return make("div", { className: "report-details", data: { testid: "report-details" } },
      make("ul", {}, ...by.map((each) => reportedBy(each))),
      messages.length > 0 ? make("ul", { className: "entries" }, ...messages.map((message) => {
        const item = entry(message, chat.me, { testid: "report-message", onclick: () => this.#show(message) });
        item.classList.toggle("reported", message.message_id === reported);
        return item;
      })) : null,
      details.decided ? null : this.#decisions(details));
  }

  /** @param {Report} report */
  #decisions(report) {
    const { report_id: id, message_id: message, user } = report;
    const note = make("input", { maxLength: NOTE_CHARS, dir: "auto", placeholder: "Note (optional)", data: { testid: "decision-note" }, aria: { label: "Note" } });
    const tick = make("input", { type: "checkbox", data: { testid: "delete-too" } });
    /** @type {(how: Deciding) => Promise<unknown>} */
    const decide = (how) => attempt(async () => {
      await this.#parlor.decideReport(id, { ...how, note: note.value.trim() || undefined });
      await this.start();
    });
    /** @type {(decision: Deciding["decision"], label: string, run: () => void, isDangerous?: boolean) => HTMLElement} */
    const button = (decision, label, run, isDangerous = true) => make("button", {
      type: "button", className: isDangerous ? "danger" : "", data: { testid: `decide-${decision}` }, onclick: run,
    }, label);
    const besides = () => (tick.checked ? { delete_message: true } : {});
    const mutes = MUTES.map(([label, seconds]) => /** @type {Choice} */ ({
      testid: `decide-mute-${seconds}`, label, run: () => decide({ decision: "mute", seconds, ...besides() }),
    }));
    const mute = button("mute", "Mute…", () => openMenu(mute, `Mute ${user.name}`, mutes));
    const ban = async () => {
      if (await confirmed(`Remove ${user.name} from this room and keep them out until they are unbanned?`, "Ban")) {
        await decide({ decision: "ban", ...besides() });
      }
    };
    return make("div", { className: "decisions" }, note,
      message ? make("label", { className: "also quiet" }, tick, "With a mute or a ban, delete the message, too") : null,
      make("div", { className: "row" },
        button("dismiss", "Dismiss", () => decide({ decision: "dismiss" }), false),
        message ? button("delete", "Delete message", () => decide({ decision: "delete" })) : null,
        mute, button("ban", "Ban…", ban)));
  }
}

/** @param {FoundReason} reason */
const nameOf = (reason) => (reason === "blocklist" ? "In a list" : REASONS[reason] ?? reason);

/** @param {ReportedBy} by */
const reportedBy = ({ user, reason, note, at }) => make("li", { className: "quiet", data: { testid: "reported-by" } },
  make("bdi", {}, user.name), `, ${shortTime(new Date(at))}: ${REASONS[reason] ?? reason}`, note ? make("bdi", {}, ` – ${note}`) : null);
