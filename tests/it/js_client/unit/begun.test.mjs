// What the page keeps of what one has begun to write, on the server and in the window.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BegunTexts } from "../page/view/begun.js";

const turn = () => new Promise((resolve) => { setTimeout(resolve, 1); });

/** A client with one draft, and what is asked of it. */
function page(draft = null) {
  const asked = [];
  const found = [];
  const parlor = {
    draft,
    chat: { draft: () => parlor.draft },
    setDraft: async (room, content, more) => { asked.push(["set", room, content, more]); },
    message: async (id) => {
      asked.push(["message", id]);
      if (id === "gone") throw new Error("not found");
      return { message_id: id };
    },
  };
  return { begun: new BegunTexts(parlor, (place) => found.push(place)), parlor, asked, found };
}

test("a text is kept with the message that it answers, and none of blanks", () => {
  const { begun, asked } = page();
  begun.keep({ room: "den", thread: "m1" }, { text: "yes ", replying: { message_id: "m2" } });
  begun.keep({ room: "den" }, { text: " \n", replying: null });
  assert.deepEqual(asked, [
    ["set", "den", "yes ", { thread: "m1", metadata: { reply_to: "m2" } }], ["set", "den", "", { thread: undefined }],
  ]);
});

test("the message that is answered is asked for once, and not forgotten by who writes on before it comes", async () => {
  const { begun, asked, found } = page({ content: "yes", metadata: { reply_to: "m2" } });
  const place = { room: "den" };
  assert.deepEqual([begun.of(place), begun.of(place)], Array(2).fill({ text: "yes", replying: null }));
  begun.keep(place, { text: "yes!", replying: null });
  assert.deepEqual(asked, [["message", "m2"], ["set", "den", "yes!", { thread: undefined, metadata: { reply_to: "m2" } }]]);
  await turn();
  assert.deepEqual(found, [place]);
  assert.deepEqual(begun.of(place), { text: "yes", replying: { message_id: "m2" } });
  begun.keep(place, { text: "yes", replying: null });
  assert.deepEqual(asked.slice(2), [["set", "den", "yes", { thread: undefined }]]);
});

test("one that is gone, or is answered no more, is not shown", async () => {
  const { begun, parlor, found } = page({ content: "yes", metadata: { reply_to: "gone" } });
  begun.of({ room: "den" });
  await turn();
  parlor.draft = { content: "yes", metadata: { reply_to: "m2" } };
  begun.of({ room: "den" });
  parlor.draft = { content: "yes" };
  await turn();
  assert.deepEqual([found, begun.of({ room: "den" })], [[], { text: "yes", replying: null }]);
});

test("an edit and files are there again with their place, once, unless the edit was stored", () => {
  const { begun } = page({ content: "half a thought" });
  const [place, editing] = [{ room: "den" }, { message_id: "m1" }];
  begun.leave(place, { text: "helo", editing, files: ["a file"] });
  assert.deepEqual(begun.take({ room: "den", thread: "m1" }), { text: "half a thought", replying: null, editing: null, files: [] });
  assert.deepEqual(begun.take(place), { text: "helo", replying: null, editing, files: ["a file"] });
  assert.deepEqual(begun.take(place), { text: "half a thought", replying: null, editing: null, files: [] });
  begun.leave(place, { text: "helo", editing, files: ["a file"] });
  begun.edited(place, editing);
  assert.deepEqual(begun.take(place), { text: "half a thought", replying: null, editing: null, files: ["a file"] });
  begun.leave(place, { text: "helo", editing, files: [] });
  begun.reset();
  assert.equal(begun.take(place).editing, null);
});
