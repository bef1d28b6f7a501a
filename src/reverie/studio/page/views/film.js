/** A film dreams: trimmed, tried for a second, then made as a whole. */
import { set } from "../core/actions.js";
import { photoUrl } from "../core/api.js";
import { html, useEffect, useState } from "../core/html.js";
import { drafts } from "../core/state.js";
import { See } from "../see/see.js";
import { Presets } from "../shape/presets.js";
import { Slider } from "../shape/slider.js";
import { SettingSlider, Size, setting } from "../shape/sliders.js";
import { ActionBar, hasPhoto } from "./action_bar.js";
import { TryOne } from "./try_one.js";
import { PhotoHead } from "./dream.js";
import { Tab } from "./tab.js";
import { Welcome } from "./welcome.js";
import { t } from "../texts.js";

const seconds = (/** @type {number} */ value) => t("seconds", { value: Number(value.toFixed(1)) });

export function Film() {
  const { photo } = drafts.film.value;
  const action = html`<${ActionBar} kind="film" ready=${hasPhoto("film")} verb="film.begin" missing=${t("film.needs")} />`;
  return html`<${Tab} kind="film" alone=${!photo} welcome=${html`<${Welcome} kind="film" film />`} head=${photo && html`<${PhotoHead} kind="film" accept="video/*,image/gif,image/webp,image/apng" />`} action=${action}>
    ${photo && html`<section class="block" aria-labelledby="trim"><h2 id="trim">${t("film.trim")}</h2>
      <${Trim} id=${photo.id} length=${photo.duration ?? null} />
      <${TryOne} kind="film" />
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

/** Milliseconds after a slider came to rest before the frame under it is fetched. */
const SETTLED = 150;

/** A frame of the film, once nothing moves any more. @param {{id: string, at: number, label: string}} props */
function FrameAt({ id, at, label }) {
  const [shown, setShown] = useState(at);
  useEffect(() => {
    const timer = setTimeout(() => setShown(at), SETTLED);
    return () => clearTimeout(timer);
  }, [at]);
  return html`<figure><img src=${photoUrl(id, 320, shown)} alt="" /><figcaption class="note">${label}</figcaption></figure>`;
}

/** From where, and how much, with the frames there. @param {{id: string, length: number | null}} props */
function Trim({ id, length }) {
  const end = length ?? 60;
  const start = Number(setting("film", "film.start") ?? 0);
  const duration = setting("film", "film.duration");
  const takes = Math.min(duration ?? end - start, end - start);
  return html`<div class="ends-of-part"><${FrameAt} id=${id} at=${start} label=${t("film.first", { at: seconds(start) })} />
      ${length && html`<${FrameAt} id=${id} at=${Math.max(start, Math.min(start + takes, length) - 0.2)} label=${t("film.last", { at: seconds(start + takes) })} />`}</div>
    <${Slider} label=${t("film.start")} min=${0} max=${Math.max(0, end - 0.1)} step=${0.1} value=${start} shown=${seconds(start)}
      onInput=${(/** @type {number} */ to) => set("film", { "film.start": to, ...(duration ? { "film.duration": Math.min(duration, Number((end - to).toFixed(1))) } : {}) })} />
    <${Slider} label=${t("film.duration")} min=${0.1} max=${Number((end - start).toFixed(1))} step=${0.1} value=${takes} shown=${duration || length ? seconds(takes) : t("film.all")}
      changed=${Boolean(duration)} onInput=${(/** @type {number} */ to) => set("film", { "film.duration": to })} onUsual=${() => set("film", { "film.duration": undefined })} />`;
}
