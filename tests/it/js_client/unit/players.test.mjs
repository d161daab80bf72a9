// Sound and films as the page shows them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { durationText, isPlayed } from "../page/view/players.js";
import { loudness, soundOf } from "../page/view/waveform.js";

test("a length is told as players do", () => {
  for (const [ms, text] of [[0, "0:00"], [999, "0:01"], [61_400, "1:01"], [3_599_600, "1:00:00"], [36_061_000, "10:01:01"]]) {
    assert.equal(durationText(ms), text);
  }
});

test("sound and films are played, and nothing else", () => {
  for (const [type, played] of [["audio/ogg", true], ["video/mp4", true], ["image/png", false], ["text/plain; charset=audio/", false]]) {
    assert.equal(isPlayed({ content_type: type }), played, type);
  }
});

test("a waveform has the loudest moment of each part, and its own loudest is 100", () => {
  const samples = new Float32Array(6_400);
  samples[0] = 0.25;
  samples[150] = -0.5;
  samples[6_399] = 0.125;
  const waveform = loudness(samples);
  assert.equal(waveform.length, 64);
  assert.deepEqual([waveform[0], waveform[1], waveform[2], waveform[63]], [50, 100, 0, 25]);
  // Silence, and less than there are parts.
  assert.deepEqual(loudness(new Float32Array(3)), [0, 0, 0]);
  assert.deepEqual(loudness(new Float32Array(0)), []);
});

test("of what is no sound, nothing is told", async () => {
  assert.deepEqual(await soundOf(new Blob(["text"], { type: "text/plain" })), {});
  assert.deepEqual(await soundOf(new Blob(["noise"], { type: "audio/ogg" })), {});
});
