/** Layers as thumbnails of one's own photograph. */
import * as api from "../core/api.js";
import { onEvent } from "../core/events.js";
import { html, useEffect, useState } from "../core/html.js";
import { drafts, learnWords, usualNetwork } from "../core/state.js";
import { Tile } from "./parts.js";
import { upper } from "./words.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Layer} Layer */

/** How many are there at first. */
const FEW = 12;

/** A small picture that has come is that of a chosen layer too. @param {import("../core/types.js").Kind} kind
 * @param {string} name @param {string} url */
function picture(kind, name, url) {
  const draft = drafts[kind].value;
  if (!draft.parts.some((part) => part.name === name && part.picture !== url)) return;
  const parts = draft.parts.map((part) => (part.kind === "layer" && part.name === name ? { ...part, picture: url } : part));
  drafts[kind].value = { ...draft, parts };
}

/** @param {{kind: import("../core/types.js").Kind}} props */
export function Layers({ kind }) {
  const [layers, setLayers] = useState(/** @type {Layer[] | null} */ (null));
  const [whole, setWhole] = useState(false);
  const draft = drafts[kind].value;
  const network = draft.changes.network ?? usualNetwork.value;
  const photo = draft.photo && !draft.photo.film ? draft.photo.id : null;

  useEffect(() => {
    let gone = false;
    void api.layers(network, photo).then((found) => {
      if (gone) return;
      setLayers(found);
      learnWords(found);
    }, () => gone || setLayers([]));
    const stop = onEvent((event) => {
      if (event.type !== "thumbnail" || (event.photo ?? null) !== photo) return;
      picture(kind, event.layer, event.url);
      setLayers((was) => was && was.map((one) => (one.name === event.layer ? { ...one, thumbnail: event.url } : one)));
    });
    return () => {
      gone = true;
      stop();
    };
  }, [network, photo]);

  useEffect(() => {
    for (const one of layers ?? []) if (one.thumbnail) picture(kind, one.name, one.thumbnail);
  }, [layers, draft.parts]);

  if (!layers) return html`<p class="soft">${t("loading")}</p>`;
  return html`<div class="tiles">${layers.slice(0, whole ? layers.length : FEW).map((layer) => html`<${Tile} key=${layer.name} kind=${kind} title=${upper(layer.words || layer.name)} note=${layer.words ? layer.name : undefined}
    picture=${layer.thumbnail} part=${{ kind: "layer", name: layer.name, objective: layer.objective, label: upper(layer.words || layer.name), weight: 1, picture: layer.thumbnail }} />`)}
    ${layers.length > FEW && !whole && html`<button class="more" onClick=${() => setWhole(true)}>${t("see.more", { count: layers.length - FEW })}</button>`}</div>`;
}
