/** How loud sound is over time, found out by the browser that sends it. */

/** Parts of a waveform: as many as the server keeps. */
const PARTS = 64;
/** Larger files would be decoded for too long, and take too much memory. */
const BYTES_MAX = 4 * 1024 * 1024;
/** Enough to see how loud it is. */
const RATE = 8_000;

/**
 * The loudest moment of each part, from 0 to 100; the loudest of all is 100.
 * @param {Float32Array} samples
 */
export function loudness(samples) {
  const parts = Math.min(PARTS, samples.length);
  const peaks = Array.from({ length: parts }, (_, part) => {
    const [first, end] = [part, part + 1].map((edge) => Math.floor(edge * samples.length / parts));
    let peak = 0;
    for (let at = first; at < end; at += 1) peak = Math.max(peak, Math.abs(samples[at]));
    return peak;
  });
  const most = Math.max(...peaks);
  return peaks.map((peak) => (most > 0 ? Math.round(peak / most * 100) : 0));
}

/**
 * What is told of sound with its upload; nothing for what is none, or cannot be decoded here.
 * @param {Blob} file
 * @returns {Promise<{duration_ms?: number, waveform?: number[]}>}
 */
export async function soundOf(file) {
  if (!file.type.startsWith("audio/") || file.size > BYTES_MAX || !globalThis.OfflineAudioContext) return {};
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
    const [duration, waveform] = [Math.round(sound.duration * 1000), loudness(sound.getChannelData(0))];
    return duration > 0 && waveform.length > 0 ? { duration_ms: duration, waveform } : {};
  } catch {
    return {};
  }
}
