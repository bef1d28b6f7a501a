/** What lies over the picture in a program for streams (OBS): transparent, with what is dreamt and what comes next.
 * In the address: `picture=1` shows the picture too, `next=0` leaves out what comes next, `code=1` shows the QR code. */
import { html, show as render, useEffect, useRef } from "../core/html.js";
import { connect, show, shown, wishedBy } from "../core/show.js";
import { play } from "../player.js";
import { t } from "../texts.js";

const asked = new URLSearchParams(location.search);
const token = asked.get("token") ?? "";
const MOST = 3;

function Picture() {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => (box.current ? play(box.current, { query: token ? { token } : {} }) : undefined), []);
  return html`<div class="picture" ref=${box}></div>`;
}

function Overlay() {
  const now = show.value;
  const next = asked.get("next") === "0" ? [] : (now?.queue.slice(0, MOST) ?? []);
  return html`<main><h1 class="unseen">${t("overlay.title")}</h1>
    ${asked.get("picture") === "1" && html`<${Picture} />`}
    ${now && html`<div class="caption" role="status" key=${shown.value}><p class="title">${shown.value}</p><p class="by">${wishedBy(now)}</p></div>`}
    ${next.length > 0 && html`<section class="next" aria-label=${t("overlay.next")}><h2>${t("overlay.next")}</h2><ol>${next.map((one) => html`<li key=${one.label}>${one.label}</li>`)}</ol></section>`}
    ${now && asked.get("code") === "1" && html`<img class="code" src="/api/code.svg" alt=${t("stage.code.alt", { url: now.url })} width="128" height="128" />`}
  </main>`;
}

connect(token);
render(html`<${Overlay} />`);
