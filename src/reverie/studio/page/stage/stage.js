/** The middle of a tab: the photograph, the dream on it as it comes, and what came of it. */
import * as api from "../core/api.js";
import { PREVIEW_SIDE, back } from "../core/actions.js";
import { inWords } from "../core/estimate.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { sketched, sketching } from "../core/sketch.js";
import { alive, amend, current, drafts, jobs, masking } from "../core/state.js";
import { Growing, useBegun } from "./growing.js";
import { Live } from "./live.js";
import { Look } from "./look.js";
import { MaskEditor } from "./mask.js";
import { SheetBar, Variations, isSheet } from "./variations.js";
import { ResultBar } from "../gallery/made_actions.js";
import { t } from "../texts.js";

/** @param {{kind: import("../core/types.js").Kind, welcome: any}} props What is shown before there is anything to see. */
export function Stage({ kind, welcome }) {
  const draft = drafts[kind].value;
  const now = current[kind].value;
  const [seen, setSeen] = useState({ width: 0, height: 0 });
  const photo = kind === "portrait" ? null : draft.photo;
  if (!photo && !now) return html`<section class="stage empty">${welcome}</section>`;
  const moving = kind === "zoom" || kind === "film";
  const size = photo && !photo.film && !moving ? photo : seen.width ? seen : photo && photo.width ? photo : { width: 16, height: moving ? 9 : 16 };
  const before = photo && !photo.film && kind === "dream" ? api.photoUrl(photo.id, 2048) : null;
  const paints = kind === "dream" && photo;
  const sheet = isSheet(now);
  const cover = sheet ? html`<${Variations} kind=${kind} now=${now} photo=${photo} />` : paints && masking.value && html`<${MaskEditor} photo=${photo} onDone=${() => (masking.value = false)} />`;
  const tools = paints && !sheet && html`<button class="icon" data-key="m" title=${t("mask.paint")} aria-label=${t("mask.paint")}
    onClick=${() => (masking.value = true)}><${Icon} name="brush" /></button>`;
  return html`<section class="stage">
    <h1 class="unseen">${t(`tab.${kind}`)}</h1>
    <${Look} before=${before} size=${size} label=${t("stage.label")} tools=${tools} cover=${cover} whole=${sheet} empty=${!photo && !seen.width} still=${moving && Boolean(now?.picture || now?.plays)}
      over=${(/** @type {string | undefined} */ clip) => !cover && html`<${Over} kind=${kind} now=${now} photo=${photo} clip=${clip} onSize=${setSeen} />`} />
    <div id="over"></div>
    ${(sheet || !cover) && html`<${Strip} kind=${kind} now=${now} /><${Under} kind=${kind} now=${now} />`}
  </section>`;
}

/** What lies on the photograph. @param {{kind: string, now: import("../core/types.js").Current | null, photo: any, clip?: string, onSize: (size: any) => void}} props */
function Over({ kind, now, photo, clip, onSize }) {
  const from = photo?.film ? Number(drafts.film.value.changes["film.start"] ?? 0) : 0;
  const film = photo?.film && html`<img class="layer" src=${api.photoUrl(photo.id, PREVIEW_SIDE, from)} alt=${photo.name} />`;
  const still = photo && !photo.film && kind === "zoom" && html`<img class="layer cover" src=${api.photoUrl(photo.id, 2048)} alt=${photo.name} />`;
  if (!now) return film || still;
  const moving = kind === "zoom" || kind === "film";
  if (moving && now.plays && !now.picture && alive(now)) return html`<${Growing} job=${now.id} onSize=${onSize} />`;
  const preview = kind === "dream" && !alive(now) && sketched.value;
  return html`${!now.picture && (film || still)}
    ${!now.picture && now.behind && html`<img class="layer" src=${api.pictureUrl(now.behind)} alt=${t("stage.result")} draggable=${false} />`}
    <${Live} key=${now.id} job=${now.id} clip=${clip} onSize=${onSize} />
    ${now.picture && moving && html`<video class="layer" key=${now.picture} src=${api.pictureUrl(now.picture)} controls loop playsinline
      onLoadedMetadata=${(/** @type {any} */ event) => onSize({ width: event.target.videoWidth, height: event.target.videoHeight })}></video>`}
    ${now.picture && !moving && html`<img class="layer result" key=${now.picture} src=${api.pictureUrl(now.picture)} alt=${t("stage.result")}
      draggable=${false} style=${{ clipPath: clip }}
      onLoad=${(/** @type {any} */ event) => onSize({ width: event.target.naturalWidth, height: event.target.naturalHeight })} />`}
    ${preview && html`<img class="layer sketch" src=${preview} alt=${t("sketch.alt")} draggable=${false} style=${{ clipPath: clip }} />`}
    ${kind === "dream" && (preview || sketching.value) && html`<p class="over-note" role="status">${t(preview ? "sketch.note" : "sketch.comes")}</p>`}`;
}

/** Several pictures of one job, to choose from. @param {{kind: import("../core/types.js").Kind, now: import("../core/types.js").Current | null}} props */
function Strip({ kind, now }) {
  if (!now || isSheet(now) || (now.pictures.length < 2 && now.group.length < 2)) return null;
  return html`<div class="strip" role="group" aria-label=${t("stage.several")}>
    ${now.group.length > 1 && html`<${SheetBar} kind=${kind} now=${now} />`}
    ${now.pictures.map((id, index) => html`<button class="thumb" key=${id} aria-pressed=${id === now.picture} aria-label=${t("stage.one", { number: index + 1, of: now.pictures.length })}
      onClick=${() => amend(kind, { picture: id, alone: true })}><img src=${api.thumbUrl(id)} alt="" loading="lazy" /></button>`)}
  </div>`;
}

/** What can be done with what came of it; its room is kept, so that the picture stays where it is.
 * @param {{kind: import("../core/types.js").Kind, now: import("../core/types.js").Current | null}} props */
function Under({ kind, now }) {
  const moves = (kind === "zoom" || kind === "film") && now !== null && alive(now);
  const begun = useBegun(moves && now.state !== "waiting" ? now.id : null);
  if (isSheet(now)) return html`<div class="under"><${SheetBar} kind=${kind} now=${now} /></div>`;
  if (moves) return html`<div class="under">${begun && html`<div class="acts"><button class="act" data-key="v" aria-pressed=${now.plays} onClick=${() => amend(kind, { plays: !now.plays })}>
      <${Icon} name=${now.plays ? "picture" : "play"} /> ${t(now.plays ? "growing.frames" : "growing.play")}</button></div>`}</div>`;
  if (kind === "dream" && now && (sketched.value || sketching.value)) {
    return html`<div class="under">${now.sent.draft && html`<div class="acts"><button class="act" data-key="z" onClick=${() => back(kind)}><${Icon} name="undo" /> ${t("sketch.back")}</button></div>`}</div>`;
  }
  return html`<div class="under">${now?.picture && (!alive(now) || now.alone) && html`<${ResultBar} id=${now.picture} kind=${kind} short />`}</div>`;
}

/** Milliseconds for which it is said that a change was taken. */
const SAID = 4000;
/** Seconds after which what is left can be guessed. */
const ENOUGH = 3;

/** How a job stands, in words. @param {import("../core/types.js").Current} now */
export function standing(now) {
  const of = now.group.length;
  const words = now.steered && performance.now() - now.steered < SAID ? `${t("standing.steered")} ${far(now)}` : far(now);
  return of > 1 && alive(now) ? `${t("standing.variation", { number: now.group.indexOf(now.id) + 1, of })} · ${words}` : words;
}

/** How far one job is, and how long it will still take. @param {import("../core/types.js").Current} now */
function far(now) {
  const share = now.progress?.share;
  if (now.state !== "running" || !now.since || !share) return step(now);
  const percent = Math.round(100 * share);
  const took = (performance.now() - now.since.at) / 1000;
  if (took < ENOUGH || share <= now.since.share) return t("standing.share", { percent });
  const left = (took * (1 - share)) / (share - now.since.share);
  return t("standing.left", { percent, left: inWords(left) });
}

/** The step that a job is at. @param {import("../core/types.js").Current} now */
export function step(now) {
  if (now.state === "waiting") {
    const before = jobs.value.waiting.findIndex((job) => job.id === now.id) + jobs.value.running.length;
    return before > 0 ? t("standing.waits", { before }) : t("standing.begins");
  }
  if (now.state === "paused") return t("standing.paused");
  if (now.state === "failed") return now.error ?? t("progress.failed");
  if (now.state === "cancelled") return t("standing.cancelled");
  if (!now.progress) return t("standing.begins");
  const { octave, octaves, step, steps, text } = now.progress;
  const [, done, of] = /^(?:generation|frame) (\d+)\/(\d+)/.exec(text ?? "") ?? [];
  if (done) return t(text?.startsWith("g") ? "standing.generation" : "standing.frame", { number: done, of });
  const opens = /^a scene opens: octave (\d+)\/(\d+), step (\d+)\/(\d+)/.exec(text ?? "");
  if (opens) return t("standing.opens", { octave: opens[1], octaves: opens[2], step: opens[3], steps: opens[4] });
  if (!octaves || octave === null || octave === undefined) return t("standing.share", { percent: Math.round(100 * now.progress.share) });
  return t("standing.step", { octave: octave + 1, octaves, step: step + 1, steps });
}
