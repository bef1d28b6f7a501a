/** What the server tells of the show, over one WebSocket that comes back by itself. */
import { computed, signal } from "./html.js";
import { t } from "../texts.js";

/** @type {import("./html.js").Signal<import("./types.js").Show | null>} */
export const show = signal(/** @type {any} */ (null));
/** Whether the server is heard at the moment. */
export const connected = signal(true);
/** The time by the server's clock, in seconds; it moves on each second. */
export const clock = signal(Date.now() / 1000);

const FIRST = 500;
const LATEST = 8000;
/** @type {WebSocket | null} */
let socket = null;
let patience = FIRST;
let ahead = 0;
let token = "";

/** @param {import("./types.js").Show} told */
export function learn(told) {
  if (show.value && show.value.version !== told.version) return location.reload(); // another version has its own pages
  ahead = told.now - Date.now() / 1000;
  clock.value = told.now;
  show.value = told;
  document.title = told.title;
}

/** Connect, and again whenever the connection is lost. @param {string} [given] A token in place of a cookie. */
export function connect(given = "") {
  token = given;
  const query = token ? `?token=${encodeURIComponent(token)}` : "";
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events${query}`);
  socket.onmessage = ({ data }) => learn(JSON.parse(data));
  socket.onopen = () => {
    connected.value = true;
    patience = FIRST;
  };
  socket.onclose = () => {
    connected.value = false;
    setTimeout(() => connect(token), patience * (0.75 + Math.random() / 2));
    patience = Math.min(2 * patience, LATEST);
  };
}

/** Say something, if there is a connection. @param {object} what */
export function say(what) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
}

setInterval(() => (clock.value = Date.now() / 1000 + ahead), 1000);

/** What is dreamt, as people say it; nothing before there is anything. */
export const shown = computed(() => (show.value ? spoken(show.value.topic) : ""));

const ORDER = ["upper", "left", "inner"];

/** Topics in their places as words, from above and from the left. @param {import("./types.js").Placed[]} topic */
export function spoken(topic) {
  const sorted = [...topic].sort((one, other) => Number(ORDER.includes(other.place)) - Number(ORDER.includes(one.place)));
  return sorted.map(({ label, place }) => (place === "whole" ? label : t("placed", { label, place: t(/** @type {any} */ (`place.${place}`)) }))).join(", ");
}

/** Who wished for it, as words. @param {{source?: string | null, people: number, names: string[]}} of */
export function wishedBy({ source = "votes", people, names }) {
  if (source === "moderator") return t("by.moderator");
  if (source === "again") return t("by.again");
  if (source !== "votes" || !people) return "";
  if (!names.length) return t("by.people", { people });
  const others = people - names.length;
  return others > 0 ? t("by.names.more", { names: names.join(", "), others }) : t("by.names", { names: names.join(", ") });
}

/** Seconds as people say them. @param {number} seconds */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
