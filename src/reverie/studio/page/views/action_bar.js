/** The one button that matters: dream, or stop and keep; with how far it has come. */
import { differs, start, tell } from "../core/actions.js";
import { takes } from "../core/estimate.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { alive, current, drafts } from "../core/state.js";
import { standing, step } from "../stage/stage.js";
import { t } from "../texts.js";

/** @param {{kind: import("../core/types.js").Kind, ready?: boolean, verb?: any, missing?: string}} props ready: whether there is enough to begin. */
export function ActionBar({ kind, ready = true, verb = "act.dream", missing }) {
  const now = current[kind].value;
  const [busy, setBusy] = useState(false);
  const going = alive(now);
  const share = going && now ? (Math.max(0, now.group.indexOf(now.id)) + (now.progress?.share ?? 0)) / now.group.length : 0;
  const begin = async () => {
    setBusy(true);
    await start(kind);
    setBusy(false);
  };
  if (going && now) {
    const paused = now.state === "paused";
    return html`<div class="action going">
      <div class="meter" role="progressbar" aria-label=${t("act.progress")} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(100 * share)}><i style=${{ width: `${100 * share}%` }}></i></div>
      <p class="standing" title=${step(now)}>${standing(now)}</p>
      <div class="row">
        ${now.state !== "waiting" && html`<button class="primary grow" data-key="d" onClick=${() => tell(kind, "stop")}><${Icon} name="stop" /> ${t("act.stop")}</button>
          <button class="icon bordered" data-key="p" title=${t(paused ? "act.resume" : "act.pause")} aria-label=${t(paused ? "act.resume" : "act.pause")}
            onClick=${() => tell(kind, paused ? "resume" : "pause")}><${Icon} name=${paused ? "play" : "pause"} /></button>`}
        <button class=${now.state === "waiting" ? "grow" : "icon bordered"} data-key="x" title=${t("act.cancel")} aria-label=${t("act.cancel")} onClick=${() => tell(kind, "cancel")}>
          <${Icon} name="close" />${now.state === "waiting" ? ` ${t("act.cancel")}` : ""}</button>
      </div>
    </div>`;
  }
  const again = now !== null && !differs(kind);
  return html`<div class="action">
    ${now?.state === "failed" && html`<p class="wrong" role="alert">${now.error ?? t("progress.failed")}</p>`}
    ${!ready && missing && html`<p class="soft">${missing}</p>`}
    ${takes.value && html`<p class="note takes" role="status">${t("act.takes", { time: takes.value })}</p>`}
    <button class=${`primary grow${now && !again ? " changed" : ""}`} data-key="d" disabled=${!ready || busy} onClick=${begin}><${Icon} name=${again ? "again" : "play"} /> ${t(again ? /** @type {any} */ (`act.again.${kind}`) : now && kind === "dream" ? "act.changed" : verb)}</button>
  </div>`;
}

/** Whether a tab has the photograph it needs. @param {import("../core/types.js").Kind} kind */
export const hasPhoto = (kind) => drafts[kind].value.photo !== null;
