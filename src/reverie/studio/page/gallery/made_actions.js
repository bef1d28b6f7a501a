/** What can be done with a picture that was made. */
import { anySeed, complain, show } from "../core/actions.js";
import * as api from "../core/api.js";
import { changed, restored } from "../core/draft.js";
import { html, useRef } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { tabOf } from "../core/follow.js";
import { nested } from "../core/settings.js";
import { closeSheets, current, defaultsOf, drafts, go, openSheet, presetOf } from "../core/state.js";
import { say } from "../core/toasts.js";
import { madeOf, remove, setFavourite } from "./list.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Remembered} Remembered */

/** What a picture's settings change of its preset. @param {Remembered} found */
const changesIn = (found) => changed(found, presetOf(found.preset ?? "")?.recipe ?? {}, defaultsOf(tabOf(found.kind)));

/** A job of the settings of a picture, with some changed. @param {Remembered} found @param {Record<string, any>} [changes]
 * @param {Record<string, any>} [beside] */
export function anew(found, changes = {}, beside = {}) {
  if (found.kind === "fool") return { kind: "fool", recipe: { ...found.recipe, ...changes }, targets: found.targets };
  const recipe = nested({ ...changesIn(found), ...changes });
  return { kind: found.kind, preset: found.preset ?? undefined, recipe, ...(found.photo ? { photo: found.photo } : {}), ...beside };
}

/** Begin a job like a picture's and show it. @param {string} id @param {(found: Remembered) => object | Promise<object>} wish */
async function begin(id, wish) {
  try {
    const found = await api.remembered(id);
    const job = await api.startJob(await wish(found));
    const kind = tabOf(found.kind);
    closeSheets();
    take(kind, found);
    show(kind, job, undefined, kind === "dream" || kind === "portrait" ? id : null);
    go(kind);
  } catch (error) {
    complain(error);
  }
}

/** Let a tab have a picture's settings; its photograph stays if it is the same. @param {import("../core/types.js").Kind} kind @param {Remembered} found */
export function take(kind, found) {
  const before = drafts[kind].value;
  const draft = restored(kind, found, changesIn(found));
  const photo = before.photo && before.photo.id === found.photo ? before.photo : null;
  drafts[kind].value = { ...draft, photo: photo ?? (found.photo ? { id: found.photo, name: t("photo.earlier"), width: 0, height: 0 } : before.photo), painting: photo && before.painting?.id === found.mask ? before.painting : null };
  if (found.photo && !photo) void measure(kind, found.photo);
}

/** The shape of a photograph that only its id is known of. @param {import("../core/types.js").Kind} kind @param {string} id */
async function measure(kind, id) {
  const image = new Image();
  image.src = api.photoUrl(id, 2048);
  await image.decode().catch(() => {});
  const { photo } = drafts[kind].value;
  if (photo?.id === id) drafts[kind].value = { ...drafts[kind].value, photo: { ...photo, width: image.naturalWidth, height: image.naturalHeight } };
}

export const again = (/** @type {string} */ id) => begin(id, (found) => anew(found, { seed: anySeed() }));
export const vary = (/** @type {string} */ id, /** @type {number} */ count) => begin(id, (found) => anew(found, { seed: anySeed() }, { variations: count }));
export const onAnother = (/** @type {string} */ id, /** @type {File} */ file) =>
  begin(id, async (found) => {
    const photo = await api.putPhoto(file);
    found.photo = photo.id;
    return anew(found, { mask: null });
  });
/** At another size: the same dream, dreamt anew. @param {string} id @param {number} width @param {number} height */
export const atSize = (id, width, height) => begin(id, (found) => anew(found, { size: [width, height], max_size: null }));

/** @param {string} id */
export async function useSettings(id) {
  try {
    openSheet("restore", { found: await api.remembered(id) });
  } catch (error) {
    complain(error);
  }
}

/** @param {{icon: any, label: string, onClick: () => void, pressed?: boolean, filled?: boolean, hotkey?: string, plain?: boolean, strong?: boolean}} props */
function Act({ icon, label, onClick, pressed, filled = false, hotkey, plain = false, strong = false }) {
  return html`<button class=${strong ? "act strong" : "act"} aria-pressed=${pressed} data-key=${hotkey} title=${label} aria-label=${label} onClick=${onClick}><${Icon} name=${icon} filled=${filled} />${!plain && html`<span aria-hidden="true">${label}</span>`}</button>`;
}

/** @param {{id: string, kind: string, short?: boolean, onGone?: () => void}} props short: only what is wanted at once. */
export function ResultBar({ id, kind, short = false, onGone }) {
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const favourite = madeOf(id)?.favourite ?? false;
  const still = kind !== "zoom" && kind !== "film" && kind !== "fool";
  /** @param {any} event */
  const chose = (event) => {
    const [wanted] = event.target.files;
    event.target.value = "";
    if (wanted) void onAnother(id, wanted);
  };
  const gone = () => {
    void remove(id);
    if (onGone) onGone();
    else for (const one of Object.values(current)) if (one.value?.picture === id) one.value = null;
  };
  const command = () => openSheet("command", id);
  return html`<div class="acts" role="group" aria-label=${t("made.actions")}>
    <${Act} icon="heart" label=${t("made.favourite")} pressed=${favourite} filled=${favourite} hotkey="l" plain=${short} onClick=${() => setFavourite(id, !favourite)} />
    <${Act} icon="download" label=${t("made.download")} hotkey="w" strong onClick=${() => openSheet("download", { id, kind })} />
    ${still && html`<${Act} icon="vary" label=${t("made.vary", { count: 4 })} hotkey="v" onClick=${() => vary(id, 4)} />
      <${Act} icon="vary" label=${t("made.vary", { count: 9 })} hotkey="n" onClick=${() => vary(id, 9)} />`}
    ${short && html`<${Act} icon="command" label=${t("made.command")} hotkey="c" onClick=${command} />`}
    ${!short && html`<${Act} icon="again" label=${t("made.again")} hotkey="a" onClick=${() => again(id)} />
      ${kind !== "portrait" && kind !== "fool" && html`<input ref=${file} class="unseen" type="file" accept="image/*" tabindex="-1" aria-hidden="true" onChange=${chose} />
        <${Act} icon="another" label=${t("made.another")} hotkey="o" onClick=${() => file.current?.click()} />`}
      <${Act} icon="restore" label=${t("made.settings")} hotkey="r" onClick=${() => useSettings(id)} />
      <${Act} icon="command" label=${t("made.command")} hotkey="c" onClick=${command} />
      <${Act} icon="bin" label=${t("made.delete")} hotkey="Delete" onClick=${gone} />`}
  </div>`;
}

/** Copy, where the browser lets us. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(t("copied"));
  } catch {
    say(t("copy.not"));
  }
}
