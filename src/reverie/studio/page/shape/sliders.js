/** "How?": the few settings that most dreams need, with sane ends. */
import { set } from "../core/actions.js";
import { appears } from "../core/draft.js";
import { html } from "../core/html.js";
import { flat } from "../core/settings.js";
import { defaultsOf, drafts, presetOf } from "../core/state.js";
import { Slider } from "./slider.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Kind} Kind */

/** A setting as it stands: changed, the preset's, or the default. @param {Kind} kind @param {string} name */
export function setting(kind, name) {
  const { changes, preset } = drafts[kind].value;
  if (name in changes) return changes[name];
  return { ...flat(defaultsOf(kind)), ...flat(presetOf(preset)?.recipe ?? {}) }[name];
}

const percent = (/** @type {number} */ value) => t("percent", { value: Math.round(100 * value) });

/** @param {{kind: Kind, label: string, name: string, min: number, max: number, step: number, usual: number,
 *   shown?: (value: number) => string, low?: string, high?: string}} props */
export function SettingSlider({ kind, label, name, min, max, step, usual, shown = percent, low, high }) {
  const value = Number(setting(kind, name) ?? usual);
  return html`<${Slider} label=${label} min=${min} max=${max} step=${step} value=${value} shown=${shown(value)} low=${low} high=${high}
    changed=${name in drafts[kind].value.changes} onInput=${(/** @type {number} */ to) => set(kind, { [name]: to })} onUsual=${() => set(kind, { [name]: undefined })} />`;
}

/** From the finest to the richest ladder of sizes: how near one octave is to the next. */
const RICHEST = 1.15;
const PLAINEST = 2;
/** Short sides of the smallest octave: below, things fill the picture; above, they are many and small. */
const LARGE = 48;
const SMALL = 512;

/** Detail: how many sizes lie between the smallest and the whole. @param {{kind: Kind}} props */
function Detail({ kind }) {
  const scale = Number(setting(kind, "octave_scale") ?? 1.4);
  const value = Math.round((100 * (PLAINEST - scale)) / (PLAINEST - RICHEST));
  const { changes } = drafts[kind].value;
  return html`<${Slider} label=${t("how.detail")} low=${t("how.detail.low")} high=${t("how.detail.high")} min=${0} max=${100} step=${5} value=${value}
    shown=${percent(value / 100)} changed=${"octave_scale" in changes}
    onInput=${(/** @type {number} */ to) => set(kind, { octave_scale: Number((PLAINEST - (to / 100) * (PLAINEST - RICHEST)).toFixed(3)), octaves: null })}
    onUsual=${() => set(kind, { octave_scale: undefined, ...("smallest" in changes ? {} : { octaves: undefined }) })} />`;
}

/** Size of things: the smallest size at which it dreams. @param {{kind: Kind}} props */
function Things({ kind }) {
  const smallest = Number(setting(kind, "smallest") ?? 128);
  const value = Math.round((100 * Math.log(SMALL / smallest)) / Math.log(SMALL / LARGE));
  const { changes } = drafts[kind].value;
  return html`<${Slider} label=${t("how.things")} low=${t("how.things.low")} high=${t("how.things.high")} min=${0} max=${100} step=${5} value=${value}
    shown=${percent(value / 100)} changed=${"smallest" in changes}
    onInput=${(/** @type {number} */ to) => set(kind, { smallest: Math.round(SMALL * (LARGE / SMALL) ** (to / 100)), octaves: null })}
    onUsual=${() => set(kind, { smallest: undefined, ...("octave_scale" in changes ? {} : { octaves: undefined }) })} />`;
}

const SIDES = [512, 1024, 1600, 2400];

/** How large the picture becomes. @param {{kind: Kind}} props */
export function Size({ kind }) {
  const now = setting(kind, "max_size");
  const sides = SIDES.includes(now) || !now ? SIDES : [...SIDES, now].sort((one, other) => one - other);
  return html`<label class="select"><span>${t("how.size")}</span>
    <select value=${String(now ?? "")} onChange=${(/** @type {any} */ event) => set(kind, { max_size: event.target.value ? Number(event.target.value) : null })}>
      ${sides.map((side) => html`<option key=${side} value=${String(side)}>${t("how.size.of", { side })}</option>`)}
      <option value="">${t("how.size.full")}</option>
    </select></label>`;
}

/** @param {{kind: Kind}} props */
export function How({ kind }) {
  const whole = appears(kind, drafts[kind].value);
  return html`<section class="block" aria-labelledby=${`how-${kind}`}>
    <h2 id=${`how-${kind}`}>${t("how.title")}</h2>
    <${SettingSlider} kind=${kind} name="strength" label=${t("how.strength")} low=${t("how.strength.low")} high=${t("how.strength.high")} min=${0.05} max=${1} step=${0.05} usual=${0.5} />
    ${!whole && html`<${Detail} kind=${kind} /><${Things} kind=${kind} />`}
    <${SettingSlider} kind=${kind} name="keep_colour" label=${t("how.colour")} low=${t("how.colour.low")} high=${t("how.colour.high")} min=${0} max=${1} step=${0.05} usual=${0} />
    ${!whole && kind === "dream" && html`<label class="check"><input type="checkbox" checked=${Boolean(setting(kind, "seamless"))}
      onChange=${(/** @type {any} */ event) => set(kind, { seamless: event.target.checked || undefined })} /><span>${t("how.seamless")}</span></label>`}
    <${Size} kind=${kind} />
  </section>`;
}
