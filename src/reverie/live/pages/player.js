/** The show's picture and sound on a page. */
import { address, follow } from "./player/link.js";
import { canDecode, onCanvas } from "./player/canvas.js";
import { SOUND, canPlay, feed, onVideo } from "./player/media.js";

/** @typedef {"connecting" | "playing" | "waiting"} State */

/** Milliseconds without a new picture after which the page says that it waits. */
const PATIENCE = 2000;
/** Failures of one way of showing after which the other is tried. */
const TRIES = 3;

/**
 * Show the picture in an element, for ever.
 * @param {HTMLElement} place
 * @param {object} [options]
 * @param {string} [options.url]
 * @param {Record<string, string>} [options.query] what is added to the address, such as a token
 * @param {(state: State) => void} [options.onstate]
 * @param {"canvas" | "video"} [options.how] by which way; the better one that there is if missing
 * @returns {() => void} ends it
 */
export function play(place, { url = "/api/stream", query = {}, onstate = () => {}, how } = {}) {
  /** @type {State} */
  let state = "connecting";
  let latest = 0;
  let failures = 0;
  let way = how ?? (canDecode() ? "canvas" : "video");

  /** @param {State} next */
  function turn(next) {
    if (next !== state) onstate((state = next));
  }

  const to = {
    shown() {
      latest = performance.now();
      turn("playing");
    },
    /** @param {string} why */
    failed(why) {
      console.info(`the picture: ${why}`);
      failures += 1;
      if (failures >= TRIES && !how && canPlay()) {
        failures = 0;
        way = way === "canvas" ? "video" : canDecode() ? "canvas" : "video";
        screen.end();
        screen = make();
      }
      screen.lost();
      link.again();
    },
  };
  const make = () => (way === "canvas" ? onCanvas : onVideo)(place, to);
  let screen = make();
  onstate(state);
  const link = follow(address(url, query), {
    opened() {},
    came: (data) => screen.take(/** @type {Uint8Array<ArrayBuffer>} */ (data)),
    lost() {
      screen.lost();
      turn("waiting");
    },
  });
  const watch = setInterval(() => {
    if (state === "playing" && !document.hidden && performance.now() - latest > PATIENCE) turn("waiting");
  }, 500);
  return () => {
    clearInterval(watch);
    link.end();
    screen.end();
  };
}

/**
 * The show's music; nothing is fetched before ``start``, which has to be called from a click.
 * @param {object} [options]
 * @param {string} [options.url]
 * @param {Record<string, string>} [options.query]
 */
export function listen({ url = "/api/sound", query = {} } = {}) {
  /** @type {(() => void) | null} */
  let stop = null;
  return {
    start() {
      if (stop || !canPlay()) return;
      const audio = new Audio();
      audio.disableRemotePlayback = true;
      /** @type {ReturnType<typeof follow> | null} */
      let link = null;
      const fed = feed(audio, SOUND, { failed: () => link?.again() });
      link = follow(address(url, query), {
        opened() {},
        came: (data) => fed.take(/** @type {Uint8Array<ArrayBuffer>} */ (data)),
        lost: () => fed.lost(),
      });
      audio.play().catch(() => {});
      stop = () => {
        link?.end();
        fed.end();
      };
    },
    stop() {
      stop?.();
      stop = null;
    },
  };
}
