/** How long what is chosen would take, asked for while nothing dreams. */
import * as api from "./api.js";
import { jobOf } from "./draft.js";
import { computed, effect, signal } from "./html.js";
import { alive, current, drafts, jobs, view } from "./state.js";
import { t } from "../texts.js";

/** Milliseconds after the last change: it is tried with some work. */
const SETTLED = 800;
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

/** Ask whenever something else is chosen. */
export function listen() {
  effect(() => {
    const wish = wanted.value;
    if (wish === null || told.peek()?.wish === wish) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api.estimate(JSON.parse(wish), stop.signal).then((seconds) => seconds !== null && (told.value = { wish, seconds }), () => {}); // without it, it can be begun as well
    }, SETTLED);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
}
