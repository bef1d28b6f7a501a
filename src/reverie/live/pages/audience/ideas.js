/** Things to tap for whoever does not know what to type. */
import { html } from "../core/html.js";
import { Thumb, useFound } from "../core/search.js";
import { t } from "../texts.js";

/** @param {{mine: string | null, choose: (label: string) => void}} props */
export function Ideas({ mine, choose }) {
  const found = useFound("");
  if (!found?.length) return null;
  return html`<section class="ideas" aria-labelledby="ideas-title"><h2 id="ideas-title">${t("audience.ideas")}</h2>
    <ul>${found.map((one) => html`<li key=${one.label}><button aria-pressed=${one.label === mine} onClick=${() => choose(one.label)}><${Thumb} thumb=${one.thumb} label=${one.label} /><span>${one.label}</span></button></li>`)}</ul>
  </section>`;
}
