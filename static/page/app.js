/**
 * The page: puts what the client hears on the screen, and says what one types.
 *
 * @import { Message } from "../client/types.js"
 * @import { Tools } from "./view/message.js"
 */

import { Parlor, browserOutbox, isInRoom, rules } from "../client/parlor.js";
import { sessionOfWindow } from "./session.js";
import { Actions, withBar } from "./view/actions.js";
import { Files } from "./view/attachments.js";
import { BegunTexts, keepBegun } from "./view/begun.js";
import { Blocks } from "./view/blocks.js";
import { Composer } from "./view/composer.js";
import { showConnection } from "./view/connection.js";
import { setUpDialogs } from "./view/dialogs.js";
import { byId, paintMark } from "./view/dom.js";
import { takeDrops } from "./view/drop.js";
import { fill } from "./view/filling.js";
import { hear } from "./view/heard.js";
import { paintBell } from "./view/inbox.js";
import { Notifications } from "./view/notifications.js";
import { hearNotifications } from "./view/opening.js";
import { attempt, notify } from "./view/popups.js";
import { watchPresence } from "./view/presence.js";
import { RoomView } from "./view/room.js";
import { RoomList } from "./view/rooms.js";
import { saying } from "./view/saying.js";
import { paintScheduled } from "./view/scheduled.js";
import { Side } from "./view/side.js";
import { setUpSignIn } from "./view/sign_in.js";
import { paintThreads } from "./view/threads.js";
import { whyNot } from "./view/words.js";

const TICK_MS = 1_000;

const { store, error: whyNotLinked } = await sessionOfWindow();
const parlor = new Parlor({ store, outbox: browserOutbox() });
Object.assign(globalThis, { parlor }); // For trying things out in the console.
const { chat } = parlor;
const files = new Files(parlor);
const notifications = new Notifications(parlor);
const blocks = new Blocks(parlor, () => paint());
const begun = new BegunTexts(parlor, (place) => composers().forEach((each) => each.begunChanged(place)));
const composers = () => [composer, threadComposer];
const roomList = new RoomList(parlor, openRoom);
/** @type {RoomView | null} */
let open = null;
/** The room that is open, as it is known now. */
const roomOpen = () => chat.room(open?.id);

// Signing in and out

/** @param {boolean} signedIn */
function show(signedIn) {
  byId("welcome").hidden = signedIn;
  byId("chat").hidden = !signedIn;
  if (signedIn) return;
  closeRoom();
  side.close();
  composers().forEach((each) => each.reset());
  begun.reset();
  files.forget();
  blocks.forget();
  roomList.paint();
}

function start() {
  show(true);
  if (parlor.user) {
    byId("me").textContent = parlor.user.name;
    paintMark(byId("me-mark"), parlor.user);
  }
  parlor.connect();
  notifications.goOn().catch(() => {}); // It is tried again with the next start.
}

setUpSignIn(parlor, notifications, start);
parlor.on("signed-out", () => show(false));

// The connection

showConnection(parlor);
globalThis.addEventListener("online", () => parlor.retryNow());

watchPresence(parlor, () => { open?.timeline.look(); side.thread?.look(); });

parlor.on("state", ({ state }) => {
  if (state !== "online") return;
  composers().forEach((each) => each.fail(""));
  open?.timeline.look();
  open?.load();
  side.thread?.start();
});

// What is heard

/** What changes within this time is painted together: in busy rooms much does. */
const PAINT_MS = 50;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let painting;
parlor.on("change", () => { painting ??= setTimeout(paint, PAINT_MS); });

function paint() {
  clearTimeout(painting);
  painting = undefined;
  roomList.paint();
  paintBell(chat.inboxUnseen);
  paintThreads(chat.threads.unread);
  paintScheduled(chat.scheduled.list);
  open?.paint();
  side.paint();
}

// Whoever stops typing without a word is no longer shown.
setInterval(() => {
  if (chat.isAnyoneTyping && document.visibilityState === "visible") paint();
}, TICK_MS);

parlor.on("ready", (rooms) => {
  if (open && !chat.room(open.id)) closeRoom();
  fill(parlor, blocks, rooms, paint);
});

hear({
  parlor, paint, openRoom, closeRoom,
  jump: (id) => tools.jump(id),
  get open() { return open; },
  get side() { return side; },
  get composers() { return composers(); },
});

// The open room

/**
 * Where one answers and edits a message.
 * @param {Message} message
 */
const composerOf = ({ thread_id: id }) => (id && id === side.thread?.rootId ? threadComposer : composer);
const actions = new Actions(parlor, {
  reply: (message) => composerOf(message).reply(message),
  edit: (message) => composerOf(message).edit(message),
  openThread: (rootId) => side.openThread(rootId),
  readBy: (message) => attempt(async () => { if (open) notify(await open.readBy(message)); }),
});

/** @type {Tools} */
const tools = {
  get me() { return chat.me; },
  get self() { return parlor.user; },
  files,
  nameOf: (user) => chat.nameOf(user),
  stateOf: (message) => open?.stateOf(message) ?? "stored",
  latest: (message) => chat.latest(message),
  mayStop: (message) => { const room = roomOpen(); return room !== null && rules.mayStop(room, message, chat.me); },
  stop: (message) => actions.stop(message),
  mayReact: () => { const room = roomOpen(); return room !== null && rules.mayReact(room); },
  react: (message, emoji, adds) => actions.react(message, emoji, adds),
  openThread: (rootId) => side.openThread(rootId),
  resend: ({ clientId }) => attempt(() => parlor.resend(clientId)),
  discard: ({ clientId }) => parlor.discard(clientId),
  rewrite: ({ clientId, content, threadId, inRoom }) => {
    parlor.discard(clientId);
    if (threadId && threadId !== side.thread?.rootId) side.openThread(threadId);
    (threadId ? threadComposer : composer).write(content, inRoom);
  },
  jump: (id) => attempt(async () => showMessage(open?.timeline.message(id) ?? await parlor.message(id))),
};

withBar(byId("timeline"), (item) => open?.timeline.messageOf(item), actions);

/** @param {string} id */
function openRoom(id) {
  const room = chat.room(id);
  if (!room) return;
  const isOther = open?.id !== id;
  open?.end();
  if (isOther) side.leaveRoom();
  roomList.setOpen(id);
  byId("chat").classList.add("in-room");
  byId("nothing-open").hidden = true;
  byId("open-room").hidden = false;
  open = new RoomView({ parlor, composer, blocks, tools, room });
  // It may have been done in another window.
  if (room.kind === "direct") blocks.load().catch(() => {});
  if (globalThis.matchMedia("(hover: hover)").matches) composer.focus();
  open.load();
}

function closeRoom() {
  open?.end();
  open = null;
  side.leaveRoom();
  roomList.setOpen(null);
  byId("chat").classList.remove("in-room");
  byId("nothing-open").hidden = false;
  byId("open-room").hidden = true;
}

/**
 * Shows a message where it was said, also in another room or in a thread.
 * @param {Message} message
 */
async function showMessage(message) {
  if (message.room_id !== open?.id) openRoom(message.room_id);
  if (open?.id !== message.room_id) return notify("You are no longer a member of that room.");
  if (globalThis.matchMedia("(max-width: 1000px)").matches) side.close();
  if (message.thread_id && !isInRoom(message)) return side.openThread(message.thread_id);
  const { timeline } = open;
  return attempt(() => timeline.show(message.seq));
}

/** @param {string} user */
async function openDirect(user) {
  const room = await parlor.openDirect(user);
  chat.putRoom(room);
  openRoom(room.room_id);
}

byId("back").onclick = closeRoom;
byId("unblock").onclick = () => attempt(async () => {
  const peer = roomOpen()?.peer;
  if (peer) await blocks.set(peer.id, false);
});
const openRoomMenu = setUpDialogs({ parlor, blocks, openRoom, openDirect, closeRoom, openReports: () => side.openReports() });
byId("room-menu").onclick = () => {
  const room = roomOpen();
  if (room) openRoomMenu(byId("room-menu"), room);
};

// Writing

const beside = { people: () => open?.people.toMention() ?? [], escape: () => side.close() };

const composer = new Composer(byId("composer-form"), {
  testid: "", label: "Write a message", begun,
  on: {
    ...saying(parlor, () => ({ room: open?.id }), beside),
    lastOwn: () => open?.timeline.lastOwn() ?? null,
  },
});

/** @type {Composer} */
const threadComposer = new Composer(byId("thread-form"), {
  testid: "thread", label: "Reply in this thread", also: "Also send to the room", begun,
  on: {
    ...saying(parlor, () => ({ room: side.thread?.room, threadId: side.thread?.rootId }), beside),
    lastOwn: () => side.thread?.lastOwn(chat.me) ?? null,
  },
});

/** @type {Side} */
const side = new Side({
  parlor, blocks, notifications, tools, actions, composer: threadComposer, openRoom, showMessage, openDirect,
  get open() { return open; },
});

keepBegun(parlor, composers);
hearNotifications(parlor, (room, thread) => { if (thread) side.openThread(thread, room); else openRoom(room); });

// Files are dropped anywhere on the room or the thread.
takeDrops(byId("open-room"), () => composer);
takeDrops(byId("panel"), () => (side.thread ? threadComposer : null));

if (parlor.signedIn) start();
else show(false);
if (whyNotLinked) byId("sign-in-error").textContent = whyNot(whyNotLinked);
