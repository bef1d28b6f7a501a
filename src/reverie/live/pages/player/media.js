/** A stream by Media Source Extensions, in a video or audio element: everywhere, some tenths of a second later. */
import { head, isHead } from "./boxes.js";

/** Seconds that are kept of what was played. */
const KEPT = 8;
/** How much faster it is played where it is too far behind. */
const FASTER = 1.06;

/**
 * @typedef {object} Distance how far behind the newest an element plays, in seconds
 * @property {number} aim where it begins
 * @property {number} faster beyond this it plays a little faster
 * @property {number} jump beyond this it jumps
 */
/** @type {Distance} */
export const PICTURE = { aim: 0.12, faster: 0.3, jump: 1.2 };
/** @type {Distance} */
export const SOUND = { aim: 0.6, faster: 2, jump: 5 };

/** @returns {typeof MediaSource | undefined} */
function sources() {
  return /** @type {any} */ (window).ManagedMediaSource ?? window.MediaSource;
}

/** Whether this browser can. */
export function canPlay() {
  return sources() !== undefined;
}

/**
 * Feed an element with a stream.
 * @param {HTMLMediaElement} element
 * @param {Distance} distance
 * @param {{ failed: (why: string) => void }} to
 */
export function feed(element, distance, to) {
  /** @type {MediaSource | null} */
  let source = null;
  /** @type {SourceBuffer | null} */
  let buffer = null;
  let mime = "";
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let line = [];
  let url = "";

  function release() {
    source = buffer = null;
    line = [];
    if (url) URL.revokeObjectURL(url);
    url = "";
  }

  /** @param {string} wanted */
  function begin(wanted) {
    release();
    const Source = sources();
    if (!Source?.isTypeSupported(wanted)) return to.failed(`${wanted} is not played here`);
    const made = new Source();
    source = made;
    mime = wanted;
    made.addEventListener("sourceopen", () => {
      if (made !== source) return;
      buffer = made.addSourceBuffer(mime);
      buffer.mode = "segments";
      buffer.addEventListener("updateend", () => {
        keepUp();
        push();
      });
      push();
    });
    url = URL.createObjectURL(made);
    element.src = url;
  }

  function push() {
    if (!buffer || buffer.updating || !line.length) return;
    const parts = line;
    line = [];
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    try {
      buffer.appendBuffer(all);
    } catch (error) {
      to.failed(String(error));
    }
  }

  function keepUp() {
    const ranges = element.buffered;
    if (!ranges.length || !buffer) return;
    const end = ranges.end(ranges.length - 1);
    const begin = ranges.start(ranges.length - 1);
    const behind = end - element.currentTime;
    if (element.currentTime < begin || behind > distance.jump) {
      element.currentTime = Math.max(begin, end - distance.aim);
    }
    element.playbackRate = behind > distance.faster ? FASTER : 1;
    if (!buffer.updating && element.currentTime - ranges.start(0) > 2 * KEPT) {
      buffer.remove(0, element.currentTime - KEPT);
    }
    if (element.paused) element.play().catch(() => {}); // a browser may want somebody to press something first
  }

  return {
    /** The next message. @param {Uint8Array<ArrayBuffer>} data */
    take(data) {
      if (isHead(data)) {
        const found = head(data);
        const wanted = found ? `video/mp4; codecs="${found.codec}"` : 'audio/mp4; codecs="mp4a.40.2"';
        if (!source || wanted !== mime || element.error) begin(wanted);
      } else if (!source) {
        return;
      }
      line.push(data);
      if (line.length > 500) return to.failed("it does not play");
      push();
    },
    /** The connection is gone: the next one has times of its own. */
    lost: release,
    end() {
      release();
      element.removeAttribute("src");
      element.load();
    },
  };
}

/**
 * A video that shows a stream.
 * @param {HTMLElement} place where it is put
 * @param {{ shown: () => void, failed: (why: string) => void }} to
 */
export function onVideo(place, to) {
  const video = document.createElement("video");
  video.className = "picture";
  video.setAttribute("aria-hidden", "true");
  video.tabIndex = -1;
  video.muted = video.playsInline = video.autoplay = true;
  video.disableRemotePlayback = true;
  place.append(video);
  video.addEventListener("timeupdate", to.shown);
  video.addEventListener("error", () => to.failed(video.error?.message ?? "it does not play"));
  const fed = feed(video, PICTURE, to);
  return {
    ...fed,
    element: video,
    end() {
      fed.end();
      video.remove();
    },
  };
}
