/** How long what is chosen would take, asked for while nothing dreams. */
import * as api from "./api.js";
import { jobOf } from "./draft.js";
import { computed, effect, signal } from "./html.js";
import { alive, current, drafts, jobs, view } from "./state.js";
import { t } from "../texts.js";

/** Milliseconds after the last change: it is tried with some work. */
const SETTLED = 800;
/** Milliseconds until it is asked again. */
const AGAIN = 4000;
/** Seconds that are counted in seconds, and in minutes. */
const SECONDS = 90;
const MINUTES = 90 * 60;

/** Seconds, and for what. @type {import("./html.js").Signal<{wish: string, seconds: number} | null>} */
const told = signal(/** @type {any} */ (null));

/** What is chosen in the tab that is open; null where there is nothing to begin, or it is a dream, of which is seen at once what comes. */
const wanted = computed(() => {
  const kind = view.value;
  if (kind !== "portrait" && kind !== "zoom" && kind !== "film" && kind !== "fool") return null;
  const draft = drafts[kind].value;
  const ready = kind === "film" ? draft.photo !== null : kind === "zoom" || draft.targets.length > 0;
  const free = !alive(current[kind].value) && !jobs.value.running.length && !jobs.value.waiting.length;
  return ready && free ? JSON.stringify(jobOf(kind, draft)) : null;
});

/** A time in words. @param {number} seconds */
export function inWords(seconds) {
  if (seconds > MINUTES) return t("hours.about", { count: Number((seconds / 3600).toFixed(1)) });
  if (seconds > SECONDS) return t("minutes.about", { count: Math.round(seconds / 60) });
  return t("seconds.about", { count: Math.max(5, 5 * Math.round(seconds / 5)) });
}

/** How long what is chosen takes, in words; empty where that is not known. */
export const takes = computed(() => (told.value && told.value.wish === wanted.value ? inWords(told.value.seconds) : ""));

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Ask once nothing changes any more, and again where there was no time to try it. @param {string} wish @param {AbortSignal} signal */
async function ask(wish, signal) {
  for (let wait = SETTLED; ; wait = AGAIN) {
    await pause(wait);
    if (signal.aborted) return;
    const seconds = await api.estimate(JSON.parse(wish), signal);
    if (seconds !== null && !signal.aborted) return void (told.value = { wish, seconds });
  }
}

/** Ask whenever something else is chosen. */
export function listen() {
  effect(() => {
    const wish = wanted.value;
    if (wish === null || told.peek()?.wish === wish) return undefined;
    const stop = new AbortController();
    void ask(wish, stop.signal).catch(() => {}); // without it, it can be begun as well
    return () => stop.abort();
  });
}
