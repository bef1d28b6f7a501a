/** The tools of the mask, in one bar. */
import { html } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { t } from "../texts.js";

/**
 * @param {{painting: import("../core/types.js").Painting, brush: {size: number, erase: boolean}, onBrush: (brush: any) => void,
 *   onPainting: (painting: any) => void, onUndo: (() => void) | null, onRedo: (() => void) | null, onKeep: () => void, onLeave: () => void}} props
 */
export function MaskTools({ painting, brush, onBrush, onPainting, onUndo, onRedo, onKeep, onLeave }) {
  /** @param {"stay" | "dream"} paints */
  const paints = (paints) => html`<label class="choice"><input type="radio" name="paints" checked=${painting.paints === paints}
    onChange=${() => onPainting({ ...painting, paints })} /><span>${t(`mask.paints.${paints}`)}</span></label>`;
  return html`<div class="mask-tools" role="toolbar" aria-label=${t("mask.tools")}>
    <fieldset class="segments"><legend class="unseen">${t("mask.paints")}</legend>${paints("stay")}${paints("dream")}</fieldset>
    <div class="row">
      <button class="icon" aria-pressed=${!brush.erase} title=${t("mask.brush")} aria-label=${t("mask.brush")} onClick=${() => onBrush({ ...brush, erase: false })}><${Icon} name="brush" /></button>
      <button class="icon" aria-pressed=${brush.erase} title=${t("mask.eraser")} aria-label=${t("mask.eraser")} onClick=${() => onBrush({ ...brush, erase: true })}><${Icon} name="eraser" /></button>
      <button class="icon" disabled=${!onUndo} title=${t("undo")} aria-label=${t("undo")} onClick=${onUndo}><${Icon} name="undo" /></button>
      <button class="icon" disabled=${!onRedo} title=${t("redo")} aria-label=${t("redo")} onClick=${onRedo}><${Icon} name="redo" /></button>
    </div>
    <label class="small-slider"><span>${t("mask.size")}</span><input type="range" min="0.02" max="0.5" step="0.01" value=${brush.size}
      onInput=${(/** @type {any} */ event) => onBrush({ ...brush, size: Number(event.target.value) })} /></label>
    <label class="small-slider"><span>${t("mask.feather")}</span><input type="range" min="0" max="0.12" step="0.005" value=${painting.feather}
      onInput=${(/** @type {any} */ event) => onPainting({ ...painting, feather: Number(event.target.value) })} /></label>
    <div class="row end">
      <button class="quiet" onClick=${onLeave}>${t("cancel")}</button>
      <button class="primary" onClick=${onKeep}><${Icon} name="check" /> ${t("mask.keep")}</button>
    </div>
  </div>`;
}
