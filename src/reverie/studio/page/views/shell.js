/** The page around the tabs: name, tabs, queue, theme, help, messages. */
import { html } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { hovering } from "../core/intake.js";
import { connected } from "../core/events.js";
import { startOver } from "../core/actions.js";
import { VIEWS, closeSheet, jobs, openSheet, sheet, view } from "../core/state.js";
import { announced, dismiss, toasts } from "../core/toasts.js";
import { toggleTheme } from "../core/theme_switch.js";
import { Gallery } from "../gallery/gallery.js";
import { Command, Download, Restore } from "../gallery/sheets.js";
import { Viewer } from "../gallery/viewer.js";
import { UnitSheet } from "../see/units.js";
import { AllSettings } from "../shape/all_settings.js";
import { Dream } from "./dream.js";
import { Film } from "./film.js";
import { Fool } from "./fool.js";
import { Help } from "./help.js";
import { Network } from "./network.js";
import { Portrait } from "./portrait.js";
import { Queue } from "./queue.js";
import { Zoom } from "./zoom.js";
import { t } from "../texts.js";

const TABS = { dream: Dream, portrait: Portrait, zoom: Zoom, film: Film, network: Network, fool: Fool, gallery: Gallery };

/** The dialogs that are open, the lowest first. @returns {any} */
function Sheets() {
  const open = [];
  for (let one = sheet.value; one; one = one.under) open.unshift(one);
  return open.map((one) => html`<${OneSheet} key=${one.name} open=${one} />`);
}

/** @param {{open: import("../core/state.js").SheetState}} props @returns {any} */
function OneSheet({ open }) {
  const { about } = open;
  if (open.name === "help") return html`<${Help} />`;
  if (open.name === "queue") return html`<${Queue} />`;
  if (open.name === "settings") return html`<${AllSettings} kind=${about} />`;
  if (open.name === "download") return html`<${Download} ...${about} />`;
  if (open.name === "command") return html`<${Command} id=${about} />`;
  if (open.name === "unit") return html`<${UnitSheet} ...${about} />`;
  if (open.name === "restore") return html`<${Restore} ...${about} />`;
  return html`<${Viewer} index=${about} onIndex=${(/** @type {number} */ index) => (sheet.value = { ...open, about: index })} onClose=${closeSheet} />`;
}

function Messages() {
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.value.map((toast) => html`<div key=${toast.id} class=${`toast${toast.bad ? " bad" : ""}`}>
      <p>${toast.text}</p>
      ${toast.action && html`<button onClick=${() => (toast.action?.run(), dismiss(toast.id))}>${toast.action.label}</button>`}
      <button class="icon small" aria-label=${t("close")} onClick=${() => dismiss(toast.id)}><${Icon} name="close" /></button></div>`)}</div>
    <p class="unseen" role="status" aria-live="polite">${announced.value}</p>`;
}

export function Shell() {
  const Shown = TABS[view.value];
  const busy = jobs.value.running.length + jobs.value.waiting.length;
  return html`<a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>${t("skip")}</a>
    <header class="top">
      <a class="wordmark" href="#dream" title=${t("start.over")} aria-label=${`reverie: ${t("start.over")}`} onClick=${() => startOver("dream")}><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10" /><path d="M12 2a10 10 0 0 1 0 20 7 10 0 0 0 0-20z" /></svg> reverie</a>
      <nav class="tabs" aria-label=${t("tabs")}>${VIEWS.map((name) => html`<a key=${name} href=${`#${name}`} aria-current=${view.value === name ? "page" : undefined}><${Icon} name=${name} /><span>${t(/** @type {any} */ (`tab.${name}`))}</span></a>`)}</nav>
      <div class="row corner">
        <button class="icon" data-key="q" title=${t("queue.title")} aria-label=${busy ? t("queue.count", { count: busy }) : t("queue.title")} onClick=${() => openSheet("queue")}><${Icon} name="queue" />${busy > 0 && html`<span class="count" aria-hidden="true">${busy}</span>`}</button>
        <button class="icon" data-key="t" title=${t("theme")} aria-label=${t("theme")} onClick=${toggleTheme}><${Icon} name="theme" /></button>
        <button class="icon" title=${t("help.title")} aria-label=${t("help.title")} onClick=${() => openSheet("help")}><${Icon} name="help" /></button>
      </div>
    </header>
    ${!connected.value && html`<p class="lost" role="status">${t("lost")}</p>`}
    <main id="main" tabindex="-1"><${Shown} key=${view.value} /></main>
    ${hovering.value && html`<div class="drop" aria-hidden="true"><p>${t("drop")}</p></div>`}
    <${Sheets} /><${Messages} />`;
}
