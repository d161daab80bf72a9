/**
 * Sound and films in messages: played where they are, and loaded when they are.
 *
 * @import { Attachment } from "../../client/types.js"
 * @import { Files } from "./attachments.js"
 */

import { icon, make } from "./dom.js";
import { attempt } from "./popups.js";

/**
 * Whether a file is played.
 * @param {Attachment} attachment
 */
export const isPlayed = ({ content_type: type }) => /^(audio|video)\//.test(type);

/**
 * A length as players show it.
 * @param {number} ms
 */
export function durationText(ms) {
  const seconds = Math.round(ms / 1000);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * A file that is played in its place, once somebody wants it to.
 * @param {Attachment} attachment
 * @param {Files} files
 */
export function player(attachment, files) {
  const { name, duration_ms: duration, waveform } = attachment;
  const place = make("div", { className: "player" });
  const button = make("button", {
    type: "button", className: "attachment", title: name, data: { testid: "play" }, aria: { label: `Play ${name}` },
    onclick: () => attempt(async () => place.replaceChildren(element(attachment, await files.link(attachment), backTo))),
  }, icon("play"), make("span", { className: "grow" },
    waveform?.length ? bars(waveform) : make("strong", { dir: "auto" }, name),
    duration ? make("span", { className: "quiet", data: { testid: "duration" } }, durationText(duration)) : null));
  // A link that is over, or a file that the browser cannot play.
  const backTo = () => place.replaceChildren(button);
  place.append(button);
  return place;
}

/**
 * @param {Attachment} attachment
 * @param {string} src
 * @param {() => void} onerror
 */
function element({ content_type: type, width, height, name }, src, onerror) {
  const about = { src, controls: true, autoplay: true, onerror, aria: { label: name } };
  if (type.startsWith("audio/")) return make("audio", about);
  // Its place is kept until it is there.
  const shown = make("video", { ...about, playsInline: true });
  if (width && height) shown.style.aspectRatio = `${width} / ${height}`;
  return shown;
}

/**
 * How loud it is over time.
 * @param {number[]} waveform
 */
function bars(waveform) {
  const all = waveform.map((loudness) => {
    const bar = make("span");
    bar.style.height = `${Math.max(8, loudness)}%`;
    return bar;
  });
  return make("span", { className: "waveform", aria: { hidden: "true" } }, ...all);
}
