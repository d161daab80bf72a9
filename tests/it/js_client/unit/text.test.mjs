// Links and mentions in what people write.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isMentioned, pieces, wordAtCaret } from "../client/text.js";

const linkIn = (text) => pieces(text).find((piece) => piece.link)?.text ?? null;

test("a link is whole, and what is around it is not in it", () => {
  for (const [text, link] of [
    ["see https://example.org/a.", "https://example.org/a"],
    ["https://example.org", "https://example.org"],
    ["(see https://example.org/a)", "https://example.org/a"],
    ["[text](https://example.org/a), and more", "https://example.org/a"],
    ["https://en.wikipedia.org/wiki/Rust_(programming_language)", "https://en.wikipedia.org/wiki/Rust_(programming_language)"],
    ["(https://en.wikipedia.org/wiki/Rust_(programming_language)).", "https://en.wikipedia.org/wiki/Rust_(programming_language)"],
    ["https://example.org/a[0]={1}", "https://example.org/a[0]={1}"],
    ["https://ja.wikipedia.org/wiki/日本", "https://ja.wikipedia.org/wiki/日本"],
    ["こちら：https://ja.wikipedia.org/wiki/日本。次の文", "https://ja.wikipedia.org/wiki/日本"],
    ["（https://example.org/a）を", "https://example.org/a"],
    ["https://de.wikipedia.org/wiki/Fuß", "https://de.wikipedia.org/wiki/Fuß"],
    ["https://example.org/?utf8=✓", "https://example.org/?utf8=✓"],
    ["https://пример.рф", "https://пример.рф"],
    ["https://пример.рф!", "https://пример.рф"],
    ["https://example.org/a?b=c&d=", "https://example.org/a?b=c&d="],
    ["https://example.org/it's", "https://example.org/it's"],
    ["'https://example.org/a', he said", "https://example.org/a"],
    ["“https://example.org/a”", "https://example.org/a"],
    ["https://example.org/a…", "https://example.org/a"],
    ["https://example.org/a%20b#c-", "https://example.org/a%20b#c-"],
    ["<https://example.org/a>", "https://example.org/a"],
    ["HTTPS://EXAMPLE.ORG/A", "HTTPS://EXAMPLE.ORG/A"],
    ["*https://example.org/a*", "https://example.org/a"],
    ["https://example.org/🍞!", "https://example.org/🍞"],
    ["https://example.org:8080/a:b?c;d!", "https://example.org:8080/a:b?c;d"],
    ["https://", null],
    ["https://)))", null],
    ["xhttps://example.org", null],
    ["javascript:alert(1)", null],
  ]) assert.equal(linkIn(text), link, text);
});

test("nothing of a text is lost, whatever is in it", () => {
  for (const text of ["a https://example.org/(b), @ann! https:// (c", "https://a.org/)]}.,", "", "@", "🍞https://a.org🍞"]) {
    assert.equal(pieces(text, { user_ids: ["ann"] }).map((piece) => piece.text).join(""), text);
  }
});

const mentioned = (text, ...ids) => pieces(text, { user_ids: ids, room: true })
  .filter((piece) => piece.mention).map((piece) => piece.mention);

test("a mention is at the beginning of a word, and named by the message", () => {
  assert.deepEqual(mentioned("hi @ann, @ben: and @room", "ann", "ben"), ["ann", "ben", "room"]);
  assert.deepEqual(mentioned("(@ann) @ann. @ann.b.", "ann", "ann.b"), ["ann", "ann", "ann.b"]);
  assert.deepEqual(mentioned("@stranger", "ann"), []);
});

test("an address mentions nobody", () => {
  assert.deepEqual(mentioned("https://example.org/@ann mail me: x@ann josé@ann 日本@ann a_@ann", "ann"), []);
  assert.deepEqual(mentioned("https://ann:secret@ben/ @ann", "ann", "ben"), ["ann"]);
});

// The server finds the same in them: crates/domain/src/mention.rs.
test("the texts of the vectors mention whom they say", () => {
  const vectors = JSON.parse(readFileSync(new URL("../vectors/mentions.json", import.meta.url)));
  assert.ok(vectors.length >= 20);
  for (const { text, members, mentions } of vectors) {
    const found = [...new Set(mentioned(text, ...members))].sort();
    assert.deepEqual(found, mentions, text);
  }
});

test("who is being mentioned is where the caret is", () => {
  assert.deepEqual(wordAtCaret("hi @an", 6), { start: 3, word: "an" });
  assert.equal(wordAtCaret("mail josé@an", 12), null);
  assert.equal(wordAtCaret("hi @an there", 12), null);
});

test("one's own message mentions nobody", () => {
  const message = { sender: { id: "ann" }, mentions: { user_ids: ["ann", "ben"], room: false } };
  assert.equal(isMentioned(message, "ann"), false);
  assert.equal(isMentioned(message, "ben"), true);
});
