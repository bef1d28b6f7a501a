/** The picture by WebCodecs, on a canvas: the shortest delay, where the page is a secure context. */
import { frame, head } from "./boxes.js";
import { Playout } from "./playout.js";

/** Decoded frames that wait to be shown; older ones give way. */
const MOST = 10;
/** Frames that may wait to be decoded before some are left out, up to the next key frame. */
const BEHIND = 25;

/** Whether this browser can. */
export function canDecode() {
  return isSecureContext && "VideoDecoder" in window && "EncodedVideoChunk" in window;
}

/**
 * A canvas that shows a stream.
 * @param {HTMLElement} place where it is put
 * @param {{ shown: () => void, failed: (why: string) => void }} to
 */
export function onCanvas(place, to) {
  const canvas = document.createElement("canvas");
  canvas.className = "picture";
  canvas.setAttribute("aria-hidden", "true");
  place.append(canvas);
  const paper = canvas.getContext("2d", { alpha: false, desynchronized: true });
  let playout = new Playout();
  /** @type {VideoFrame[]} */
  let waiting = [];
  /** @type {VideoDecoder | null} */
  let decoder = null;
  let begun = false;
  let ended = false;

  /** @param {VideoFrame} one */
  function decoded(one) {
    if (ended) return one.close();
    playout.came(one.timestamp, performance.now());
    waiting.push(one);
    while (waiting.length > MOST) waiting.shift()?.close();
  }

  function draw() {
    if (ended) return;
    requestAnimationFrame(draw);
    const now = performance.now();
    /** @type {VideoFrame | null} */
    let newest = null;
    while (waiting.length && playout.due(waiting[0].timestamp, now)) {
      newest?.close();
      newest = waiting.shift() ?? null;
    }
    if (!newest) return;
    if (canvas.width !== newest.displayWidth || canvas.height !== newest.displayHeight) {
      canvas.width = newest.displayWidth;
      canvas.height = newest.displayHeight;
    }
    paper?.drawImage(newest, 0, 0);
    newest.close();
    to.shown();
  }

  function drop() {
    for (const one of waiting) one.close();
    waiting = [];
    if (decoder && decoder.state !== "closed") decoder.close();
    decoder = null;
    begun = false;
  }

  /** @param {NonNullable<ReturnType<typeof head>>} found */
  function begin(found) {
    drop();
    playout = new Playout();
    const made = new VideoDecoder({
      output: decoded,
      error: (error) => {
        if (made === decoder) to.failed(error.message);
      },
    });
    made.configure({ codec: found.codec, description: found.description, optimizeForLatency: true });
    decoder = made;
  }

  requestAnimationFrame(draw);
  return {
    element: canvas,
    /** The next message. @param {Uint8Array} data */
    take(data) {
      const part = frame(data);
      if (!part) {
        const found = head(data);
        if (found) begin(found);
        return;
      }
      if (!decoder || decoder.state !== "configured") return;
      if (decoder.decodeQueueSize > BEHIND) begun = false;
      if (!begun && !part.key) return;
      begun = true;
      decoder.decode(
        new EncodedVideoChunk({
          type: part.key ? "key" : "delta",
          timestamp: part.timestamp,
          data: part.data,
        }),
      );
    },
    /** The connection is gone; what is shown stays. */
    lost: drop,
    end() {
      ended = true;
      drop();
      canvas.remove();
    },
  };
}
