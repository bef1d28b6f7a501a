/** One setting of "all settings", by what the schema says of it. */
import { html, useEffect, useId, useState } from "../core/html.js";
import { same } from "../core/settings.js";
import { Icon } from "../core/icons.js";
import { t } from "../texts.js";

/** A value as somebody would type it. @param {any} value */
export const typed = (value) => {
  if (value === null || value === undefined || (Array.isArray(value) && !value.length)) return "";
  return typeof value === "object" ? JSON.stringify(value).replaceAll(",", ", ") : String(value);
};

/** What was typed as a value of the setting; a wrong one is left to the server to refuse. @param {import("../core/types.js").Field} field @param {string} text */
export function meant(field, text) {
  const trimmed = text.trim();
  if (trimmed === "") return Array.isArray(field.default) ? [] : null;
  if (/^(integer|number)$/.test(field.type)) return Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
  if (/^[[{]/.test(trimmed) || field.type === "list") {
    try {
      return JSON.parse(/^[[{]/.test(trimmed) ? trimmed : `[${trimmed}]`);
    } catch {
      return trimmed;
    }
  }
  return field.type !== "text" && field.type !== "choice" && trimmed !== "" && !Number.isNaN(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** @param {{field: import("../core/types.js").Field, value: any, usual: any, onChange: (value: any) => void}} props ``undefined`` goes back to the usual. */
export function FieldRow({ field, value, usual, onChange }) {
  const id = useId();
  const changed = !same(value, usual);
  const control = { boolean: Tick, choice: Choice }[field.type] ?? Typed;
  return html`<div class=${`field${changed ? " changed" : ""}`}>
    <label for=${id}>${field.title ?? field.name}</label>
    <div class="control"><${control} id=${id} field=${field} value=${value} onChange=${onChange} />
      ${changed && html`<button class="icon small" title=${t("usual")} aria-label=${t("usual.of", { name: field.title ?? field.name })} onClick=${() => onChange(undefined)}><${Icon} name="undo" /></button>`}</div>
    ${field.help && html`<p class="note">${field.help.replaceAll("`", "")}</p>`}
  </div>`;
}

/** @param {any} props */
const Tick = ({ id, value, onChange }) => html`<input id=${id} type="checkbox" checked=${Boolean(value)} onChange=${(/** @type {any} */ event) => onChange(event.target.checked)} />`;

/** @param {any} props */
const Choice = ({ id, field, value, onChange }) => html`<select id=${id} value=${String(value ?? "")} onChange=${(/** @type {any} */ event) => onChange(event.target.value || null)}>
  ${value === null && html`<option value=""></option>`}
  ${(field.choices ?? []).map((/** @type {string} */ choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}</select>`;

/** @param {any} props */
function Typed({ id, field, value, onChange }) {
  const [text, setText] = useState(typed(value));
  useEffect(() => setText(typed(value)), [typed(value)]);
  const number = /^(integer|number)$/.test(field.type);
  return html`<input id=${id} type=${number ? "number" : "text"} inputmode=${number ? "decimal" : undefined} min=${field.min} max=${field.max}
    step=${number ? (field.step ?? "any") : undefined} value=${text} spellcheck=${false} autocomplete="off" placeholder=${typed(value) === "" ? t("settings.open") : undefined}
    onInput=${(/** @type {any} */ event) => setText(event.target.value)} onChange=${() => onChange(meant(field, text))} />`;
}
