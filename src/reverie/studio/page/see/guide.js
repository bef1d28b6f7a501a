/** Another picture as a guide: the dream is drawn to what is in it. */
import { complain, change } from "../core/actions.js";
import * as api from "../core/api.js";
import { html, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { drafts, samples } from "../core/state.js";
import { t } from "../texts.js";

/** @param {{kind: import("../core/types.js").Kind}} props */
export function Guide({ kind }) {
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [busy, setBusy] = useState(false);
  const { parts } = drafts[kind].value;
  const guide = parts.find((part) => part.kind === "guide");

  /** @param {import("../core/types.js").Photo} photo */
  const take = (photo) => {
    const part = { kind: /** @type {const} */ ("guide"), name: photo.id, label: photo.name, weight: 1, picture: api.photoUrl(photo.id, 160) };
    change(kind, { parts: [...parts.filter((one) => one.kind !== "guide"), part], text: null });
  };
  /** @param {any} event */
  const chose = async (event) => {
    const [wanted] = event.target.files;
    if (!wanted) return;
    setBusy(true);
    await api.putPhoto(wanted).then(take, complain);
    setBusy(false);
    event.target.value = "";
  };
  return html`<p class="soft">${t("guide.what")}</p>
    <input ref=${file} class="unseen" type="file" accept="image/*" tabindex="-1" aria-hidden="true" onChange=${chose} />
    <button class="wide" disabled=${busy} onClick=${() => file.current?.click()}><${Icon} name="picture" /> ${t(guide ? "guide.other" : "guide.choose")}</button>
    <div class="samples small" role="group" aria-label=${t("guide.samples")}>
      ${(samples.value ?? []).map((photo) => html`<button class="thumb" key=${photo.id} aria-label=${photo.name} aria-pressed=${guide?.name === photo.id} onClick=${() => take(photo)}>
        <img src=${api.photoUrl(photo.id, 160)} alt="" loading="lazy" /></button>`)}
    </div>`;
}
