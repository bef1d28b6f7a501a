/** The microscope: every channel of every layer with its portrait, each a click from a dream. */
import * as api from "../core/api.js";
import { complain } from "../core/actions.js";
import { onEvent } from "../core/events.js";
import { html, signal, useEffect, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { learnWords, networks, openSheet, usualNetwork } from "../core/state.js";
import { upper } from "../see/words.js";
import { dreamWith, partOf } from "../see/units.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Layer} Layer */
/** @typedef {import("../core/types.js").Unit} Unit */

/** Units at a time. */
const PAGE = 60;
/** The share of the layers that lie before the one that is shown first: where things begin to be seen. */
const MIDDLE = 0.55;
/** The name of the layer whose units are classes. */
const CLASSES = "logits";

/** What is looked at, also after another tab was. @type {import("../core/html.js").Signal<{network: string, layer: string | null, count: number}>} */
const looked = signal(/** @type {any} */ ({ network: "", layer: null, count: PAGE }));

/** Units of the layer that is looked at; null until they are known. @param {string} network @param {string | null} layer @param {number} count */
function useUnits(network, layer, count) {
  const [found, setFound] = useState(/** @type {import("../core/types.js").Units | null} */ (null));
  useEffect(() => {
    if (!layer) return undefined;
    let gone = false;
    const fetched = async () => {
      const first = Math.max(0, count - PAGE);
      const next = await api.units(network, layer, first, PAGE);
      if (!gone) setFound((was) => (was?.layer === layer && first ? { ...next, units: [...was.units.slice(0, first), ...next.units] } : next));
    };
    void fetched().catch(complain);
    const stop = onEvent((event) => {
      if (event.type !== "thumbnail" || event.network !== network || !event.unit) return;
      setFound((was) => was && { ...was, units: was.units.map((one) => (one.name === event.unit ? { ...one, portrait: event.url } : one)) });
    });
    return () => {
      gone = true;
      stop();
    };
  }, [network, layer, count]);
  return found?.layer === layer ? found : null;
}

/** The layers of a network; null until they are known. @param {string} network */
function useLayers(network) {
  const [layers, setLayers] = useState(/** @type {Layer[] | null} */ (null));
  useEffect(() => {
    let gone = false;
    setLayers(null);
    void api.layers(network, null).then((found) => {
      if (gone) return;
      setLayers(found.filter(({ channels }) => channels > 0));
      learnWords(found);
    }, complain);
    return () => void (gone = true);
  }, [network]);
  return layers;
}

export function Network() {
  const network = looked.value.network || usualNetwork.value;
  const layers = useLayers(network);
  const usual = layers?.[Math.floor(MIDDLE * (layers.length - 1))]?.name ?? null;
  const layer = layers?.some(({ name }) => name === looked.value.layer) ? looked.value.layer : usual;
  const found = useUnits(network, layer, looked.value.count);
  /** @param {string} name */
  const choose = (name) => (looked.value = { network, layer: name, count: PAGE });
  const now = layers?.find(({ name }) => name === layer);
  return html`<div class="network">
    <nav class="layer-list" aria-label=${t("network.layers")}>
      ${networks.value.length > 1 && html`<label class="select"><span>${t("network.which")}</span><select value=${network} onChange=${(/** @type {any} */ event) => (looked.value = { network: event.target.value, layer: null, count: PAGE })}>
        ${networks.value.map(({ name }) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`}
      ${!layers && html`<p class="soft">${t("loading")}</p>`}
      <ul>${(layers ?? []).map((one) => html`<li key=${one.name}><button class="layer-row" aria-current=${one.name === layer ? "true" : undefined} onClick=${() => choose(one.name)}>
        <span class="name">${one.name === CLASSES ? t("network.classes") : upper(one.words || one.name)}</span><span class="note">${t("network.of", { name: one.name, count: one.channels })}</span></button></li>`)}</ul>
    </nav>
    <section class="unit-room" aria-labelledby="units">
      <header><h1 id="units">${now ? (now.name === CLASSES ? t("network.classes") : upper(now.words || now.name)) : t("network.title")}</h1>
        <p class="soft">${t("network.lead")}</p></header>
      <label class="select layer-select"><span>${t("network.layer")}</span><select value=${layer ?? ""} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
        ${(layers ?? []).map((one) => html`<option key=${one.name} value=${one.name}>${one.name}: ${one.words || one.name}</option>`)}</select></label>
      <ul class="units">${(found?.units ?? []).map((unit) => html`<${UnitTile} key=${unit.name} unit=${unit} all=${found?.units ?? []} />`)}</ul>
      ${found && looked.value.count < found.channels && html`<button class="wide" onClick=${() => (looked.value = { network, layer, count: looked.value.count + PAGE })}>${t("network.more", { count: Math.min(PAGE, found.channels - looked.value.count) })}</button>`}
    </section>
  </div>`;
}

/** @param {{unit: Unit, all: Unit[]}} props */
function UnitTile({ unit, all }) {
  const dream = t("network.dream", { name: unit.title });
  return html`<li class="tile unit"><button class="face" aria-label=${unit.title} onClick=${() => openSheet("unit", { unit, all })}>
      ${unit.portrait ? html`<img src=${unit.portrait} alt="" loading="lazy" />` : html`<span class="blank" aria-hidden="true"></span>`}
      <span class="name">${unit.title}</span></button>
    <button class="add" aria-label=${dream} title=${dream} onClick=${() => dreamWith(partOf(unit))}><${Icon} name="dream" /></button></li>`;
}
