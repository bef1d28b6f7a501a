/** Everything that decides the result, made from the recipe's own schema. */
import { change, set } from "../core/actions.js";
import { Fragment, html, useState } from "../core/html.js";
import { Sheet } from "../core/sheet.js";
import { blank } from "../core/draft.js";
import { flat, same } from "../core/settings.js";
import { defaultsOf, drafts, presetOf, schema } from "../core/state.js";
import { SearchField } from "../see/things.js";
import { FieldRow } from "./field.js";
import { setting } from "./sliders.js";
import { t } from "../texts.js";

/** What other places of the page choose. */
const ELSEWHERE = ["format", "preset", "objective", "mask", "portrait", "zoom", "film", "sites"];

/** @param {{kind: import("../core/types.js").Kind}} props */
export function AllSettings({ kind }) {
  const [wanted, setWanted] = useState("");
  const { changes, preset } = drafts[kind].value;
  const usual = { ...flat(defaultsOf(kind)), ...flat(presetOf(preset)?.recipe ?? {}) };
  const words = wanted.toLowerCase();
  const fields = (schema.value?.kinds[kind]?.fields ?? []).filter(
    (field) => !ELSEWHERE.includes(field.name) && `${field.name} ${field.title} ${field.help}`.toLowerCase().includes(words),
  );
  const panels = [...new Set(fields.map((field) => field.panel ?? ""))];
  return html`<${Sheet} title=${t("settings.title")} wide>
    <div class="settings-head"><${SearchField} value=${wanted} onInput=${setWanted} label=${t("settings.search")} />
      <button class="quiet" disabled=${same(changes, blank(kind).changes)} onClick=${() => change(kind, { changes: blank(kind).changes })}>${t("settings.reset")}</button></div>
    ${!fields.length && html`<p class="soft">${t("settings.none", { wanted })}</p>`}
    ${panels.map((panel) => html`<${Fragment} key=${panel}>${panel && html`<h3>${t(/** @type {any} */ (`panel.${panel}`))}</h3>`}
      <div class="fields">${fields.filter((field) => (field.panel ?? "") === panel).map((field) => html`<${FieldRow} key=${field.name} field=${field}
        value=${setting(kind, field.name) ?? null} usual=${usual[field.name] ?? null} onChange=${(/** @type {any} */ to) => set(kind, { [field.name]: to })} />`)}</div><//>`)}
  <//>`;
}
