/** What events change: progress, states, the queue; and which runs are found again when the page opens. */
import { refreshJob, refreshJobs, show } from "./actions.js";
import { onEvent } from "./events.js";
import { KINDS, alive, current, jobs } from "./state.js";
import { announced, say } from "./toasts.js";
import { t } from "../texts.js";

/** The tab of a job's kind. @param {string} kind @returns {import("./types.js").Kind} */
export const tabOf = (kind) => KINDS.find((one) => one === kind) ?? "dream";

/** @param {string} id */
const tabShowing = (id) => KINDS.find((kind) => current[kind].value?.id === id);

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
  if (event.type === "step") {
    current[kind].value = { ...now, state: "running", progress: event };
    announce(event);
  } else if (event.type === "started") current[kind].value = { ...now, state: "running" };
  else if (event.type === "warning") say(event.text ?? event.message ?? "");
  else if (event.type === "item" || event.type === "picture") void refreshJob(kind);
  else if (ENDS.has(event.type)) void ended(kind, event);
}

const ENDS = new Set(["done", "stopped", "error", "cancelled"]);

/** @param {import("./types.js").Kind} kind @param {any} event */
async function ended(kind, event) {
  await refreshJob(kind);
  void refreshJobs();
  const now = current[kind].value;
  announced.value = event.type === "error" ? t("progress.failed") : t("progress.done");
  if (event.type === "error") say(now?.error ?? event.error ?? t("progress.failed"), { bad: true });
}

/** The queue's own bar. @param {any} event */
function share(event) {
  const running = jobs.value.running.map((job) => (job.id === event.job ? { ...job, share: event.share } : job));
  jobs.value = { ...jobs.value, running };
}

/** Listen, and show again what runs. */
export async function begin() {
  onEvent(follow);
  await refreshJobs();
  for (const job of [...jobs.value.running, ...jobs.value.waiting].reverse()) {
    const kind = tabOf(job.kind);
    if (!alive(current[kind].value)) show(kind, job);
  }
}
