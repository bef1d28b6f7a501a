/** What somebody does on the page, as it reaches the server. */
import * as api from "./api.js";
import { blank, jobOf, wholeRecipe } from "./draft.js";
import { watch } from "./events.js";
import { batch } from "./html.js";
import { difference, flat, nested, same } from "./settings.js";
import { alive, amend, current, defaultsOf, drafts, jobs, masking, painted, presetOf } from "./state.js";
import { say } from "./toasts.js";
import { t } from "../texts.js";

/** @typedef {import("./types.js").Kind} Kind */
/** @typedef {import("./types.js").Draft} Draft */

/** Milliseconds after the last change before a running dream is told. */
const SETTLED = 220;
/** The longest side of a preview. */
export const PREVIEW_SIDE = 960;
/** The longest side of one second that is tried. */
const TRIAL = 320;

/** Say what was refused, and go on. @param {unknown} error */
export function complain(error) {
  say(error instanceof Error ? error.message : String(error), { bad: true });
}

/** @type {Partial<Record<Kind, ReturnType<typeof setTimeout>>>} */
const timers = {};

/** Change a tab's draft; a dream that runs is steered to it. @param {Kind} kind @param {Partial<Draft>} change */
export function change(kind, change) {
  drafts[kind].value = { ...drafts[kind].value, ...change };
  clearTimeout(timers[kind]);
  if (alive(current[kind].value) && kind !== "fool") timers[kind] = setTimeout(() => void steer(kind), SETTLED);
}

/** One setting by its dotted name; ``undefined`` goes back to the preset's. @param {Kind} kind @param {Record<string, any>} settings */
export function set(kind, settings) {
  const changes = { ...drafts[kind].value.changes, ...settings };
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete changes[name];
  change(kind, { changes });
}

/** @param {Kind} kind */
function everything(kind) {
  const draft = drafts[kind].value;
  return wholeRecipe(kind, draft, defaultsOf(kind), presetOf(draft.preset)?.recipe ?? {});
}

/** What cannot be changed on the way: another such choice begins anew. @param {ReturnType<typeof jobOf>} wanted */
const beginning = (wanted) => JSON.stringify([wanted.kind, wanted.preset, wanted.photo, wanted.targets]);

/** Whether what was done of a job is too much to begin again for a slider: a zoom or a film, once it has begun.
 * @param {Kind} kind @param {import("./types.js").Current} now */
const lasts = (kind, now) => (kind === "zoom" || kind === "film") && now.state !== "waiting";

/** Say, once for each job, that something counts for the next one. @param {Kind} kind */
function later(kind) {
  if (!current[kind].value?.later) say(t("steer.later"));
  amend(kind, { later: true });
}

/** Remember that a job goes on without some of what was asked for, so that it is asked for with the next one.
 * @param {Kind} kind @param {import("./types.js").Current} before @param {string[]} names Such as "size" or "zoom.duration".
 * @param {Record<string, any>} changed */
function notYet(kind, before, names, changed) {
  const now = current[kind].value;
  if (now?.id !== before.id) return;
  const stays = Object.keys(changed).filter((name) => names.some((one) => name === one || name.startsWith(`${one}.`)));
  const recipe = { ...now.sent.recipe };
  for (const name of stays) recipe[name] = before.sent.recipe[name];
  amend(kind, { sent: { ...now.sent, recipe } });
}

/** Tell the running dream of a tab what has changed. @param {Kind} kind */
async function steer(kind) {
  const now = current[kind].value;
  if (!now || !alive(now)) return;
  const wanted = jobOf(kind, drafts[kind].value);
  const whole = everything(kind);
  const other = now.sent.beginning !== beginning(wanted);
  if (other && !now.trial && lasts(kind, now)) return later(kind);
  if (now.trial || other || now.group.length > 1) {
    for (const id of now.group) await api.tellJob(id, "cancel").catch(() => {});
    return void (await (now.trial ? tryOne(kind) : start(kind)));
  }
  const changed = difference(now.sent.recipe, whole);
  const files = { guide: wanted.guide, mask: wanted.mask };
  if (!Object.keys(changed).length && same(files, now.sent.files)) return;
  amend(kind, { sent: { ...now.sent, recipe: whole, files } });
  try {
    const found = await api.steerJob(now.id, { recipe: nested(changed), ...files, anew: !lasts(kind, now) });
    if (found.how === "begun anew") say(t("steer.anew"));
    if (found.how === "over" && current[kind].value?.id === now.id) amend(kind, { sent: now.sent }); // it can be asked for anew
    if (found.later.length) {
      notYet(kind, now, found.later, changed);
      later(kind);
    }
  } catch (error) {
    if (error instanceof api.Refused && error.status === 409) return; // a part of it is made
    say(t("steer.not", { why: error instanceof Error ? error.message : "" }));
  }
}

/** What a job was begun with, to see what differs later. @param {Kind} kind @param {ReturnType<typeof jobOf>} wanted */
const asked = (kind, wanted) => ({ beginning: beginning(wanted), recipe: everything(kind), files: { guide: wanted.guide, mask: wanted.mask }, draft: drafts[kind].value });

/** Choose again what the shown picture was made of. @param {Kind} kind */
export function back(kind) {
  const draft = current[kind].value?.sent.draft;
  if (draft) drafts[kind].value = draft;
}

/** A seed that nobody chose. */
export const anySeed = () => Math.floor(Math.random() * 2 ** 31);

/** Begin what a tab asks for; asked for again, it is dreamt with other chances. @param {Kind} kind
 * @returns {Promise<boolean>} Whether it was taken. */
export async function start(kind) {
  if (kind === "dream" && masking.value && painted.take && !(await painted.take())) return false;
  const again = current[kind].value !== null && !differs(kind);
  const wanted = jobOf(kind, drafts[kind].value);
  const sent = asked(kind, wanted);
  if (again) wanted.recipe.seed = anySeed();
  try {
    show(kind, await api.startJob(wanted), sent);
    if (differs(kind)) void steer(kind); // changed while it was on its way
    void refreshJobs();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

/** One second of a zoom or a film, small: to see it before all of it is made. @param {Kind} kind */
export async function tryOne(kind) {
  const small = kind === "zoom" ? { "zoom.duration": 1, "zoom.loop": false, ...smaller(everything(kind).size) } : { "film.duration": 1, max_size: TRIAL };
  const wanted = jobOf(kind, drafts[kind].value);
  try {
    show(kind, await api.startJob({ ...wanted, recipe: merged(wanted.recipe, nested(small)) }), { beginning: "", recipe: {} });
    amend(kind, { trial: true });
    void refreshJobs();
  } catch (error) {
    complain(error);
  }
}

/** @param {Record<string, any>} one @param {Record<string, any>} other */
const merged = (one, other) => nested({ ...flat(one), ...flat(other) });

/** A size in pixels as it is tried. @param {[number, number] | null} size */
function smaller(size) {
  if (!size) return { max_size: TRIAL };
  const factor = Math.min(1, TRIAL / Math.max(...size));
  return { size: size.map((side) => 2 * Math.round((side * factor) / 2)) };
}

/** Show a job in its tab. @param {Kind} kind @param {import("./types.js").Job & {jobs?: string[]}} job @param {Record<string, any>} [sent]
 * @param {string | null} [behind] A picture that stays until there is another. */
export function show(kind, job, sent, behind = null) {
  current[kind].value = {
    id: job.id,
    group: job.jobs ?? [job.id],
    state: job.state ?? "waiting",
    progress: null,
    picture: job.picture ?? null,
    pictures: job.pictures ?? (job.picture ? [job.picture] : []),
    behind,
    error: job.error ?? null,
    photo: job.photo ?? drafts[kind].value.photo?.id ?? null,
    sent: sent ?? asked(kind, jobOf(kind, drafts[kind].value)),
    started: performance.now(),
    made: job.picture ? { [job.id]: job.picture } : {},
    alone: false,
    trial: false,
    plays: false,
    later: false,
  };
  watch(job.id, PREVIEW_SIDE);
}

/** @param {Kind} kind @param {"stop" | "pause" | "resume" | "cancel"} what */
export async function tell(kind, what) {
  const now = current[kind].value;
  if (!now) return;
  try {
    const others = now.group.filter((id) => id !== now.id);
    if (what === "stop") await Promise.all(others.map((id) => api.tellJob(id, "cancel").catch(() => {}))); // stop and keep: no more of them
    const all = what === "cancel" ? now.group : [now.id];
    await Promise.all(all.map((id) => api.tellJob(id, what).catch((error) => (all.length > 1 ? null : Promise.reject(error)))));
    await refreshJob(kind);
  } catch (error) {
    if (!(error instanceof api.Refused) || error.status !== 409) return complain(error);
    await refreshJob(kind); // it was over just before
  }
}

/** Ask again how the job of a tab stands. @param {Kind} kind */
export async function refreshJob(kind) {
  const now = current[kind].value;
  if (!now) return;
  const job = await api.job(now.id).catch(() => null);
  if (!job || current[kind].value?.id !== job.id) return;
  const latest = /** @type {import("./types.js").Current} */ (current[kind].value);
  const pictures = [...new Set([...latest.pictures, ...(job.pictures ?? [])])];
  const made = job.picture ? { ...latest.made, [job.id]: job.picture } : latest.made;
  current[kind].value = { ...latest, state: job.state, picture: (latest.alone ? null : job.picture) ?? latest.picture, pictures, made, error: job.error };
}

/** Ask again what runs and waits. */
export async function refreshJobs() {
  jobs.value = await api.jobs().catch(() => jobs.value);
}

/** Take a photograph into a tab, and dream at once where that is what a picture is for.
 * @param {Kind} kind @param {import("./types.js").Photo} photo @param {{dream?: boolean}} [how] */
export async function takePhoto(kind, photo, { dream = kind === "dream" } = {}) {
  const other = drafts[kind].value.photo?.id !== photo.id;
  batch(() => {
    if (alive(current[kind].value)) void tell(kind, "stop");
    current[kind].value = null;
    if (kind === "dream") masking.value = false;
    drafts[kind].value = { ...drafts[kind].value, photo, ...(other ? { painting: null } : {}) };
  });
  for (const warning of photo.warnings ?? []) say(warning);
  if (dream) await start(kind);
}

/** From the beginning: no picture, and everything as it is for somebody who comes first. @param {Kind} kind */
export function startOver(kind) {
  batch(() => {
    if (alive(current[kind].value)) void tell(kind, "cancel");
    current[kind].value = null;
    masking.value = false;
    drafts[kind].value = blank(kind);
  });
}

/** @param {Kind} kind @param {File} file @param {{dream?: boolean}} [how] */
export async function uploadPhoto(kind, file, how) {
  const photo = await api.putPhoto(file);
  await takePhoto(kind, photo, how);
}

/** Whether a draft differs from what the shown job was asked. @param {Kind} kind */
export function differs(kind) {
  const now = current[kind].value;
  if (!now) return true;
  const draft = drafts[kind].value;
  const wanted = jobOf(kind, draft);
  if (now.sent.beginning !== beginning(wanted)) return true;
  if (!same({ guide: wanted.guide, mask: wanted.mask }, now.sent.files)) return true;
  return Object.keys(difference(now.sent.recipe, everything(kind))).length > 0;
}
