// Polls: an application that answers the commands app.poll.… of Parlor's clients.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { command } from "../../sdk/node/src/express.js";
import { Parlor, ParlorError, answer, refuse } from "../../sdk/node/src/index.js";
import { Votes } from "./votes.mjs";

/** Who the application is in Parlor. */
const ME = "polls";
const OPTIONS_MAX = 10;
/** Milliseconds between two changes of a message, however many vote meanwhile. */
const PACE = 500;
/** And until what has failed is tried again. */
const AGAIN = 5_000;
/** What the SDK takes for a mistake in this program. */
const NO_IDS = new Set(["", ".", "..", "undefined", "null"]);

const { PARLOR_URL, JWT_SECRET, PARLOR_CALLBACK_SECRET, PORT = "8081", VOTES = "votes.jsonl" } = process.env;
if (!PARLOR_URL || !JWT_SECRET || !PARLOR_CALLBACK_SECRET) {
  console.error("PARLOR_URL, JWT_SECRET and PARLOR_CALLBACK_SECRET are needed");
  process.exit(2);
}

const parlor = new Parlor(PARLOR_URL, {
  secret: JWT_SECRET, user: ME,
  // The scope writes and reads in rooms that it is no member of.
  roles: ["service", "scope:messages"],
  // A user waits for the answer to a command, for 5 s unless the server is told otherwise.
  timeout: 2_000, retries: 1,
});
const votes = new Votes(VOTES);

/** The reason is shown to the user. */
class Refused extends Error {}

// What users do

/** `/poll Lunch? | Pizza | Soup`, without the first word. */
function parsed(text) {
  const said = typeof text === "string" ? text : "";
  const parts = said.split("|").map((part) => part.replace(/\s+/g, " ").trim());
  const [question, ...options] = parts;
  const isPoll = options.length >= 2 && options.length <= OPTIONS_MAX
    && parts.every(Boolean) && new Set(options).size === options.length;
  if (!isPoll) throw new Refused(`say: question | one option | another, at most ${OPTIONS_MAX}`);
  return { question, options };
}

/** An id of a room or a message that a user has sent, which may be anything. */
function named(id) {
  if (typeof id !== "string" || NO_IDS.has(id)) throw new Refused("say which one");
  return id;
}

/** The application may write everywhere, so it looks whether who asks may. */
function mayWrite({ kind, role, rules, muted_until: mutedUntil }) {
  if (role === "moderator" || role === "owner") return true;
  return role === "member" && kind !== "announcement" && !rules?.frozen && !mutedUntil;
}

async function create(user, { room_id: room, text, id = randomUUID() }) {
  const asked = { ...parsed(text), by: { id: user.id, name: user.name } };
  const poll = { ...asked, counts: asked.options.map(() => 0), closed: false, version: 0 };
  const place = await parlor.asUser(user.id).getRoom(named(room));
  if (!mayWrite(place)) throw new Refused("you may not write there");
  // A command that is sent again, because its answer was lost, makes no second poll.
  const clientId = createHash("sha256").update(JSON.stringify([user.id, id])).digest("base64url");
  const message = { content: shown(poll), metadata: { poll }, client_id: clientId };
  const { message_id: messageId } = await parlor.sendMessage(place.room_id, message);
  return { message_id: messageId };
}

/** The poll that a user names. The server says, as to any of its users, whether they see it. */
async function pollFor(user, { message_id: id }) {
  const message = await parlor.asUser(user.id).getMessage(named(id));
  if (message.sender.id !== ME || !message.metadata?.poll) throw new Refused("that is no poll");
  return message;
}

async function vote(user, data) {
  const message = await pollFor(user, data);
  const { option } = data;
  const isThere = Number.isInteger(option) && option >= 1
    && option <= message.metadata.poll.options.length;
  if (!isThere && option !== null) throw new Refused("there is no such option");
  if (votes.of(message.message_id).isClosed) throw new Refused("the poll is closed");
  votes.vote(message.message_id, user.id, option);
  tell(message.message_id);
  return standing(message, user);
}

async function show(user, data) {
  return standing(await pollFor(user, data), user);
}

async function close(user, data) {
  const message = await pollFor(user, data);
  if (message.metadata.poll.by.id !== user.id) {
    const { role } = await parlor.asUser(user.id).getRoom(message.room_id);
    if (role !== "moderator" && role !== "owner") {
      throw new Refused("who has asked closes the poll, or a moderator");
    }
  }
  votes.close(message.message_id);
  tell(message.message_id);
  return standing(message, user);
}

/** How a poll stands, for everybody. */
function counted({ message_id: id, metadata: { poll } }) {
  const ballot = votes.of(id);
  const { version, isClosed } = ballot;
  return { message_id: id, counts: ballot.counts(poll.options), closed: isClosed, version };
}

/** And what the user has voted; nobody else learns of that. */
function standing(message, user) {
  return { ...counted(message), own: votes.of(message.message_id).votes.get(user.id) ?? null };
}

// What the room is told

/** The poll as text, which every client shows. */
function shown({ question, options, by, counts, closed }) {
  const lines = options.map((option, at) => `${at + 1}. ${option}: ${counts[at]}`);
  const end = closed ? ["The poll is closed."] : [];
  return [`${by.name} asks: ${question}`, ...lines, ...end].join("\n");
}

/** Polls of which the room does not know the latest, and those that are seen to. */
const behind = new Set();
const telling = new Set();

async function tell(id) {
  behind.add(id);
  if (telling.has(id)) return;
  telling.add(id);
  while (behind.delete(id)) {
    try {
      await tellNow(id);
      await pause(PACE);
    } catch (error) {
      console.error(`The poll ${id} is told later: ${error.message}`);
      behind.add(id);
      await pause(AGAIN);
    }
  }
  telling.delete(id);
}

/** Its message, unless that was deleted or cleared, or its room is gone. */
async function stillThere(id) {
  try {
    const message = await parlor.getMessage(id);
    return message.deleted_at ? undefined : message;
  } catch (error) {
    if (error.code === "not_found") return undefined;
    throw error;
  }
}

async function tellNow(id) {
  const message = await stillThere(id);
  if (!message) return votes.end(id);
  const { counts, closed, version } = counted(message);
  const poll = { ...message.metadata.poll, counts, closed, version };
  // The same again changes nothing.
  await parlor.editMessage(id, { content: shown(poll), metadata: { poll } });
  if (closed) votes.end(id);
}

// What Parlor asks

const commands = {
  "app.poll.create": create, "app.poll.vote": vote, "app.poll.show": show, "app.poll.close": close,
};

async function run({ user, command: name, data }) {
  try {
    if (!Object.hasOwn(commands, name)) throw new Refused("there is no such command");
    return answer(await commands[name](user, data));
  } catch (error) {
    // What the server refuses the user, such as a room that is not there for them.
    const isOfUser = error instanceof ParlorError && error.status >= 400 && error.status < 500;
    if (isOfUser || error instanceof Refused) return refuse(error.message);
    throw error;
  }
}

const answered = command(PARLOR_CALLBACK_SECRET, run);
const server = createServer((request, response) => {
  answered(request, response, (error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Polls are at http://127.0.0.1:${PORT}`));
// Votes that were answered, and not told before the program ended.
for (const id of votes.open()) tell(id);
