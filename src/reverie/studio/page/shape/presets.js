/** Ways of dreaming with their history. */
import { change } from "../core/actions.js";
import { USUAL } from "../core/draft.js";
import { html, useId } from "../core/html.js";
import { drafts, presets } from "../core/state.js";
import { title } from "../see/words.js";
import { t } from "../texts.js";

/** The kinds of presets that a tab takes. @type {Record<string, string[]>} */
const TAKES = { dream: ["dream"], portrait: ["portrait"], zoom: ["zoom"], film: ["film", "dream"], fool: [] };

/** @param {{kind: import("../core/types.js").Kind}} props */
export function Presets({ kind }) {
  const name = useId();
  const mine = presets.value.filter((one) => TAKES[kind].includes(one.kind));
  const now = drafts[kind].value.preset;
  if (mine.length < 2) return null;
  return html`<section class="block"><details class="presets">
    <summary><h2>${t("preset.title")}</h2><span class="now">${title(now)}</span></summary>
    <fieldset><legend class="unseen">${t("preset.title")}</legend>
    ${mine.map((one) => html`<div class="preset" key=${one.name}>
      <label><input type="radio" name=${name} checked=${one.name === now} onChange=${() => change(kind, { preset: one.name })} />
        <span class="name">${title(one.name)}${one.name === USUAL[kind] && html`<small class="badge">${t("preset.usual")}</small>`}</span>
        <span class="note">${one.summary}</span></label>
      ${one.history && one.history !== one.summary && html`<details class="history"><summary>${t("preset.history")}</summary><p>${one.history}</p></details>`}
    </div>`)}</fieldset>
  </details></section>`;
}
