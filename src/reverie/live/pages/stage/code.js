/** The QR code by which phones come in; the one on the stage changes, so that only those in the room have it. */
import { html } from "../core/html.js";
import { show } from "../core/show.js";
import { wanted } from "./wanted.js";
import { t } from "../texts.js";

export function Code() {
  const now = show.value;
  if (!now?.qr || !wanted.value.code) return null;
  const plain = now.url.replace(/^https?:\/\//, "");
  return html`<aside class="code"><img src=${`/api/code.svg?${now.code?.id ?? ""}`} alt=${t("stage.code.alt", { url: plain })} width="132" height="132" /><p><strong>${t("stage.scan")}</strong><span>${plain}</span></p></aside>`;
}
