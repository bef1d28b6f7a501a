/** An objective's text as parts with weights again, where it is one that parts can say. */
import { GUIDE_LAYER } from "./settings.js";

/** @typedef {import("./types.js").Part} Part */

/** @type {[Part["kind"], RegExp][]} */
const TERMS = [
  ["thing", /^class\(("(?:[^"\\]|\\.)*")\)$/],
  ["guide", new RegExp(`^guide\\(("[\\w-]+"), ${GUIDE_LAYER}\\)$`)],
  ["unit", /^((?:[A-Za-z_]\w*(?:\.\w+)*|"[^"]+"):\d+)$/],
  ["layer", /^([A-Za-z_]\w*(?:\.\w+)*)$/],
];
/** Words that are terms by themselves, and no layers. */
const NO_LAYERS = ["tv", "l2", "unnatural", "entropy"];

/** One term without its weight. @param {string} text @param {number} weight @returns {Part | null} */
function part(text, weight) {
  for (const [kind, pattern] of TERMS) {
    const found = pattern.exec(text);
    if (!found || NO_LAYERS.includes(found[1])) continue;
    const name = kind === "layer" || kind === "unit" ? found[1] : JSON.parse(found[1]);
    return { kind, name, label: name, weight, picture: kind === "guide" ? `/api/photos/${name}?side=160` : null };
  }
  return null;
}

/** Terms of a sum with their signs; what stands in quotes or brackets is not looked into. @param {string} text */
function* terms(text) {
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const sign = text[at];
    if (sign === '"' && text[at - 1] !== "\\") quoted = !quoted;
    if (!quoted && sign === "(") depth += 1;
    if (!quoted && sign === ")") depth -= 1;
    const ends = at === text.length || (!quoted && !depth && /^ [+-] /.test(text.slice(at, at + 3)));
    if (!ends) continue;
    yield text.slice(from, at).trim();
    from = at + 1;
  }
}

/** The parts of a sum; null where something in it is more than a part. @param {string} text @returns {Part[] | null} */
function summands(text) {
  const found = [...terms(text)].map((one) => {
    const [, sign, size, term] = /^([+-]?) ?(?:(\d+(?:\.\d+)?)\*)?(.*)$/.exec(one) ?? [];
    return part(term, Number(size ?? 1) * (sign === "-" ? -1 : 1));
  });
  return found.every((one) => one !== null) ? found : null;
}

/** Things at places are one objective each; anything else is one sum. @param {string[]} objective @returns {Part[] | null} */
export function understood(objective) {
  const sums = objective.map(summands);
  if (sums.some((parts) => parts === null || !parts.length)) return null;
  const all = /** @type {Part[]} */ (sums.flat());
  return objective.length === 1 || all.every((one) => one.kind === "thing") ? all : null;
}
