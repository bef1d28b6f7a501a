/** What events change: progress, states, the queue; and which runs are found again when the page opens. */
import * as api from "./api.js";
import { PREVIEW_SIDE, refreshJob, refreshJobs, show } from "./actions.js";
import { onEvent, watch } from "./events.js";
import { effect } from "./html.js";
import { KINDS, alive, current, jobs, view } from "./state.js";
import { announced, say } from "./toasts.js";
import { t } from "../texts.js";

/** The tab of a job's kind. @param {string} kind @returns {import("./types.js").Kind} */
export const tabOf = (kind) => KINDS.find((one) => one === kind) ?? "dream";

/** @param {string} id */
const tabShowing = (id) => KINDS.find((kind) => current[kind].value?.group.includes(id));

let lastSaid = 0;

/** At most one sentence in four seconds. @param {import("./types.js").Progress} progress */
function announce(progress) {
  if (performance.now() - lastSaid < 4000) return;
  lastSaid = performance.now();
  announced.value = t("progress.said", { percent: Math.round(100 * progress.share) });
}

/** @param {any} event */
function follow(event) {
  const kind = tabShowing(event.job);
  if (event.type === "queue" || event.type === "reconnected") void refreshJobs();
  if (event.type === "reconnected") for (const each of KINDS) void refreshJob(each);
  if (event.type === "step") share(event);
  if (!kind) return void (ENDS.has(event.type) && refreshJobs());
  const now = current[kind].value;
  if (!now) return;
  if (event.type === "step" || event.type === "started") goesOn(kind, now, event);
  else if (event.type === "steered") current[kind].value = { ...now, steered: performance.now() };
  else if (event.type === "warning") say(inItsWords(event.text));
  else if (event.type === "item") current[kind].value = { ...now, picture: now.alone ? now.picture : event.picture, pictures: [...new Set([...now.pictures, event.picture])], made: { ...now.made, [event.job]: event.picture } };
  else if (ENDS.has(event.type)) void ended(kind, event);
}

/** A step of the job that is shown, or of the next one of its group. @param {import("./types.js").Kind} kind
 * @param {import("./types.js").Current} now @param {any} event */
function goesOn(kind, now, event) {
  if (now.id !== event.job && alive(now)) return;
  if (now.id !== event.job) watch(event.job, PREVIEW_SIDE);
  const state = now.state === "paused" && now.id === event.job ? "paused" : "running";
  const same = now.id === event.job && event.type === "step" && now.since;
  const since = same || (event.type === "step" ? { at: performance.now(), share: event.share ?? 0 } : null);
  current[kind].value = { ...now, id: event.job, state, since, progress: event.type === "step" ? event : null };
  if (event.type === "step") announce(event);
}

const ENDS = new Set(["done", "stopped", "error"]);

/** @param {import("./types.js").Kind} kind @param {any} event */
async function ended(kind, event) {
  await refreshJobs();
  if (current[kind].value?.id !== event.job) return;
  await refreshJob(kind);
  const now = current[kind].value;
  const next = now && [...jobs.value.running, ...jobs.value.waiting].find(({ id }) => id !== now.id && now.group.includes(id));
  if (now && next && !alive(now)) return followNext(kind, now, next);
  if (now?.state === "cancelled") return void (current[kind].value = now.pictures.length ? { ...now, state: "stopped" } : null);
  if (view.value === kind) document.querySelector(".tab")?.scrollTo({ top: 0 }); // on a telephone what can be done with it is there
  announced.value = event.type === "error" ? t("progress.failed") : t("progress.done");
  if (event.type === "error") say(now?.error ?? event.error ?? t("progress.failed"), { bad: true });
}

/** Go on with another job of the same wish. @param {import("./types.js").Kind} kind @param {import("./types.js").Current} now
 * @param {import("./types.js").Job} next */
function followNext(kind, now, next) {
  current[kind].value = { ...now, id: next.id, state: next.state, progress: null, error: null };
  watch(next.id, PREVIEW_SIDE);
}

/** The queue's own bar. @param {any} event */
function share(event) {
  const running = jobs.value.running.map((job) => (job.id === event.job ? { ...job, share: event.share } : job));
  jobs.value = { ...jobs.value, running };
}

/** A warning that names options of the command line, in words of the page. @param {string} text */
const inItsWords = (text) => {
  const [, name] = /^(.*): somebody's face is in it/.exec(text) ?? [];
  return name === undefined ? text : t("warning.face", { name });
};

const SHOWN = "reverie.shown";

/** The jobs that the tabs show, for the next time that the page is opened. */
export function keepShown() {
  const ids = Object.fromEntries(KINDS.map((kind) => [kind, current[kind].value?.group]));
  localStorage.setItem(SHOWN, JSON.stringify(ids));
}

/** Show jobs of one wish together. @param {import("./types.js").Kind} kind @param {import("./types.js").Job[]} group */
export function showTogether(kind, group) {
  const job = group.find(alive) ?? group.findLast((one) => one.picture) ?? group[0];
  const pictures = group.flatMap((one) => one.pictures ?? (one.picture ? [one.picture] : []));
  show(kind, { ...job, picture: job.picture ?? pictures.at(-1) ?? null, pictures, jobs: group.map(({ id }) => id) });
  const made = Object.fromEntries(group.flatMap((one) => (one.picture ? [[one.id, one.picture]] : [])));
  current[kind].value = { .../** @type {any} */ (current[kind].value), made };
}

/** Show again what the tabs showed. */
async function showAgain() {
  const kept = JSON.parse(localStorage.getItem(SHOWN) ?? "{}");
  for (const kind of KINDS) {
    const found = await Promise.all([kept[kind] ?? []].flat().map((id) => api.job(id).catch(() => null)));
    const group = found.filter((job) => job !== null);
    const known = group.some((one) => alive(one) || one.picture);
    if (known && (!current[kind].value || group.some(({ id }) => id === current[kind].value?.id))) showTogether(kind, group);
  }
}

/** Listen, and show again what runs. */
export async function begin() {
  onEvent(follow);
  await refreshJobs();
  for (const job of [...jobs.value.running, ...jobs.value.waiting].reverse()) {
    const kind = tabOf(job.kind);
    if (!alive(current[kind].value)) show(kind, job);
  }
  await showAgain();
  effect(keepShown);
}
