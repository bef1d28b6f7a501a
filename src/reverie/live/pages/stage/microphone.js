/** How loud it is before the stage, told to the server some times a second; the sound itself goes nowhere. */
import { say } from "../core/show.js";

const EVERY = 80;
/** Decibels that count as silence, and as loud as can be. */
const QUIET = -55;
const LOUD = -12;
/** Share of the way that the level falls at once; it rises without waiting. */
const FALLS = 0.25;

/** Whether the microphone may be used without a question. */
export async function mayListen() {
  try {
    const found = await navigator.permissions.query({ name: /** @type {any} */ ("microphone") });
    return found.state === "granted";
  } catch {
    return false; // a browser that does not tell
  }
}

/** How loud some samples are, 0 to 1. @param {Float32Array} samples */
export function level(samples) {
  let sum = 0;
  for (const one of samples) sum += one * one;
  const decibels = 10 * Math.log10(Math.max(1e-12, sum / samples.length));
  return Math.min(1, Math.max(0, (decibels - QUIET) / (LOUD - QUIET)));
}

/** Begin; what is returned ends it. @returns {Promise<() => void>} */
export async function listenToRoom() {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const context = new AudioContext();
  const heard = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(heard);
  const samples = new Float32Array(heard.fftSize);
  let now = 0;
  const timer = setInterval(() => {
    heard.getFloatTimeDomainData(samples);
    const found = level(samples);
    now = found > now ? found : now + FALLS * (found - now);
    say({ pulse: Math.round(1000 * now) / 1000 });
  }, EVERY);
  return () => {
    clearInterval(timer);
    say({ pulse: 0 });
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
}
