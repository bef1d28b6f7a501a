/** The first tab: a photograph dreams. */
import { html } from "../core/html.js";
import { drafts } from "../core/state.js";
import { See } from "../see/see.js";
import { Presets } from "../shape/presets.js";
import { How } from "../shape/sliders.js";
import { MaskSmall } from "../stage/mask.js";
import { ActionBar, hasPhoto } from "./action_bar.js";
import { Tab } from "./tab.js";
import { FileButton, Welcome } from "./welcome.js";
import { t } from "../texts.js";

export function Dream() {
  const { photo } = drafts.dream.value;
  return html`<${Tab} kind="dream" alone=${!photo} welcome=${html`<${Welcome} kind="dream" />`}
    head=${photo && html`<${PhotoHead} kind="dream" />`}
    action=${html`<${ActionBar} kind="dream" ready=${hasPhoto("dream")} missing=${t("act.needs.photo")} />`}>
    <${See} kind="dream" />
    <${How} kind="dream" />
    <section class="block" aria-labelledby="where"><h2 id="where">${t("where.title")}</h2><${MaskSmall} /></section>
    <${Presets} kind="dream" />
  <//>`;
}

/** Whose picture it is, and a way to another. @param {{kind: import("../core/types.js").Kind, accept?: string}} props */
export function PhotoHead({ kind, accept = "image/*,.heic,.heif,.avif,.tif,.tiff,.svg" }) {
  const { photo } = drafts[kind].value;
  if (!photo) return null;
  return html`<div class="photo-head"><p><span class="name">${photo.name}</span> <span class="soft">${photo.width} × ${photo.height}</span></p>
    <${FileButton} look="quiet" icon="another" label=${t(kind === "film" ? "film.another" : "photo.another")} accept=${accept} hotkey="o" /></div>`;
}
