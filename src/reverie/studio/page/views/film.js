/** A film dreams: trimmed, tried for a second, then made as a whole. */
import { complain, set, show } from "../core/actions.js";
import * as api from "../core/api.js";
import { jobOf } from "../core/draft.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { alive, current, drafts } from "../core/state.js";
import { nested } from "../core/settings.js";
import { See } from "../see/see.js";
import { Presets } from "../shape/presets.js";
import { Slider } from "../shape/slider.js";
import { SettingSlider, Size, setting } from "../shape/sliders.js";
import { ActionBar, hasPhoto } from "./action_bar.js";
import { PhotoHead } from "./dream.js";
import { Tab } from "./tab.js";
import { Welcome } from "./welcome.js";
import { t } from "../texts.js";

const seconds = (/** @type {number} */ value) => t("seconds", { value: Number(value.toFixed(1)) });

/** One second from where the film begins, at a small size. */
async function tryOne() {
  const wanted = jobOf("film", drafts.film.value);
  const changes = { ...drafts.film.value.changes, "film.duration": 1, max_size: 320 };
  try {
    show("film", await api.startJob({ ...wanted, recipe: { ...wanted.recipe, ...nested(changes) } }), { beginning: "", recipe: {} });
  } catch (error) {
    complain(error);
  }
}

export function Film() {
  const { photo } = drafts.film.value;
  const [busy, setBusy] = useState(false);
  const action = html`<${ActionBar} kind="film" ready=${hasPhoto("film")} verb="film.begin" missing=${t("film.needs")} />`;
  return html`<${Tab} kind="film" alone=${!photo} welcome=${html`<${Welcome} kind="film" film />`} head=${photo && html`<${PhotoHead} kind="film" accept="video/*,image/gif,image/webp,image/apng" />`} action=${action}>
    ${photo && html`<section class="block" aria-labelledby="trim"><h2 id="trim">${t("film.trim")}</h2>
      <${Trim} length=${photo.duration ?? null} />
      <button class="wide" disabled=${busy || alive(current.film.value)} onClick=${() => (setBusy(true), tryOne().finally(() => setBusy(false)))}><${Icon} name="play" /> ${t("film.try")}</button>
    </section>`}
    <section class="block" aria-labelledby="film-how"><h2 id="film-how">${t("how.title")}</h2>
      <${SettingSlider} kind="film" name="strength" label=${t("how.strength")} low=${t("how.strength.low")} high=${t("how.strength.high")} min=${0.05} max=${1} step=${0.05} usual=${0.5} />
      <${SettingSlider} kind="film" name="keep_colour" label=${t("how.colour")} min=${0} max=${1} step=${0.05} usual=${0} />
      <${Size} kind="film" />
    </section>
    <${See} kind="film" ways=${["layers", "things", "text"]} />
    <${Presets} kind="film" />
  <//>`;
}

/** From where, and how much. @param {{length: number | null}} props */
function Trim({ length }) {
  const end = length ?? 60;
  const start = Number(setting("film", "film.start") ?? 0);
  const duration = setting("film", "film.duration");
  const takes = Math.min(duration ?? end - start, end - start);
  return html`<${Slider} label=${t("film.start")} min=${0} max=${Math.max(0, end - 0.1)} step=${0.1} value=${start} shown=${seconds(start)}
      onInput=${(/** @type {number} */ to) => set("film", { "film.start": to, ...(duration ? { "film.duration": Math.min(duration, Number((end - to).toFixed(1))) } : {}) })} />
    <${Slider} label=${t("film.duration")} min=${0.1} max=${Number((end - start).toFixed(1))} step=${0.1} value=${takes} shown=${duration || length ? seconds(takes) : t("film.all")}
      changed=${Boolean(duration)} onInput=${(/** @type {number} */ to) => set("film", { "film.duration": to })} onUsual=${() => set("film", { "film.duration": undefined })} />`;
}
