/** What the page knows, as signals; who changes it is in actions.js. */
import { blank } from "./draft.js";
import { computed, effect, signal } from "./html.js";

/** @typedef {import("./types.js").Kind} Kind */

/** @type {Kind[]} */
export const KINDS = ["dream", "portrait", "zoom", "film", "fool"];
/** @type {import("./types.js").View[]} */
export const VIEWS = ["dream", "portrait", "zoom", "film", "network", "fool", "gallery"];

const viewOf = () => VIEWS.find((name) => location.hash === `#${name}`) ?? "dream";
export const view = signal(viewOf());
addEventListener("hashchange", () => (view.value = viewOf()));

/** @param {import("./types.js").View} name */
export function go(name) {
  if (name === view.value) return;
  view.value = name; // the address hears of it later
  location.hash = name;
}

/** @type {import("./html.js").Signal<import("./types.js").Schema | null>} */
export const schema = signal(/** @type {any} */ (null));
/** @type {import("./html.js").Signal<import("./types.js").Preset[]>} */
export const presets = signal(/** @type {any} */ ([]));
/** @type {import("./html.js").Signal<import("./types.js").Network[]>} */
export const networks = signal(/** @type {any} */ ([]));
/** @type {import("./html.js").Signal<import("./types.js").Photo[] | null>} */
export const samples = signal(/** @type {any} */ (null));
/** @type {import("./html.js").Signal<import("./types.js").Jobs>} */
export const jobs = signal(/** @type {any} */ ({ running: [], waiting: [], recent: [] }));

/** What each layer draws, in words, by its name. @type {import("./html.js").Signal<Record<string, string>>} */
export const layerWords = signal(/** @type {any} */ ({}));

/** @param {import("./types.js").Layer[]} layers */
export function learnWords(layers) {
  const found = layers.filter(({ words }) => words).flatMap(({ name, objective, words }) => [[name, words], [objective, words]]);
  layerWords.value = { ...layerWords.value, ...Object.fromEntries(found) };
}

/** The network that dreams where nobody chose another. */
export const usualNetwork = computed(() => (networks.value.find((one) => one.default) ?? networks.value[0])?.name ?? "lite0");

const KEPT = "reverie.drafts";

/** @param {Kind} kind @returns {import("./types.js").Draft} */
function remembered(kind) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}")[kind];
    return kept ? { ...blank(kind), ...kept } : blank(kind);
  } catch {
    return blank(kind);
  }
}

/** What each tab is about to ask for; kept in the browser. */
export const drafts = /** @type {Record<Kind, import("./html.js").Signal<import("./types.js").Draft>>} */ (
  Object.fromEntries(KINDS.map((kind) => [kind, signal(remembered(kind))]))
);
effect(() => {
  const all = Object.fromEntries(KINDS.map((kind) => [kind, drafts[kind].value]));
  try {
    localStorage.setItem(KEPT, JSON.stringify(all));
  } catch {
    // Where nothing may be kept, nothing is.
  }
});

/** Forget what the tabs were about to ask for, and what they show. */
export function beginAnew() {
  for (const kind of KINDS) {
    drafts[kind].value = blank(kind);
    current[kind].value = null;
  }
}

/** The job that each tab shows. */
export const current = /** @type {Record<Kind, import("./html.js").Signal<import("./types.js").Current | null>>} */ (
  Object.fromEntries(KINDS.map((kind) => [kind, signal(/** @type {any} */ (null))]))
);

/** Change a little of what a tab shows, as it stands by now: what was drawn may be older. @param {Kind} kind
 * @param {Partial<import("./types.js").Current>} change */
export function amend(kind, change) {
  const now = current[kind].value;
  if (now) current[kind].value = { ...now, ...change };
}

/** Whether a job goes on. @param {import("./types.js").Current | import("./types.js").Job | null} job */
export const alive = (job) => job !== null && ["waiting", "running", "paused"].includes(job.state);

/** @typedef {{name: string, about?: any, under: SheetState | null}} SheetState A dialog, what it is about, and the one beneath it. */

/** The dialog that is open, if one is. @type {import("./html.js").Signal<SheetState | null>} */
export const sheet = signal(/** @type {any} */ (null));

/** @param {string} name @param {any} [about] */
export function openSheet(name, about) {
  if (sheet.value?.name !== name) sheet.value = { name, about, under: sheet.value };
}

/** Close the one on top. */
export const closeSheet = () => (sheet.value = sheet.value?.under ?? null);
/** Close all of them. */
export const closeSheets = () => (sheet.value = null);

/** Whether the mask is being painted. */
export const masking = signal(false);
/** Takes what is painted over, as "done" does; whether that worked. @type {{take: null | (() => Promise<boolean>)}} */
export const painted = { take: null };

/** @param {string} name */
export const presetOf = (name) => presets.value.find((one) => one.name === name) ?? null;
/** @param {Kind} kind */
export const defaultsOf = (kind) => schema.value?.kinds[kind]?.defaults ?? {};
