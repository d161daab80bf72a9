// What was voted, kept in a file with a line for each vote: none that was answered is
// lost, whatever ends the program. An application keeps it in its database instead.
import { appendFileSync, fdatasyncSync, openSync, readFileSync } from "node:fs";

/** What is known of one poll; `version` counts its changes, so that of two the later is known. */
class Ballot {
  /** @type {Map<string, number>} the option of each user, numbered from 1 */
  votes = new Map();
  version = 0;
  isClosed = false;
  /** The room has been told how it ended. */
  isOver = false;

  counts(options) {
    const counts = options.map(() => 0);
    for (const option of this.votes.values()) counts[option - 1] += 1;
    return counts;
  }
}

export class Votes {
  #file;
  /** @type {Map<string, Ballot>} by the id of the poll's message */
  #ballots = new Map();

  constructor(path) {
    this.#file = openSync(path, "a");
    for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
      try {
        this.#apply(JSON.parse(line));
      } catch {
        // The program was ended while it wrote this, and nobody was told that it counts.
      }
    }
  }

  of(poll) {
    return this.#ballots.get(poll) ?? new Ballot();
  }

  /** Those of which the room may not have been told the last. */
  open() {
    return [...this.#ballots.keys()].filter((poll) => !this.of(poll).isOver);
  }

  /** Each user has one vote: another option replaces it, and null takes it back. */
  vote(poll, user, option) {
    const before = this.of(poll).votes.get(user) ?? null;
    if (before !== option) this.#keep({ poll, user, option });
  }

  close(poll) {
    if (!this.of(poll).isClosed) this.#keep({ poll, closed: true });
  }

  /** There is nothing to tell of it any more. */
  end(poll) {
    this.#keep({ poll, over: true });
  }

  #keep(change) {
    // The end of the line comes first: behind one that was not written to its end, too.
    appendFileSync(this.#file, `\n${JSON.stringify(change)}`);
    fdatasyncSync(this.#file);
    this.#apply(change);
  }

  #apply({ poll, user, option, closed, over }) {
    const ballot = this.of(poll);
    this.#ballots.set(poll, ballot);
    if (over) ballot.isOver = true;
    else ballot.version += 1;
    if (closed) ballot.isClosed = true;
    if (option === null) ballot.votes.delete(user);
    if (Number.isInteger(option)) ballot.votes.set(user, option);
  }
}
