/** The endless zoom: into a photograph, or into clouds. */
import { change, set } from "../core/actions.js";
import { html } from "../core/html.js";
import { alive, current, drafts } from "../core/state.js";
import { See } from "../see/see.js";
import { Presets } from "../shape/presets.js";
import { Segments } from "../shape/segments.js";
import { SettingSlider, setting } from "../shape/sliders.js";
import { ActionBar } from "./action_bar.js";
import { PhotoHead } from "./dream.js";
import { Tab } from "./tab.js";
import { TryOne } from "./try_one.js";
import { FileButton } from "./welcome.js";
import { t } from "../texts.js";

const LENGTHS = [3, 6, 12, 30];
const SIZES = { small: [480, 270], medium: [640, 360], large: [960, 540], full: [1920, 1080] };

/** Seconds with a word for it. @param {number} value */
const seconds = (value) => t("seconds", { value });
const degrees = (/** @type {number} */ value) => t("degrees", { value });
const times = (/** @type {number} */ value) => t("times", { value: value.toFixed(2) });

export function Zoom() {
  const { photo } = drafts.zoom.value;
  const welcome = html`<div class="welcome"><h1>${t("zoom.title")}</h1><p class="lead">${t("zoom.lead")}</p></div>`;
  const length = Number(setting("zoom", "zoom.duration"));
  const size = String(setting("zoom", "size")?.[0]);
  const choices = Object.entries(SIZES).map(([name, [width]]) => ({ value: String(width), label: t(/** @type {any} */ (`size.${name}`)) }));
  return html`<${Tab} kind="zoom" welcome=${welcome} head=${photo && html`<${PhotoHead} kind="zoom" />`} action=${html`<${ActionBar} kind="zoom" verb="zoom.begin" />`}>
    <section class="block" aria-labelledby="zoom-from"><h2 id="zoom-from">${t("zoom.from")}</h2>
      ${photo ? html`<p class="soft">${t("zoom.cut")}</p><button class="wide" onClick=${() => change("zoom", { photo: null })}>${t("zoom.clouds")}</button>`
        : html`<p class="soft">${t("zoom.from.clouds")}</p><div class="row"><${FileButton} look="wide" icon="picture" label=${t("welcome.choose")} accept="image/*" hotkey="o" />
          ${drafts.dream.value.photo && html`<button class="wide" onClick=${() => change("zoom", { photo: drafts.dream.value.photo })}>${t("zoom.same", { name: drafts.dream.value.photo.name })}</button>`}</div>`}
    </section>
    <section class="block" aria-labelledby="zoom-how"><h2 id="zoom-how">${t("zoom.how")}</h2>
      ${alive(current.zoom.value) && html`<p class="note">${t("zoom.steers")}</p>`}
      <${Segments} label=${t("zoom.length")} value=${String(length)} onChange=${(/** @type {string} */ value) => set("zoom", { "zoom.duration": Number(value) })}
        choices=${[...new Set([...LENGTHS, length])].sort((one, other) => one - other).map((value) => ({ value: String(value), label: seconds(value) }))} />
      <${Curve} name="zoom.zoom" label=${t("zoom.speed")} min=${0.8} max=${2} step=${0.05} usual=${1.25} shown=${times} low=${t("zoom.speed.low")} high=${t("zoom.speed.high")} />
      <${Curve} name="zoom.rotate" label=${t("zoom.turn")} min=${-45} max=${45} step=${5} usual=${0} shown=${degrees} />
      <${SettingSlider} kind="zoom" name="zoom.vivid" label=${t("zoom.vivid")} min=${0} max=${3} step=${0.1} usual=${1} shown=${times} />
      <label class="check"><input type="checkbox" checked=${Boolean(setting("zoom", "zoom.loop"))} onChange=${(/** @type {any} */ event) => set("zoom", { "zoom.loop": event.target.checked || undefined })} /><span>${t("zoom.loop")}</span></label>
      <p class="label">${t("zoom.size")}</p>
      <${Segments} label=${t("zoom.size")} value=${size} choices=${choices} onChange=${(/** @type {string} */ width) => set("zoom", { size: Object.values(SIZES).find(([one]) => String(one) === width) })} />
      <${TryOne} kind="zoom" />
    </section>
    <${See} kind="zoom" ways=${["layers", "things", "text"]} />
    <${Presets} kind="zoom" />
  <//>`;
}

/** A value over time, as one number that holds all the while. @param {any} props */
function Curve(props) {
  const now = setting("zoom", props.name);
  if (now !== undefined && now !== null && typeof now !== "number" && Number.isNaN(Number(now))) {
    return html`<p class="soft">${t("zoom.curve", { name: props.label, curve: typeof now === "string" ? now : JSON.stringify(now) })}</p>`;
  }
  return html`<${SettingSlider} kind="zoom" ...${props} />`;
}
