/** The page: puts what the client hears on the screen, and says what one types. */

import { Parlor, browserStore } from "./parlor.js";
import { byId, make, paintMark } from "./view/dom.js";
import { RoomList } from "./view/rooms.js";
import { Timeline } from "./view/timeline.js";

const parlor = new Parlor({ store: browserStore() });
globalThis.parlor = parlor; // For trying things out in the console.

const rooms = new RoomList(openRoom);
let timeline = null;
let openId = null;
let toldRead = 0;

// Signing in and out

function show(signedIn) {
  byId("welcome").hidden = signedIn;
  byId("chat").hidden = !signedIn;
  if (signedIn) return;
  closeRoom();
  rooms.replace([]);
}

function start() {
  show(true);
  byId("me").textContent = parlor.user.name;
  paintMark(byId("me-mark"), parlor.user);
  parlor.connect();
}

byId("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { user, password } = form.elements;
  const isNew = event.submitter?.value === "up";
  await attempt("sign-in-error", async () => {
    await (isNew ? parlor.register(user.value, password.value) : parlor.login(user.value, password.value));
    form.reset();
    start();
  });
});

byId("sign-out").addEventListener("click", () => parlor.logout());
parlor.on("signed-out", () => show(false));

// Another tab has signed out, or in as somebody else.
globalThis.addEventListener("storage", () => {
  if (parlor.storedUserId !== (parlor.user?.id ?? null)) location.reload();
});

/** Runs what may fail, and says why it did where one is looking. */
async function attempt(errorId, run) {
  const line = byId(errorId);
  line.textContent = "";
  try {
    return await run();
  } catch (error) {
    line.textContent = error.message;
    return undefined;
  }
}

// The connection

let countdown = null;

const STOPPED = "Offline. The server has ended this connection.";
const STOPPED_BY = {
  4509: "Offline. You have too many windows open: close one of them.",
};

parlor.on("state", ({ state, retryInMs, stoppedBy }) => {
  clearInterval(countdown);
  const line = byId("connection");
  line.dataset.state = state;
  if (state === "online") return line.replaceChildren();
  if (state === "connecting") return void (line.textContent = "Connecting…");
  if (stoppedBy !== null) {
    const text = STOPPED_BY[stoppedBy] ?? STOPPED;
    const onclick = () => parlor.connect();
    return line.replaceChildren(`${text} `, make("button", { type: "button", onclick }, "Reconnect"));
  }
  if (retryInMs === null) return void (line.textContent = "Offline.");
  // Read out once, and not every second.
  const shown = make("span", { ariaHidden: "true" });
  line.replaceChildren(make("span", { className: "aside" }, "Offline. Reconnecting."), shown);
  const until = Date.now() + retryInMs;
  const tell = () => {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    shown.textContent = `Offline. Reconnecting in ${seconds} s…`;
  };
  tell();
  countdown = setInterval(tell, 1000);
});

globalThis.addEventListener("online", () => parlor.retryNow());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  parlor.retryNow();
  timeline?.look();
});

// What is heard

parlor.on("ready", async (ready) => {
  rooms.replace(ready);
  if (openId && !rooms.get(openId)) closeRoom();
  // The newest message of each room, for the list.
  const listed = await parlor.rooms().catch(() => null);
  for (const room of listed ?? []) {
    const known = rooms.get(room.room_id);
    if (known && !known.last_message) rooms.add({ ...known, last_message: room.last_message });
  }
});

parlor.on("message", (message) => {
  const isOwn = message.sender.id === parlor.user.id;
  rooms.heard(message, isOwn);
  if (message.room_id === openId) timeline.add(message);
});

parlor.on("pending", (message) => {
  if (message.room === openId) timeline.addPending(message);
});

parlor.on("sent", ({ message, ack }) => {
  if (message.room === openId) timeline.stored(message, ack);
});

parlor.on("failed", ({ message, error }) => {
  if (message.room !== openId) return;
  timeline.failed(message);
  byId("room-error").textContent = error.message;
});

parlor.on("receipts", ({ room, receipts }) => {
  if (room === openId) othersRead(receipts);
});

parlor.on("unread", ({ room, unread }) => rooms.setUnread(room, unread));
parlor.on("room-added", (room) => rooms.add(room));
parlor.on("room-removed", ({ room }) => {
  rooms.remove(room);
  if (room === openId) closeRoom();
});
parlor.on("room-cleared", ({ room }) => {
  rooms.cleared(room);
  if (room === openId) timeline.clear();
});
parlor.on("resync", ({ room }) => {
  if (room === openId) openRoom(room);
});

// The open room

function othersRead(receipts) {
  const marks = receipts.filter(({ user_id: user }) => user !== parlor.user.id);
  timeline.readUpTo(Math.max(0, ...marks.map(({ read_seq: seq }) => seq)));
}

async function openRoom(id) {
  const room = rooms.get(id);
  if (!room) return;
  openId = id;
  toldRead = room.read_seq ?? 0;
  rooms.setOpen(id);
  byId("chat").classList.add("in-room");
  byId("nothing-open").hidden = true;
  byId("open-room").hidden = false;
  byId("room-title").textContent = room.title || room.room_id;
  byId("room-about").textContent = `${room.room_id} · ${room.kind}`;
  byId("add-form").hidden = room.role !== "owner";
  byId("room-error").textContent = "";
  timeline?.end();
  timeline = new Timeline({
    me: parlor.user,
    load: (where) => parlor.history(id, where),
    seen: (seq) => markRead(id, seq),
    again: ({ content, clientId }) => {
      byId("room-error").textContent = "";
      parlor.send(id, content, { clientId });
    },
    waiting: () => parlor.pending.filter((message) => message.room === id),
  });
  await fillRoom();
  if (globalThis.matchMedia("(hover: hover)").matches) composer.focus();
}

/** Loads what the open room still lacks; called again after a cut. */
async function fillRoom() {
  const [current, id] = [timeline, openId];
  try {
    if (!current.isLoaded) await current.start();
    const receipts = await parlor.receipts(id);
    if (current === timeline) othersRead(receipts);
  } catch (error) {
    if (current === timeline) byId("room-error").textContent = error.message;
  }
}

function closeRoom() {
  openId = null;
  timeline?.end();
  timeline = null;
  rooms.setOpen(null);
  byId("chat").classList.remove("in-room");
  byId("nothing-open").hidden = false;
  byId("open-room").hidden = true;
}

function markRead(id, seq) {
  if (seq <= toldRead || parlor.state !== "online") return;
  toldRead = seq;
  parlor.markRead(id, seq).then(
    ({ unread }) => rooms.setUnread(id, unread),
    // Told again by the next look, when there is a connection.
    () => { if (openId === id) toldRead = 0; },
  );
}

parlor.on("state", ({ state }) => {
  if (state !== "online" || !timeline) return;
  byId("room-error").textContent = "";
  timeline.look();
  fillRoom();
});

byId("back").addEventListener("click", closeRoom);
byId("leave").addEventListener("click", () => attempt("room-error", () => parlor.leave(openId)));
byId("add-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { user } = event.target.elements;
  attempt("room-error", async () => {
    await parlor.addMember(openId, user.value);
    event.target.reset();
  });
});

// Making and joining

byId("join-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { room } = event.target.elements;
  attempt("rooms-error", async () => {
    const joined = await parlor.join(room.value);
    event.target.reset();
    rooms.add(joined.room);
    await openRoom(joined.room.room_id);
  });
});

byId("create-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { room, title, kind } = event.target.elements;
  attempt("rooms-error", async () => {
    const made = await parlor.createRoom({
      room_id: room.value || undefined, title: title.value, kind: kind.value,
    });
    event.target.reset();
    rooms.add(made);
    await openRoom(made.room_id);
  });
});

// Writing

const composer = document.querySelector("#composer-form textarea");

function fit() {
  composer.style.height = "auto";
  composer.style.height = `${Math.min(composer.scrollHeight, 160)}px`;
}

composer.addEventListener("input", fit);
composer.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.form.requestSubmit();
  }
  if (event.key === "Escape") closeRoom();
});

byId("composer-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = composer.value.trim();
  if (!content || !openId) return;
  attempt("room-error", async () => {
    parlor.send(openId, content);
    composer.value = "";
    fit();
  });
});

if (parlor.signedIn) start();
else show(false);
