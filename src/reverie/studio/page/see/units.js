/** One unit of the network, large, and what can be done with it. */
import { change, start } from "../core/actions.js";
import { onEvent } from "../core/events.js";
import { html, useEffect, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Sheet } from "../core/sheet.js";
import { alive, closeSheets, current, drafts, go, sheet } from "../core/state.js";
import { say } from "../core/toasts.js";
import { toggle } from "./chooser.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Unit} Unit */
/** @typedef {import("../core/types.js").Part} Part */

/** A unit as a part of what is to be seen; one of the last layer is a class. @param {Unit} unit @returns {Part} */
export function partOf({ name, title, portrait }) {
  const kind = title === name ? "unit" : "thing";
  return { kind, name: kind === "unit" ? name : title, label: title, weight: 1, picture: portrait };
}

/** Dream with this alone, or with it too; at once where there is a photograph. @param {Part} part @param {{too?: boolean}} [how] */
export function dreamWith(part, { too = false } = {}) {
  const { parts, photo } = drafts.dream.value;
  const others = too ? parts.filter((one) => one.name !== part.name) : [];
  const goes = alive(current.dream.value);
  change("dream", { parts: [...others, part], text: null });
  closeSheets();
  go("dream");
  if (!photo) say(t("network.photo"));
  else if (!goes) void start("dream");
}

/** @param {{unit: Unit, all: Unit[]}} props */
export function UnitSheet({ unit, all }) {
  const [portrait, setPortrait] = useState(unit.portrait);
  useEffect(() => {
    setPortrait(unit.portrait);
    return onEvent((event) => {
      if (event.type === "thumbnail" && event.unit === unit.name) setPortrait(event.url);
    });
  }, [unit.name]);
  const at = all.findIndex(({ name }) => name === unit.name);
  /** @param {number} by */
  const turn = (by) => {
    const next = all[at + by];
    if (next && sheet.value) sheet.value = { ...sheet.value, about: { unit: next, all } };
  };
  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === "ArrowRight") turn(1);
  };
  const part = partOf({ ...unit, portrait });
  const makePortrait = () => {
    if (!drafts.portrait.value.targets.includes(part.name)) toggle("portrait", part.name);
    closeSheets();
    go("portrait");
  };
  return html`<${Sheet} title=${unit.title} onKeyDown=${keys}><div class="unit-sheet">
      <div class="unit-picture">${portrait ? html`<img src=${portrait} alt=${t("network.portrait", { name: unit.title })} />` : html`<p class="soft">${t("network.comes")}</p>`}
        <button class="icon turn before" disabled=${at <= 0} aria-label=${t("network.before")} title=${t("network.before")} onClick=${() => turn(-1)}><${Icon} name="left" /></button>
        <button class="icon turn after" disabled=${at < 0 || at >= all.length - 1} aria-label=${t("network.after")} title=${t("network.after")} onClick=${() => turn(1)}><${Icon} name="right" /></button></div>
      <p class="soft">${t("network.what")}</p>
      <button class="primary wide" data-key="d" onClick=${() => dreamWith(part)}><${Icon} name="dream" /> ${t("network.this")}</button>
      <div class="row"><button class="grow" onClick=${() => dreamWith(part, { too: true })}><${Icon} name="plus" /> ${t("network.too")}</button>
        <button class="grow" onClick=${makePortrait}><${Icon} name="portrait" /> ${t("network.large")}</button></div>
    </div><//>`;
}
