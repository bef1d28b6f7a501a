/** Pictures from nothing: what the network has in mind when it hears a name. */
import { change, set } from "../core/actions.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { drafts, usualNetwork } from "../core/state.js";
import { SearchField, badge, useThings } from "../see/things.js";
import { Presets } from "../shape/presets.js";
import { Segments } from "../shape/segments.js";
import { setting } from "../shape/sliders.js";
import { ActionBar } from "./action_bar.js";
import { Tab } from "./tab.js";
import { t } from "../texts.js";

const MOST = 9;

/** @param {string} name */
function toggle(name) {
  const { targets } = drafts.portrait.value;
  change("portrait", { targets: targets.includes(name) ? targets.filter((one) => one !== name) : [...targets, name].slice(-MOST) });
}

export function Portrait() {
  const { targets } = drafts.portrait.value;
  const [wanted, setWanted] = useState("");
  const found = useThings(wanted, drafts.portrait.value.changes.network ?? usualNetwork.value);
  const unit = /^[\w.]+:\d+$/.test(wanted.trim()) ? wanted.trim() : null;
  const welcome = html`<div class="welcome"><h1>${t("portrait.title")}</h1><p class="lead">${t("portrait.lead")}</p></div>`;
  return html`<${Tab} kind="portrait" welcome=${welcome} action=${html`<${ActionBar} kind="portrait" ready=${targets.length > 0} verb="portrait.begin" missing=${t("portrait.needs")} />`}>
    <section class="block" aria-labelledby="of-what"><h2 id="of-what">${t("portrait.of")}</h2>
      <ul class="chips" aria-label=${t("see.chosen")}>${!targets.length && html`<li class="soft">${t("portrait.none")}</li>`}${targets.map((name) => html`<li key=${name}><button class="chip" aria-label=${t("see.without", { name })} onClick=${() => toggle(name)}>${name} <${Icon} name="close" /></button></li>`)}</ul>
      <${SearchField} value=${wanted} onInput=${setWanted} label=${t("things.search")} onEnter=${() => found?.[0] && wanted.trim() && toggle(found[0].name)} />
      ${unit && html`<button class="wide" onClick=${() => toggle(unit)}>${t("portrait.unit", { unit })}</button>`}
      ${found && !found.length && !unit && html`<p class="soft">${t("things.none", { wanted })}</p>`}
      <ul class="names">${(found ?? []).map((thing) => html`<li key=${thing.name + thing.index}><button class="name-row" aria-pressed=${targets.includes(thing.name)} onClick=${() => toggle(thing.name)}>
        ${thing.portrait ? html`<img src=${thing.portrait} alt="" loading="lazy" />` : html`<span class="initial" aria-hidden="true">${thing.name[0]}</span>`}
        <span class="name">${thing.name}${badge(thing) && html`<small class="badge">${badge(thing)}</small>`}</span>
        <span class="note">${thing.names.filter((name) => name !== thing.name).slice(0, 3).join(", ")}</span></button></li>`)}</ul>
    </section>
    <section class="block" aria-labelledby="portrait-how"><h2 id="portrait-how">${t("how.title")}</h2>
      <${Segments} label=${t("portrait.size")} value=${String(setting("portrait", "size")?.[0] ?? 256)} onChange=${(/** @type {string} */ side) => set("portrait", { size: [Number(side), Number(side)] })}
        choices=${[["160", t("size.small")], ["256", t("size.medium")], ["512", t("size.large")]].map(([value, label]) => ({ value, label }))} />
      <${Segments} label=${t("portrait.how.many")} value=${String(drafts.portrait.value.variations)} onChange=${(/** @type {string} */ count) => change("portrait", { variations: Number(count) })}
        choices=${["1", "4", "9"].map((value) => ({ value, label: t("portrait.count", { count: Number(value) }) }))} />
    </section>
    <${Presets} kind="portrait" />
  <//>`;
}
