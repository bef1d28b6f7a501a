/** Fooling: pictures evolve until the network is sure of what nobody would see in them. */
import { set } from "../core/actions.js";
import { html } from "../core/html.js";
import { drafts } from "../core/state.js";
import { Chooser } from "../see/chooser.js";
import { Segments } from "../shape/segments.js";
import { setting } from "../shape/sliders.js";
import { ActionBar } from "./action_bar.js";
import { Tab } from "./tab.js";
import { t } from "../texts.js";

const ENCODINGS = /** @type {const} */ (["cppn", "smooth", "natural", "direct"]);
const LENGTHS = /** @type {const} */ ([40, 150, 600]);

export function Fool() {
  const { targets } = drafts.fool.value;
  const encoding = String(setting("fool", "encoding") ?? "cppn");
  const length = String(setting("fool", "generations") ?? 150);
  const welcome = html`<div class="welcome"><h1>${t("fool.title")}</h1><p class="lead">${t("fool.lead")}</p></div>`;
  return html`<${Tab} kind="fool" welcome=${welcome} action=${html`<${ActionBar} kind="fool" ready=${targets.length > 0} verb="fool.begin" missing=${t("fool.needs")} />`}>
    <section class="block" aria-labelledby="fool-of"><h2 id="fool-of">${t("fool.of")}</h2>
      <${Chooser} kind="fool" nothing=${t("portrait.none")} />
    </section>
    <section class="block" aria-labelledby="fool-how"><h2 id="fool-how">${t("how.title")}</h2>
      <p class="label">${t("fool.encoding")}</p>
      <${Segments} label=${t("fool.encoding")} value=${encoding} onChange=${(/** @type {string} */ name) => set("fool", { encoding: name })}
        choices=${ENCODINGS.map((value) => ({ value, label: t(`fool.${value}`) }))} />
      <p class="label">${t("fool.length")}</p>
      <${Segments} label=${t("fool.length")} value=${length} onChange=${(/** @type {string} */ count) => set("fool", { generations: Number(count) })}
        choices=${LENGTHS.map((count) => ({ value: String(count), label: String(count) }))} />
      <p class="note">${t("fool.note")}</p>
    </section>
  <//>`;
}
