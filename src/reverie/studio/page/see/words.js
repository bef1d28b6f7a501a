/** What is seen, in the same words everywhere: layers by what they draw, a preset's own as its own. */
import * as api from "../core/api.js";
import { same } from "../core/settings.js";
import { layerWords, learnWords, presetOf, usualNetwork } from "../core/state.js";
import { understood } from "../core/understood.js";
import { html, useEffect } from "../core/html.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Part} Part */

/** @param {string} text */
export const upper = (text) => text.replace(/^./, (first) => first.toUpperCase());

/** A preset's name as a title. @param {string} name */
export const title = (name) => upper(presetOf(name)?.name ?? name);

/** What a part is called. @param {Part} part */
export function called({ kind, name, label }) {
  if (kind === "layer") return upper(layerWords.value[name] ?? label);
  return kind === "guide" && label === name ? t("see.guide.one") : label;
}

/** An objective in words. @param {string[]} objective @param {string | null} preset */
function inWords(objective, preset) {
  const own = presetOf(preset ?? "")?.recipe.objective ?? [];
  if (!objective.length || same(objective, own)) return t("see.itself");
  const parts = understood(objective);
  return parts ? [...new Set(parts.map(called))].join(" + ") : t("see.formula");
}

/** What a picture was to see, with the formula behind it. @param {{found: import("../core/types.js").Remembered}} props */
export function Seen({ found }) {
  useEffect(() => {
    if (!Object.keys(layerWords.value).length) void api.layers(usualNetwork.value, null).then(learnWords, () => {});
  }, []);
  if (found.targets) return html`<span>${found.targets.join(", ")}</span>`;
  const objective = found.recipe.zoom?.scenes?.length ? found.recipe.zoom.scenes : (found.recipe.objective ?? []);
  return html`<span>${inWords(objective, found.preset ?? found.recipe.preset ?? null)}</span>
    <details class="formula"><summary>${t("see.details")}</summary><code class="objective">${objective.join("\n")}</code></details>`;
}
