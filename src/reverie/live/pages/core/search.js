/** Finding what can be wished for: a field, and what it finds as one types; two with a plus between. */
import * as api from "./api.js";
import { html, useEffect, useId, useState } from "./html.js";
import { t } from "../texts.js";

/** @typedef {import("./types.js").Found} Found */

const SETTLED = 160;
const MOST = 12;

/** What is typed before the last plus, and after it. @param {string} text @returns {[string, string]} */
export function parted(text) {
  const at = text.lastIndexOf("+");
  return at < 0 ? ["", text.trim()] : [`${text.slice(0, at).trim()} + `, text.slice(at + 1).trim()];
}

/** What fits what is typed; null before anything is known. @param {string} wanted */
export function useFound(wanted) {
  const [found, setFound] = useState(/** @type {Found[] | null} */ (null));
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => void api.topics(wanted, stop.signal).then(setFound, (error) => error.name !== "AbortError" && setFound([])), wanted ? SETTLED : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [wanted]);
  return found;
}

/** A small picture of a topic, or its first letter. @param {{thumb: string | null | undefined, label: string}} props */
export function Thumb({ thumb, label }) {
  if (thumb) return html`<img class="thumb" src=${thumb} alt="" loading="lazy" width="56" height="56" />`;
  return html`<span class="thumb blank" aria-hidden="true">${label[0] ?? ""}</span>`;
}

/**
 * @param {{value: string, onInput: (text: string) => void, onChoose: (text: string) => void, label: string, action: string}} props
 *   A wish is what is typed, or what was chosen of what that finds.
 */
export function Search({ value, onInput, onChoose, label, action }) {
  const [before, wanted] = parted(value);
  const found = useFound(wanted);
  const id = useId();
  const fits = wanted ? (found ?? []).slice(0, MOST) : [];
  /** @param {Event} event */
  const submitted = (event) => {
    event.preventDefault();
    if (value.trim()) onChoose(value.trim());
  };
  return html`<form class="wish" role="search" onSubmit=${submitted}>
      <label for=${id} class="unseen">${label}</label>
      <input id=${id} type="search" value=${value} placeholder=${label} maxlength="120" autocomplete="off" autocapitalize="none" spellcheck=${false} enterkeyhint="send"
        onInput=${(/** @type {any} */ event) => onInput(event.target.value)} />
      <button class="primary" disabled=${!value.trim()}>${action}</button>
    </form>
    ${wanted && found && !found.length && html`<p class="soft none">${t("search.none", { wanted })}</p>`}
    ${fits.length > 0 && html`<ul class="found" aria-label=${t("search.found")}>${fits.map((one) => html`<li key=${one.label}>
      <button onClick=${() => onChoose(before + one.label)}><${Thumb} thumb=${one.thumb} label=${one.label} /><span class="name">${before}${one.label}</span>
        <span class="note">${one.kind === "group" ? t("search.group", { members: one.members }) : one.kind === "layer" ? t("search.layer") : one.names.join(", ")}</span></button></li>`)}</ul>`}`;
}
