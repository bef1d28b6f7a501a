/** What is dreamt, and by whose wish: seen for a while as it begins, and read out to those who do not see it. */
import { html, useEffect, useState } from "../core/html.js";
import { clock, show, shown, wishedBy } from "../core/show.js";
import { wanted } from "./wanted.js";
import { t } from "../texts.js";

/** Seconds for which a caption is seen; seconds between two times of the credits, and for which they are seen. */
const SEEN = 9;
const BETWEEN = 300;
const CREDITS = 12;

export function Caption() {
  const now = show.value;
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!shown.value) return undefined;
    setSeen(true);
    const timer = setTimeout(() => setSeen(false), 1000 * SEEN);
    return () => clearTimeout(timer);
  }, [shown.value]);
  if (!now?.captions || !wanted.value.captions) return null;
  return html`<div class=${seen ? "caption seen" : "caption"} aria-hidden="true"><p class="title">${shown.value}</p><p class="by">${wishedBy(now)}</p></div>`;
}

/** The same for a screen reader, once for each topic. */
export function Spoken() {
  const now = show.value;
  const by = now ? wishedBy(now) : "";
  const words = !shown.value ? "" : by ? t("stage.now.by", { topic: shown.value, by }) : t("stage.now", { topic: shown.value });
  return html`<p class="unseen" role="status" aria-live="polite">${words}</p>`;
}

export function Credits() {
  const now = show.value;
  if (!now?.credits || !wanted.value.captions) return null;
  const seen = clock.value % BETWEEN < CREDITS;
  return html`<p class=${seen ? "credits seen" : "credits"} aria-hidden=${!seen}>${t("stage.credits")}${now.rights && ` ${t("stage.rights", { rights: now.rights })}`}</p>`;
}
