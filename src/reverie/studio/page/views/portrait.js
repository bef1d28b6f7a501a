/** Pictures from nothing: what the network has in mind when it hears a name. */
import { change, set } from "../core/actions.js";
import { html } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { drafts, go } from "../core/state.js";
import { Chooser, toggle } from "../see/chooser.js";
import { Presets } from "../shape/presets.js";
import { Segments } from "../shape/segments.js";
import { setting } from "../shape/sliders.js";
import { ActionBar } from "./action_bar.js";
import { Tab } from "./tab.js";
import { t } from "../texts.js";

/** A button for a channel that is typed, such as block5c:17. @param {string} wanted */
const unit = (wanted) => /^[\w.]+:\d+$/.test(wanted) && html`<button class="wide" onClick=${() => toggle("portrait", wanted)}>${t("portrait.unit", { unit: wanted })}</button>`;

export function Portrait() {
  const { targets } = drafts.portrait.value;
  const welcome = html`<div class="welcome"><h1>${t("portrait.title")}</h1><p class="lead">${t("portrait.lead")}</p></div>`;
  return html`<${Tab} kind="portrait" welcome=${welcome} action=${html`<${ActionBar} kind="portrait" ready=${targets.length > 0} verb="portrait.begin" missing=${t("portrait.needs")} />`}>
    <section class="block" aria-labelledby="of-what"><h2 id="of-what">${t("portrait.of")}</h2>
      <${Chooser} kind="portrait" nothing=${t("portrait.none")} extra=${unit} />
      <button class="wide quiet" onClick=${() => go("network")}><${Icon} name="network" /> ${t("portrait.units")}</button>
    </section>
    <section class="block" aria-labelledby="portrait-how"><h2 id="portrait-how">${t("how.title")}</h2>
      <p class="label">${t("portrait.size")}</p>
      <${Segments} label=${t("portrait.size")} value=${String(setting("portrait", "size")?.[0] ?? 256)} onChange=${(/** @type {string} */ side) => set("portrait", { size: [Number(side), Number(side)] })}
        choices=${[["160", t("size.small")], ["256", t("size.medium")], ["512", t("size.large")]].map(([value, label]) => ({ value, label }))} />
      <p class="label">${t("portrait.how.many")}</p>
      <${Segments} label=${t("portrait.how.many")} value=${String(drafts.portrait.value.variations)} onChange=${(/** @type {string} */ count) => change("portrait", { variations: Number(count) })}
        choices=${["1", "4", "9"].map((value) => ({ value, label: t("portrait.count", { count: Number(value) }) }))} />
    </section>
    <${Presets} kind="portrait" />
  <//>`;
}
