/** What is on the stage, until when, and the picture for those who cannot see the stage. */
import { html, useEffect, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Thumb } from "../core/search.js";
import { clock, show, shown, span, wishedBy } from "../core/show.js";
import { play } from "../player.js";
import { t } from "../texts.js";

/** The picture itself. */
function Picture() {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => (box.current ? play(box.current, {}) : undefined), []);
  const [width, height] = show.value?.size ?? [16, 9];
  return html`<div class="picture" ref=${box} role="img" aria-label=${t("audience.picture")} style=${{ aspectRatio: `${width} / ${height}` }}></div>`;
}

export function Now() {
  const [watches, setWatches] = useState(false);
  const now = show.value;
  if (!now) return null;
  const left = now.ends === null ? 0 : now.ends - clock.value;
  const state = now.paused ? t("audience.paused") : now.holding ? t("audience.held") : !now.ready ? t("audience.off") : t("audience.ends", { span: span(left) });
  const share = now.ends === null ? 0 : Math.min(1, Math.max(0, left / Math.max(1, now.ends - now.began)));
  return html`<section class="now" aria-label=${t("now")}>
    ${watches && html`<${Picture} />`}
    <div class="line">
      ${!watches && now.topic[0] && html`<${Thumb} thumb=${now.topic[0].thumb} label=${now.topic[0].label} />`}
      <div class="words" role="status"><p class="soft">${t("now")}</p><p class="title">${shown.value || t("nothing")}</p><p class="soft">${wishedBy(now)}</p></div>
    </div>
    <div class="meter" aria-hidden="true"><i style=${{ width: `${100 * share}%` }}></i></div>
    <div class="line foot"><p class="soft count">${state}</p>
      <button class="quiet" aria-expanded=${watches} onClick=${() => setWatches(!watches)}><${Icon} name="eye" />${t(watches ? "audience.unwatch" : "audience.watch")}</button></div>
  </section>`;
}
