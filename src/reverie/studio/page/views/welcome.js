/** Before there is a picture: drop one, choose one, take one, or try one of ours. */
import { complain, takePhoto } from "../core/actions.js";
import * as api from "../core/api.js";
import { html, useRef } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { arriving, takeFile } from "../core/intake.js";
import { samples } from "../core/state.js";
import { t } from "../texts.js";

/** A button that opens the machine's own choice of files. @param {{label: string, icon: any, accept: string, capture?: boolean, look?: string, hotkey?: string}} props */
export function FileButton({ label, icon, accept, capture = false, look = "", hotkey }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  /** @param {any} event */
  const chose = (event) => {
    const [file] = event.target.files;
    if (file) void takeFile(file);
    event.target.value = "";
  };
  return html`<input ref=${input} class="unseen" type="file" accept=${accept} capture=${capture ? "environment" : undefined} tabindex="-1" aria-hidden="true" onChange=${chose} />
    <button class=${look} data-key=${hotkey} disabled=${arriving.value} onClick=${() => input.current?.click()}><${Icon} name=${icon} /> ${label}</button>`;
}

/** Whether a camera is likely at hand: a device for fingers. */
const touches = matchMedia("(pointer: coarse)").matches;

/** @param {{kind: import("../core/types.js").Kind, film?: boolean}} props */
export function Welcome({ kind, film = false }) {
  const accept = film ? "video/*,image/gif,image/webp,image/apng,image/avif" : "image/*,.heic,.heif,.avif,.tif,.tiff,.svg";
  return html`<div class="welcome">
    <h1>${t(film ? "welcome.film" : "welcome.title")}</h1>
    <p class="lead">${t(film ? "welcome.film.lead" : "welcome.lead")}</p>
    <div class="row middle">
      <${FileButton} look="primary large" icon="picture" label=${t(film ? "welcome.film.choose" : "welcome.choose")} accept=${accept} hotkey="o" />
      ${!film && touches && html`<${FileButton} look="large" icon="camera" label=${t("welcome.camera")} accept="image/*" capture />`}
    </div>
    ${arriving.value && html`<p class="soft" role="status">${t("photo.reads")}</p>`}
    ${!film && samples.value && samples.value.length > 0 && html`<p class="soft or">${t("welcome.samples")}</p>
      <div class="samples">${samples.value.map((photo) => html`<button class="thumb" key=${photo.id} aria-label=${t("welcome.sample", { name: photo.name })}
        onClick=${() => takePhoto(kind, photo).catch(complain)}><img src=${api.photoUrl(photo.id, 320)} alt="" /></button>`)}</div>`}
  </div>`;
}
