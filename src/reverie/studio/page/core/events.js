/** The server's events over one WebSocket, which comes back by itself. */
import { signal } from "./html.js";

/** Whether the server is heard at the moment. */
export const connected = signal(true);

/** @type {Set<(event: any) => void>} */
const listeners = new Set();
/** @type {Set<(header: any, picture: Blob) => void>} */
const watchers = new Set();
/** @type {WebSocket | null} */
let socket = null;
let patience = 500;
/** @type {{watch: string | null, side: number} | null} */
let wish = null;

/** @param {(event: any) => void} heard @returns {() => void} Stops it. */
export function onEvent(heard) {
  listeners.add(heard);
  return () => void listeners.delete(heard);
}

/** @param {(header: any, picture: Blob) => void} seen @returns {() => void} Stops it. */
export function onPreview(seen) {
  watchers.add(seen);
  return () => void watchers.delete(seen);
}

/** Ask for the previews of one job, at most this many pixels wide or high. @param {string | null} job @param {number} side */
export function watch(job, side) {
  wish = { watch: job, side };
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wish));
}

/** A preview: the length of its header, the header, the picture. @param {ArrayBuffer} data */
export function parted(data) {
  const length = new DataView(data).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return { header, picture: new Blob([new Uint8Array(data, 4 + length)], { type: "image/webp" }) };
}

/** @param {MessageEvent} message */
function heard({ data }) {
  if (typeof data === "string") {
    const event = JSON.parse(data);
    for (const listener of [...listeners]) listener(event);
    return;
  }
  const { header, picture } = parted(data);
  for (const watcher of [...watchers]) watcher(header, picture);
}

/** Connect, and again whenever the connection is lost. */
export function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = heard;
  socket.onopen = () => {
    const again = !connected.value;
    connected.value = true;
    patience = 500;
    if (wish) socket?.send(JSON.stringify(wish));
    if (again) for (const listener of [...listeners]) listener({ type: "reconnected" });
  };
  socket.onclose = () => {
    connected.value = false;
    setTimeout(connect, patience);
    patience = Math.min(patience * 2, 8000);
  };
}
