/** From what somebody chose in a tab to what the server is asked for. */
import { GUIDE_LAYER, difference, flat, nested, read } from "./settings.js";
import { understood } from "./understood.js";

/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {import("./types.js").Part} Part */

/** The preset that a tab begins with. */
export const USUAL = { dream: "reverie", portrait: "portrait", zoom: "zoom", film: "reverie", fool: "" };
/** What a thing that grows out of a photograph at a few places takes instead. */
export const APPARITION = "apparition";

/** @param {import("./types.js").Kind} kind @returns {Draft} */
export function blank(kind) {
  /** @type {Record<string, any>} */
  const changes = kind === "dream" ? { max_size: 1024 } : {};
  if (kind === "zoom") Object.assign(changes, { "zoom.duration": 3, size: [640, 360] });
  if (kind === "film") Object.assign(changes, { max_size: 512 });
  return { preset: USUAL[kind], changes, parts: [], text: null, whole: true, photo: null, painting: null, targets: [], variations: 1 };
}

/** A layer's name as objectives write it. @param {string} name */
const named = (name) => (/^[A-Za-z_]\w*(\.\w+)*$/.test(name) ? name : JSON.stringify(name));

/** @param {Part} part */
export function term(part) {
  if (part.kind === "unit") return part.name;
  if (part.kind === "thing") return `class(${JSON.stringify(part.name)})`;
  if (part.kind === "guide") return `guide(${JSON.stringify(part.name)}, ${GUIDE_LAYER})`;
  return part.objective ?? named(part.name);
}

/** Parts as one objective: a sum with weights. @param {Part[]} parts */
export function sum(parts) {
  let text = "";
  for (const part of parts) {
    const size = Math.abs(part.weight);
    const one = size === 1 ? term(part) : `${Number(size.toFixed(3))}*${term(part)}`;
    const sign = part.weight < 0 ? "-" : "+";
    text += text ? ` ${sign} ${one}` : sign === "-" ? `-${one}` : one;
  }
  return text;
}

/** Whether a draft asks for things that grow whole at a few places. @param {string} kind @param {Draft} draft */
export function appears(kind, draft) {
  const things = draft.parts.length > 0 && draft.parts.every((part) => part.kind === "thing" && part.weight > 0);
  return kind === "dream" && draft.text === null && draft.whole && things && draft.preset === USUAL.dream;
}

/** The objective that a draft asks for, or null for the preset's own. @param {string} kind @param {Draft} draft @returns {string[] | null} */
export function objective(kind, draft) {
  if (draft.text !== null) return draft.text.split("\n").map((line) => line.trim()).filter(Boolean);
  const parts = draft.parts.filter((part) => part.weight !== 0);
  if (!parts.length) return null;
  return appears(kind, draft) ? parts.map(term) : [sum(parts)];
}

/** Settings that mean nothing where things appear at places. */
const NOT_AT_SITES = ["smallest", "octave_scale", "octaves", "seamless", "balance", "step_size"];

/** What a draft changes of its preset, flat. @param {string} kind @param {Draft} draft @returns {Record<string, any>} */
export function changesOf(kind, draft) {
  const changes = { ...draft.changes };
  if (appears(kind, draft)) for (const name of NOT_AT_SITES) delete changes[name];
  const wanted = objective(kind, draft);
  if (wanted && kind !== "portrait" && kind !== "fool") Object.assign(changes, sights(kind, wanted));
  return changes;
}

/** A zoom has scenes instead of one objective. @param {string} kind @param {string[]} wanted */
const sights = (kind, wanted) => (kind === "zoom" ? { "zoom.scenes": wanted } : { objective: wanted });

/** All settings of a draft, flat: defaults, preset, changes. @param {string} kind @param {Draft} draft
 * @param {Record<string, any>} defaults @param {Record<string, any>} preset */
export function wholeRecipe(kind, draft, defaults, preset) {
  return { ...flat(defaults), ...flat(preset), ...changesOf(kind, draft) };
}

/** The body of POST /api/jobs. @param {import("./types.js").Kind} kind @param {Draft} draft @returns {Record<string, any>} */
export function jobOf(kind, draft) {
  if (kind === "fool") return { kind, recipe: { ...draft.changes }, targets: draft.targets };
  const whole = appears(kind, draft);
  const guide = draft.parts.find((part) => part.kind === "guide");
  /** @type {Record<string, any>} */
  const wanted = { kind: whole ? APPARITION : kind, preset: whole ? APPARITION : draft.preset, recipe: nested(changesOf(kind, draft)) };
  if (draft.photo && kind !== "portrait") wanted.photo = draft.photo.id;
  if (draft.painting?.id && kind === "dream") wanted.mask = draft.painting.id;
  if (guide) wanted.guide = guide.name;
  if (kind === "portrait") wanted.targets = draft.targets;
  if (draft.variations > 1) wanted.variations = draft.variations;
  return wanted;
}

/** What a picture's recipe changes of its preset, flat. @param {import("./types.js").Remembered} found
 * @param {Record<string, any>} preset @param {Record<string, any>} defaults @returns {Record<string, any>} */
export function changed(found, preset, defaults) {
  const { preset: _, ...now } = flat(found.recipe);
  return difference({ ...flat(defaults), ...flat(preset) }, now);
}

/** A draft that asks for what a picture remembers. @param {import("./types.js").Kind} kind
 * @param {import("./types.js").Remembered} found @param {Record<string, any>} changes As ``changed`` says. @returns {Draft} */
export function restored(kind, found, { ...changes }) {
  if (kind === "fool") return { ...blank(kind), changes, targets: found.targets ?? [] };
  const name = kind === "zoom" ? "zoom.scenes" : "objective";
  const wanted = changes[name] ?? (found.kind === APPARITION || kind === "portrait" ? found.recipe.objective : []);
  delete changes[name];
  const parts = understood(wanted);
  const whole = found.kind === APPARITION;
  const usual = found.preset ?? String(read(found.recipe, "preset") ?? USUAL[kind]);
  const draft = { ...blank(kind), changes, preset: whole && parts ? USUAL.dream : usual };
  if (kind === "portrait") return { ...draft, targets: (parts ?? []).map((part) => part.name) };
  return { ...draft, whole, parts: parts ?? [], text: parts || !wanted.length ? null : wanted.join("\n") };
}
