/** "What shall it see?": layers, things, another picture, a mix of them, or a text. */
import { html, useState } from "../core/html.js";
import { Segments } from "../shape/segments.js";
import { appears } from "../core/draft.js";
import { change } from "../core/actions.js";
import { drafts } from "../core/state.js";
import { Chosen } from "./parts.js";
import { Guide } from "./guide.js";
import { Layers } from "./layers.js";
import { ObjectiveText } from "./objective.js";
import { Things } from "./things.js";
import { t } from "../texts.js";

const WAYS = { layers: Layers, things: Things, guide: Guide, text: ObjectiveText };

/** @param {{kind: import("../core/types.js").Kind, ways?: (keyof typeof WAYS)[]}} props */
export function See({ kind, ways = ["layers", "things", "guide", "text"] }) {
  const [way, setWay] = useState(ways[0]);
  const draft = drafts[kind].value;
  const onlyThings = kind === "dream" && draft.parts.length > 0 && draft.text === null && draft.parts.every((part) => part.kind === "thing");
  return html`<section class="block" aria-labelledby=${`see-${kind}`}>
    <h2 id=${`see-${kind}`}>${t("see.title")}</h2>
    <${Chosen} kind=${kind} />
    ${onlyThings && html`<label class="check"><input type="checkbox" checked=${appears(kind, draft)} onChange=${(/** @type {any} */ event) => change(kind, { whole: event.target.checked, ...(event.target.checked ? { preset: "reverie" } : {}) })} />
      <span>${t("see.whole")}</span></label>`}
    <${Segments} label=${t("see.ways")} value=${way} onChange=${setWay} choices=${ways.map((name) => ({ value: name, label: t(`see.${name}`) }))} />
    <div class="way"><${WAYS[way]} kind=${kind} /></div>
  </section>`;
}
