/** A WebSocket that comes back by itself, for ever. */

/** Milliseconds before it is tried again, at first and at most. */
const SOON = 300;
const LATEST = 4000;
/** Milliseconds without a word after which a connection is taken for dead. */
const SILENCE = 5000;

/**
 * The address of a WebSocket of this server.
 * @param {string} path @param {Record<string, string>} query
 */
export function address(path, query) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * Follow a stream until told otherwise.
 * @param {string} url
 * @param {{ opened: () => void, came: (data: Uint8Array) => void, lost: () => void }} to
 * @returns {{ again: () => void, end: () => void }} ``again`` begins a new connection at once.
 */
export function follow(url, to) {
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let wait = SOON;
  let heard = 0;
  let ended = false;

  function begin() {
    clearTimeout(timer);
    const made = new WebSocket(url);
    socket = made;
    made.binaryType = "arraybuffer";
    heard = performance.now();
    made.onopen = () => to.opened();
    made.onmessage = (event) => {
      if (made !== socket || !(event.data instanceof ArrayBuffer)) return;
      heard = performance.now();
      wait = SOON;
      to.came(new Uint8Array(event.data));
    };
    made.onclose = () => {
      if (made === socket) later();
    };
  }

  function drop() {
    const old = socket;
    socket = null;
    old?.close();
  }

  function later() {
    drop();
    if (ended) return;
    to.lost();
    clearTimeout(timer);
    timer = setTimeout(begin, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LATEST, wait * 2);
  }

  function soon() {
    if (!ended && !socket && document.visibilityState === "visible") begin();
  }

  const watch = setInterval(() => {
    if (socket && performance.now() - heard > SILENCE) later();
  }, 1000);
  addEventListener("online", soon);
  document.addEventListener("visibilitychange", soon);
  begin();
  return {
    again() {
      wait = SOON;
      later();
    },
    end() {
      ended = true;
      clearTimeout(timer);
      clearInterval(watch);
      removeEventListener("online", soon);
      document.removeEventListener("visibilitychange", soon);
      drop();
    },
  };
}
