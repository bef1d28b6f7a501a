/** A slider with what it does in words, its value, and a way back to the usual. */
import { html, useId } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { t } from "../texts.js";

/**
 * @param {{label: string, low?: string, high?: string, min: number, max: number, step: number, value: number, shown?: string,
 *   changed?: boolean, onInput: (value: number) => void, onUsual?: () => void}} props low and high: what its ends mean.
 */
export function Slider({ label, low, high, min, max, step, value, shown, changed = false, onInput, onUsual }) {
  const id = useId();
  return html`<div class="slider">
    <label for=${id}>${label}</label>
    <output for=${id}>${shown ?? value}</output>
    ${changed && onUsual && html`<button class="icon small" title=${t("usual")} aria-label=${t("usual.of", { name: label })} onClick=${onUsual}><${Icon} name="undo" /></button>`}
    <input id=${id} type="range" min=${min} max=${max} step=${step} value=${value} aria-valuetext=${shown ?? String(value)}
      onInput=${(/** @type {any} */ event) => onInput(Number(event.target.value))} />
    ${low && html`<span class="ends" aria-hidden="true"><span>${low}</span><span>${high}</span></span>`}
  </div>`;
}
