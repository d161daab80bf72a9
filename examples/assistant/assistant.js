// A member of a room that answers who mentions it, word by word, until it is asked to stop:
// node assistant.js http://127.0.0.1:8080 "$TOKEN" board:42
import { setTimeout as pause } from "node:timers/promises";
import { Parlor, isMentioned } from "../../static/client/parlor.js";

/** What a model is told of what was said before. */
const REMEMBERED = 20;
/** Questions that may wait while others are answered; the oldest goes. */
const WAITING_MAX = 20;
/** As many as the server lets one user write at a time. */
const AT_ONCE = 8;

const [base, token, room] = process.argv.slice(2);
if (!room) {
  console.error('Usage: node assistant.js URL "$TOKEN" ROOM');
  process.exit(2);
}

/**
 * A stand-in for a model, without network or keys: it gives what a real one
 * does, strings as they come. Put the call of yours here; `signal` ends it.
 */
async function* model(messages, { signal }) {
  const question = messages.at(-1).content;
  const words = question.match(/[\p{L}\p{N}]+/gu) ?? [];
  const answer = [
    `You have said ${words.length} words, and ${messages.length - 1} messages were said before. `,
    "I am only a stand-in, so I say them once more, slowly: ",
    ...words.map((word, at) => `${word}${at < words.length - 1 ? " " : "."}`),
  ];
  for (const piece of answer.join("").match(/\S+\s*/g)) {
    await pause(80, undefined, { signal });
    yield piece;
  }
}

const parlor = new Parlor({ base, fetchToken: async () => token });
parlor.on("error", (error) => console.error(`${error.code}: ${error.message}`));

const asTurn = ({ sender, content }) => ({
  role: sender.id === parlor.user.id ? "assistant" : "user", name: sender.name, content,
});

/** What was said up to a question, as a model wants it. */
async function conversation(question) {
  const { messages } = question.thread_id
    ? { messages: (await parlor.thread(question.thread_id)).replies.slice(-REMEMBERED) }
    : await parlor.history(room, { before: question.seq, limit: REMEMBERED });
  const before = messages.filter(({ seq, state, deleted_at: deletedAt }) =>
    seq < question.seq && state !== "streaming" && !deletedAt);
  return [...before, question].map(asTurn);
}

async function answer(question) {
  const messages = await conversation(question);
  const writing = parlor.stream(room, { replyTo: question.message_id, threadId: question.thread_id });
  await writing.pipe(model(messages, { signal: writing.signal }));
  const how = writing.stoppedBy ? `stopped by ${writing.stoppedBy}` : "to its end";
  console.log(`Answered ${question.sender.name}, ${how}: ${writing.text.length} characters.`);
}

/** Questions that nobody answers yet. */
const waiting = [];
let answering = 0;

function answerNext() {
  if (answering >= AT_ONCE || waiting.length === 0) return;
  answering += 1;
  const question = waiting.shift();
  answer(question)
    .catch((error) => console.error(`No answer for ${question.sender.name}: ${error.message}`))
    .finally(() => {
      answering -= 1;
      answerNext();
    });
}

function hear(message) {
  const isForUs = message.room_id === room && !message.state && isMentioned(message, parlor.user.id);
  // What is said to everybody is not asked of us.
  if (!isForUs || message.mentions.room) return;
  waiting.push(message);
  waiting.splice(0, waiting.length - WAITING_MAX);
  answerNext();
}
parlor.on("message", hear);
// Others are read while they write, too: what they say is a question when it is whole.
parlor.on("message-written", hear);

await parlor.connect();
await parlor.join(room);
console.log(`${parlor.user.name} is in ${room}. Mention @${parlor.user.id} there.`);
