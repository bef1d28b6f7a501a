/** Several variations as one sheet: each where it will be, as it comes, and all of them as one picture. */
import * as api from "../core/api.js";
import { complain } from "../core/actions.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { alive, amend } from "../core/state.js";
import { Live } from "./live.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Current} Current */
/** @typedef {import("../core/types.js").Kind} Kind */

/** Whether a tab shows a sheet. @param {Current | null} now */
export const isSheet = (now) => now !== null && now.group.length > 1 && !now.alone;

/** @param {{kind: Kind, now: Current, photo: import("../core/types.js").Photo | null}} props */
export function Variations({ kind, now, photo }) {
  const [shape, setShape] = useState({ width: photo?.width || 1, height: photo?.height || 1 });
  const columns = Math.ceil(Math.sqrt(now.group.length));
  const waits = photo && kind === "dream" && html`<img class="faint" src=${api.photoUrl(photo.id, 640)} alt="" />`;
  return html`<div class="variations" role="group" aria-label=${t("sheet.label", { count: now.group.length })}
    style=${{ "--columns": columns, "--shape": shape.width / shape.height }}>
    ${now.group.map((id, index) => {
      const name = t("standing.variation", { number: index + 1, of: now.group.length });
      const picture = now.made[id];
      if (picture) {
        return html`<button class="cell" key=${id} aria-label=${name} onClick=${() => amend(kind, { picture, alone: true })}><img src=${api.pictureUrl(picture, { format: "webp" })} alt=""
          onLoad=${(/** @type {any} */ event) => setShape({ width: event.target.naturalWidth, height: event.target.naturalHeight })} /></button>`;
      }
      const works = id === now.id && alive(now);
      return html`<div class="cell" key=${id} role="img" aria-label=${`${name}, ${t(works ? "state.running" : "state.waiting")}`}>${waits}${works && html`<${Live} job=${id} onSize=${setShape} />`}</div>`;
    })}
  </div>`;
}

/** All pictures side by side, as one. @param {string[]} pictures */
async function composed(pictures) {
  const images = await Promise.all(pictures.map(async (id) => {
    const image = new Image();
    image.src = api.pictureUrl(id, { format: "png" });
    await image.decode();
    return image;
  }));
  const columns = Math.ceil(Math.sqrt(images.length));
  const [{ naturalWidth: width, naturalHeight: height }] = images;
  const canvas = new OffscreenCanvas(columns * width, Math.ceil(images.length / columns) * height);
  const context = /** @type {any} */ (canvas.getContext("2d"));
  images.forEach((image, index) => context.drawImage(image, (index % columns) * width, Math.floor(index / columns) * height, width, height));
  return canvas.convertToBlob({ type: "image/png" });
}

/** @param {string[]} pictures */
async function save(pictures) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await composed(pictures));
  link.download = t("sheet.file");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What can be done with a sheet, and the way back to it. @param {{kind: Kind, now: Current}} props */
export function SheetBar({ kind, now }) {
  const made = now.group.flatMap((id) => now.made[id] ?? []);
  if (now.alone) {
    const number = now.group.findIndex((id) => now.made[id] === now.picture) + 1;
    return html`${number > 0 && html`<p class="soft">${t("standing.variation", { number, of: now.group.length })}</p>`}
      <button class="act" data-key="g Escape" onClick=${() => amend(kind, { alone: false })}><${Icon} name="gallery" /> ${t("sheet.back", { count: now.group.length })}</button>`;
  }
  if (alive(now) || !made.length) return null;
  return html`<div class="acts"><p class="soft">${t("sheet.choose")}</p>
    <button class="act" data-key="w" onClick=${() => save(made).catch(complain)}><${Icon} name="download" /> ${t("sheet.save")}</button></div>`;
}
