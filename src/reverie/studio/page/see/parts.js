/** What shall be seen, as a list of parts with weights: chosen alone, added, weighed, left out. */
import { change } from "../core/actions.js";
import { html } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { drafts } from "../core/state.js";
import { called } from "./words.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Part} Part */
/** @typedef {import("../core/types.js").Kind} Kind */

/** @param {Part} one @param {Part} other */
const alike = (one, other) => one.kind === other.kind && one.name === other.name;

/** @param {Kind} kind @param {Part} part */
export const chosen = (kind, part) => drafts[kind].value.text === null && drafts[kind].value.parts.some((one) => alike(one, part));

/** See this and nothing else; chosen again it is let go. @param {Kind} kind @param {Part} part */
export function chooseOnly(kind, part) {
  const { parts } = drafts[kind].value;
  const alone = parts.length === 1 && chosen(kind, part);
  change(kind, { parts: alone ? [] : [part], text: null });
}

/** See this too, or no longer. @param {Kind} kind @param {Part} part */
export function toggle(kind, part) {
  const { parts } = drafts[kind].value;
  const next = chosen(kind, part) ? parts.filter((one) => !alike(one, part)) : [...parts, part];
  change(kind, { parts: next, text: null });
}

/** A tile with a picture: a click chooses it alone, the small button adds it.
 * @param {{kind: Kind, part: Part, title: string, note?: string, picture: string | null, badge?: string}} props */
export function Tile({ kind, part, title, note, picture, badge }) {
  const is = chosen(kind, part);
  const adds = t(is ? "see.without" : "see.with", { name: title });
  return html`<div class=${`tile${is ? " is" : ""}`}>
    <button class="face" aria-pressed=${is} onClick=${() => chooseOnly(kind, part)}>
      ${picture ? html`<img src=${picture} alt="" loading="lazy" />` : html`<span class="blank" aria-hidden="true">${part.kind === "thing" ? title[0] : ""}</span>`}
      <span class="name">${title}${badge && html`<small class="badge">${badge}</small>`}</span>
      ${note && html`<span class="note">${note}</span>`}
    </button>
    <button class="add" aria-label=${adds} title=${adds} onClick=${() => toggle(kind, part)}><${Icon} name=${is ? "minus" : "plus"} /></button>
  </div>`;
}

/** What is chosen, with weights where there are several. @param {{kind: Kind}} props */
export function Chosen({ kind }) {
  const { parts, text } = drafts[kind].value;
  if (text !== null) {
    return html`<p class="chosen-text"><span class="soft">${t("see.by.text")}</span> <code>${text}</code>
      <button class="quiet" onClick=${() => change(kind, { text: null })}>${t("see.text.drop")}</button></p>`;
  }
  if (!parts.length) return html`<p class="soft">${t("see.preset")}</p>`;
  return html`<ul class="chosen" aria-label=${t("see.chosen")}>
    ${parts.map((part, index) => html`<li key=${part.kind + part.name}>
      ${part.picture ? html`<img src=${part.picture} alt="" />` : html`<span class="blank" aria-hidden="true">${part.kind === "thing" ? called(part)[0] : ""}</span>`}
      <span class="name">${called(part)}</span>
      ${parts.length > 1 && html`<input type="range" min="-1" max="2" step="0.05" value=${part.weight} aria-label=${t("see.weight", { name: called(part) })}
          onInput=${(/** @type {any} */ event) => weigh(kind, index, Number(event.target.value))} /><output>${part.weight.toFixed(2).replace(/0$/, "")}</output>`}
      <button class="icon small" aria-label=${t("see.without", { name: called(part) })} onClick=${() => toggle(kind, part)}><${Icon} name="close" /></button>
    </li>`)}
  </ul>`;
}

/** @param {Kind} kind @param {number} index @param {number} weight */
function weigh(kind, index, weight) {
  const parts = drafts[kind].value.parts.map((part, at) => (at === index ? { ...part, weight } : part));
  change(kind, { parts });
}
