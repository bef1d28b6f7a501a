/** The gallery's tab. */
import { complain } from "../core/actions.js";
import * as api from "../core/api.js";
import { keepShown } from "../core/follow.js";
import { html, useEffect, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { beginAnew, go, openSheet } from "../core/state.js";
import { Segments } from "../shape/segments.js";
import { Grid } from "./grid.js";
import { fetchMore, fetchNew, filter, made, more, refilter } from "./list.js";
import { t } from "../texts.js";

/** Delete all, once more asked; the page begins anew, as it shows much of what is gone, and this browser forgets it too. */
async function forget() {
  if (!confirm(t("gallery.forget.sure"))) return;
  await api.forgetAll();
  beginAnew();
  keepShown();
  location.reload();
}

const SHOWN = ["", "dream", "portrait", "zoom", "film", "fool"];

export function Gallery() {
  const [ready, setReady] = useState(made.value.length > 0);
  useEffect(() => {
    void (made.value.length ? fetchNew() : Promise.resolve(fetchMore())).then(() => setReady(true));
  }, []);
  const nothing = ready && !made.value.length && !more.value;
  return html`<div class="gallery">
    <header class="gallery-head"><div class="titled"><h1>${t("gallery.title")}</h1>
        <button class="icon" title=${t("gallery.forget")} aria-label=${t("gallery.forget")}
          onClick=${() => void forget().catch(complain)}><${Icon} name="bin" /></button></div>
      <div class="row">
        <${Segments} label=${t("gallery.kinds")} value=${filter.value.kind} onChange=${(/** @type {string} */ kind) => refilter({ kind })}
          choices=${SHOWN.map((value) => ({ value, label: value ? t(/** @type {any} */ (`tab.${value}`)) : t("gallery.all") }))} />
        <button class="icon bordered" aria-pressed=${filter.value.favourite} title=${t("gallery.favourites")} aria-label=${t("gallery.favourites")}
          onClick=${() => refilter({ favourite: !filter.value.favourite })}><${Icon} name="heart" filled=${filter.value.favourite} /></button>
      </div></header>
    ${nothing ? html`<div class="welcome"><p class="lead">${t(filter.value.favourite || filter.value.kind ? "gallery.none" : "gallery.empty")}</p>
        <button class="primary large" onClick=${() => go("dream")}>${t("gallery.first")}</button></div>`
      : html`<${Grid} onOpen=${(/** @type {number} */ index) => openSheet("viewer", index)} />`}
  </div>`;
}
