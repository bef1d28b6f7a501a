/** The dialogs about one picture: download, command line, its settings. */
import { complain, uploadPhoto } from "../core/actions.js";
import * as api from "../core/api.js";
import { tabOf } from "../core/follow.js";
import { html, useEffect, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Sheet } from "../core/sheet.js";
import { flat, same } from "../core/settings.js";
import { closeSheet, closeSheets, current, defaultsOf, go, presetOf, schema } from "../core/state.js";
import { say } from "../core/toasts.js";
import { Seen, title } from "../see/words.js";
import { typed } from "../shape/field.js";
import { Segments } from "../shape/segments.js";
import { atSize, copy, take } from "./made_actions.js";
import { madeOf } from "./list.js";
import { t, texts } from "../texts.js";

const FORMATS = ["png", "png16", "jpg", "webp", "avif", "tiff"];
const SIDES = [1024, 2048, 4096];

/** @param {{id: string, kind: string}} props */
export function Download({ id, kind }) {
  const [format, setFormat] = useState("png");
  const [side, setSide] = useState("");
  const [size, setSize] = useState({ width: madeOf(id)?.width ?? 0, height: madeOf(id)?.height ?? 0 });
  const moves = kind === "zoom" || kind === "film";
  const evolved = kind === "fool";
  const formats = evolved ? FORMATS.filter((one) => one !== "png16" && one !== "tiff") : FORMATS;
  useEffect(() => {
    if (size.width || moves) return;
    void api.pictures({ limit: 200 }).then(({ items }) => {
      const mine = items.find((one) => one.id === id);
      if (mine) setSize({ width: mine.width, height: mine.height });
    }, () => {});
  }, []);
  const longest = Math.max(size.width, size.height);
  const scaled = side ? { width: Math.round((size.width * Number(side)) / longest), height: Math.round((size.height * Number(side)) / longest) } : size;
  const here = size.width ? t("size.is", size) : t("size.same");
  return html`<${Sheet} title=${t("download.title")}>
    ${!moves && html`<p class="label">${t("download.format")}</p>
      <${Segments} label=${t("download.format")} value=${format} onChange=${setFormat} choices=${formats.map((value) => ({ value, label: t(/** @type {any} */ (`format.${value}`)) }))} />
      <p class="note">${t(/** @type {any} */ (`format.${format}.what`))}</p>
      <label class="select"><span>${t("download.size")}</span><select value=${side} onChange=${(/** @type {any} */ event) => setSide(event.target.value)}>
        <option value="">${here}</option>
        ${longest > 0 && !evolved && SIDES.filter((one) => one !== longest).map((one) => html`<option key=${one} value=${String(one)}>${t("download.anew", { side: one })}</option>`)}
      </select></label>`}
    <div class="row end">${side
      ? html`<button class="primary" onClick=${() => atSize(id, scaled.width, scaled.height)}><${Icon} name="play" /> ${t("download.dream", scaled)}</button>`
      : html`<a class="button primary" href=${api.pictureUrl(id, moves ? { download: 1 } : { format, download: 1 })} download onClick=${() => (closeSheet(), say(t("download.begun")))}><${Icon} name="download" /> ${t("made.download")}</a>`}</div>
    ${side && html`<p class="note">${t("download.why")}</p>`}
  <//>`;
}

/** What a picture remembers; null until it is known. @param {string} id */
function useRemembered(id) {
  const [found, setFound] = useState(/** @type {import("../core/types.js").Remembered | null} */ (null));
  useEffect(() => {
    setFound(null);
    void api.remembered(id).then(setFound, complain);
  }, [id]);
  return found;
}

/** A command whose options stay whole where its lines break. @param {string | null} command @returns {any} */
const words = (command) => (command ?? "").split(" ").map((word, index) => html`${index ? " " : ""}<span>${word}</span>`);

/** @param {{id: string}} props */
export function Command({ id }) {
  const found = useRemembered(id);
  const files = found?.files ?? [];
  const reruns = found?.command?.startsWith("reverie rerun");
  return html`<${Sheet} title=${t("command.title")} wide>
    <p class="soft">${t(files.length || reruns ? "command.with" : "command.what")}</p>
    <pre class="command" tabindex="0"><code>${found ? words(found.command) : t("loading")}</code></pre>
    ${(files.length > 0 || reruns) && html`<div class="row">${reruns && html`<a class="button" href=${api.pictureUrl(id, { download: 1 })} download><${Icon} name="download" /> ${t("command.save.result")}</a>`}${files.map((file) => html`<a class="button" key=${file.id} href=${api.fileUrl(file.id)} download=${file.name}>
      <${Icon} name="download" /> ${t(/** @type {any} */ (`command.save.${file.what}`))} <span class="note">${file.name}</span></a>`)}</div>`}
    ${found && !found.repeatable && html`<p class="note">${found.why_not ?? t("command.not")}</p>`}
    <div class="row end"><button class="primary" disabled=${!found} onClick=${() => found && copy(found.command)}><${Icon} name="copy" /> ${t("copy")}</button></div>
  <//>`;
}

/** A setting's own title. @param {import("../core/types.js").Kind} kind @param {string} name */
const called = (kind, name) => (`field.${name}` in texts ? t(/** @type {any} */ (`field.${name}`)) : null) ?? schema.value?.kinds[kind]?.fields.find((field) => field.name === name)?.title ?? name;

/** Settings of a picture, shown before they are taken. @param {{found: import("../core/types.js").Remembered, file?: File}} props */
export function Restore({ found, file }) {
  const kind = tabOf(found.kind);
  const usual = { ...flat(defaultsOf(kind)), ...flat(presetOf(found.preset ?? "")?.recipe ?? {}) };
  const rows = Object.entries(flat(found.recipe)).filter(([name, value]) => !["preset", "format", "objective"].includes(name) && !same(value, usual[name]));
  const use = () => {
    take(kind, found);
    current[kind].value = null;
    closeSheets();
    go(kind);
    say(t("restore.done"));
  };
  const asPhoto = () => {
    closeSheets();
    if (file) void uploadPhoto(kind === "zoom" ? "zoom" : "dream", file).catch(complain);
  };
  return html`<${Sheet} title=${t("restore.title")}>
    <p class="soft">${t(file ? "restore.what" : "restore.these")}${found.steered?.length ? ` ${t("restore.steered")}` : ""}</p>
    <dl class="facts">
      ${kind !== "fool" && html`<div><dt>${t("preset.title")}</dt><dd>${title(found.preset ?? found.recipe.preset ?? "")}</dd></div>`}
      <div><dt>${t("see.title")}</dt><dd><${Seen} found=${found} /></dd></div>
      ${rows.map(([name, value]) => html`<div key=${name}><dt>${called(kind, name)}</dt><dd>${name === "mask" && found.mask ? html`<img class="small-mask" src=${api.maskUrl(found.mask)} alt=${t("mask.earlier")} />` : typed(value) || "–"}</dd></div>`)}
    </dl>
    <div class="row end">${file && html`<button onClick=${asPhoto}>${t("restore.photo")}</button>`}<button class="primary" onClick=${use}>${t("restore.use")}</button></div>
  <//>`;
}
