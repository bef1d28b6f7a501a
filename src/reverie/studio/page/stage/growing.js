/** A film that plays while it is made: its finished pieces are handed to the browser as they come. */
import { filmSoFar, filmUrl, job as oneJob } from "../core/api.js";
import { html, useEffect, useRef, useState } from "../core/html.js";
import { t } from "../texts.js";

/** Milliseconds between two looks for a further piece. */
const EVERY = 1500;

/** Where four letters stand in bytes; -1 if nowhere. @param {Uint8Array} bytes @param {string} letters */
function placeOf(bytes, letters) {
  const wanted = [...letters].map((one) => one.charCodeAt(0));
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((one, index) => bytes[at + index] === one)) return at;
  }
  return -1;
}

/** What a browser calls the codec of an MP4, from its head (ISO/IEC 14496-15, 5.3.3); null if it is none of H.264.
 * @param {Uint8Array} head */
export function typeOf(head) {
  const at = placeOf(head, "avcC");
  if (at < 0) return null;
  const [profile, constraints, level] = [...head.slice(at + 5, at + 8)].map((one) => one.toString(16).padStart(2, "0"));
  return `video/mp4; codecs="avc1.${profile}${constraints}${level}"`;
}

/** Wait until a buffer has taken what it was given. @param {SourceBuffer} buffer @param {ArrayBuffer} data */
const append = (buffer, data) => new Promise((done, failed) => {
  buffer.addEventListener("updateend", done, { once: true });
  buffer.addEventListener("error", failed, { once: true });
  buffer.appendBuffer(data);
});

/** The first piece of a job's film that has anything; null where it is over before. @param {string} job @param {AbortSignal} signal */
async function beginning(job, signal) {
  for (;;) {
    const piece = await filmSoFar(job, 0);
    if (piece === null || signal.aborted) return null;
    if (piece.byteLength) return piece;
    await new Promise((done) => setTimeout(done, EVERY));
  }
}

/** Feed a video from a job's film until it is over or told to end; false where the browser cannot do it.
 * @param {HTMLVideoElement} video @param {string} job @param {AbortSignal} signal */
export async function feed(video, job, signal) {
  const Source = /** @type {typeof MediaSource | undefined} */ (/** @type {any} */ (window).ManagedMediaSource ?? window.MediaSource);
  const first = await beginning(job, signal);
  if (first === null) return true;
  const type = typeOf(new Uint8Array(first));
  if (!type || !Source?.isTypeSupported(type)) return false;
  const source = new Source();
  video.disableRemotePlayback = true;
  video.src = URL.createObjectURL(source);
  await new Promise((done) => source.addEventListener("sourceopen", done, { once: true }));
  const buffer = source.addSourceBuffer(type);
  let length = 0;
  /** @type {ArrayBuffer | null} */
  let piece = first;
  while (piece !== null && !signal.aborted && source.readyState === "open") {
    if (piece.byteLength) {
      await append(buffer, piece);
      length += piece.byteLength;
      if (buffer.buffered.length) source.duration = buffer.buffered.end(buffer.buffered.length - 1);
    }
    await new Promise((done) => setTimeout(done, EVERY));
    if (!signal.aborted) piece = await filmSoFar(job, length).catch(() => new ArrayBuffer(0));
  }
  return true;
}

/** @param {{job: string, onSize: (size: {width: number, height: number}) => void}} props */
export function Growing({ job, onSize }) {
  const video = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const [plain, setPlain] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const element = video.current;
    if (element) void feed(element, job, stop.signal).then((could) => could || setPlain(true), () => setPlain(true));
    return () => {
      stop.abort();
      if (element?.src.startsWith("blob:")) URL.revokeObjectURL(element.src);
    };
  }, [job]);
  return html`<video ref=${video} class="layer growing" src=${plain ? filmUrl(job) : undefined} controls autoplay muted playsinline aria-label=${t("growing.label")}
    data-how=${plain ? "plain" : "pieces"} onLoadedMetadata=${(/** @type {any} */ event) => onSize({ width: event.target.videoWidth, height: event.target.videoHeight })}></video>`;
}

/** Whether a job's film has anything that plays yet. @param {string | null} job */
export function useBegun(job) {
  const [begun, setBegun] = useState(false);
  useEffect(() => {
    setBegun(false);
    if (!job) return undefined;
    const look = async () => {
      if (!(await oneJob(job).catch(() => null))?.plays) return;
      setBegun(true);
      clearInterval(timer);
    };
    const timer = setInterval(() => void look(), EVERY);
    return () => clearInterval(timer);
  }, [job]);
  return begun;
}
