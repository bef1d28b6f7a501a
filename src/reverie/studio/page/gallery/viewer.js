/** One picture of the gallery, large, with all that can be done with it. */
import * as api from "../core/api.js";
import { complain } from "../core/actions.js";
import { html, useEffect, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Sheet } from "../core/sheet.js";
import { Look } from "../stage/look.js";
import { Seen } from "../see/words.js";
import { ResultBar } from "./made_actions.js";
import { fetchMore, made } from "./list.js";
import { t, when } from "../texts.js";

/** Whether somebody asked their machine for less motion: then films begin when they are told to. */
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @param {{index: number, onIndex: (index: number) => void, onClose: () => void}} props */
export function Viewer({ index, onIndex, onClose }) {
  const one = made.value[Math.min(index, made.value.length - 1)];
  const [found, setFound] = useState(/** @type {import("../core/types.js").Remembered | null} */ (null));
  const moves = one?.kind === "zoom" || one?.kind === "film";
  useEffect(() => {
    if (!one) return void onClose();
    let gone = false;
    setFound(null);
    void api.remembered(one.id).then((what) => gone || setFound(what), complain);
    if (index > made.value.length - 20) void fetchMore();
    return () => void (gone = true);
  }, [one?.id]);
  if (!one) return null;
  /** @param {number} by */
  const turn = (by) => onIndex(Math.min(made.value.length - 1, Math.max(0, index + by)));
  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLVideoElement || event.defaultPrevented) return;
    if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === "ArrowRight") turn(1);
  };
  const over = (/** @type {string | undefined} */ clip) => moves
    ? html`<video class="layer" key=${one.id} src=${api.pictureUrl(one.id)} controls loop autoplay=${!calm} muted playsinline></video>`
    : html`<img class="layer" key=${one.id} src=${api.pictureUrl(one.id)} alt=${one.label || one.name} draggable=${false} style=${{ clipPath: clip }} />`;
  return html`<${Sheet} title=${one.label || one.name} whole onClose=${onClose} onKeyDown=${keys}>
    <div class="viewer">
      <div class="large">
        <${Look} before=${found?.photo && one.kind !== "zoom" && one.kind !== "film" ? api.photoUrl(found.photo, 2048) : null} size=${one} label=${t("stage.label")} still=${moves} over=${over} onSwipe=${turn} />
        <button class="icon turn before" disabled=${index === 0} aria-label=${t("viewer.newer")} title=${t("viewer.newer")} onClick=${() => turn(-1)}><${Icon} name="left" /></button>
        <button class="icon turn after" disabled=${index >= made.value.length - 1} aria-label=${t("viewer.older")} title=${t("viewer.older")} onClick=${() => turn(1)}><${Icon} name="right" /></button>
      </div>
      <div class="about">
        <p class="soft">${when(one.created)} · ${t("size.is", { width: one.width, height: one.height })}${found ? ` · ${t("viewer.seed", { seed: found.seed })}` : ""}</p>
        <${ResultBar} id=${one.id} kind=${one.kind} onGone=${() => made.value.length === 0 && onClose()} />
        ${found && html`<p class="soft label">${t("see.title")}</p><div><${Seen} found=${found} /></div>`}
      </div>
    </div>
  <//>`;
}
