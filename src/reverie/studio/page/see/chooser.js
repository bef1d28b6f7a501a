/** Several things chosen by name: what portraits are made of, and what is to fool the network. */
import { change } from "../core/actions.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { drafts, usualNetwork } from "../core/state.js";
import { SearchField, badge, useThings } from "./things.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Kind} Kind */

const MOST = 9;

/** @param {Kind} kind @param {string} name */
export function toggle(kind, name) {
  const { targets } = drafts[kind].value;
  change(kind, { targets: targets.includes(name) ? targets.filter((one) => one !== name) : [...targets, name].slice(-MOST) });
}

/** @param {{kind: Kind, nothing: string, extra?: (wanted: string) => any}} props nothing: what is said where nothing is chosen;
 *   extra: what else may be meant by what is typed. */
export function Chooser({ kind, nothing, extra }) {
  const { targets, changes } = drafts[kind].value;
  const [wanted, setWanted] = useState("");
  const found = useThings(wanted, changes.network ?? usualNetwork.value);
  const more = extra?.(wanted.trim());
  return html`<ul class="chips" aria-label=${t("see.chosen")}>${!targets.length && html`<li class="soft">${nothing}</li>`}${targets.map((name) => html`<li key=${name}><button class="chip" aria-label=${t("see.without", { name })} onClick=${() => toggle(kind, name)}>${name} <${Icon} name="close" /></button></li>`)}</ul>
    <${SearchField} value=${wanted} onInput=${setWanted} label=${t("things.search")} onEnter=${() => found?.[0] && wanted.trim() && toggle(kind, found[0].name)} />
    ${more}
    ${found && !found.length && !more && html`<p class="soft">${t("things.none", { wanted })}</p>`}
    <ul class="names">${(found ?? []).map((thing) => html`<li key=${thing.name + thing.index}><button class="name-row" aria-pressed=${targets.includes(thing.name)} onClick=${() => toggle(kind, thing.name)}>
      ${thing.portrait ? html`<img src=${thing.portrait} alt="" loading="lazy" />` : html`<span class="initial" aria-hidden="true">${thing.name[0]}</span>`}
      <span class="name">${thing.name}${badge(thing) && html`<small class="badge">${badge(thing)}</small>`}</span>
      <span class="note">${thing.names.filter((name) => name !== thing.name).slice(0, 3).join(", ")}</span></button></li>`)}</ul>`;
}
