/** What all tabs share: the picture on one side, what shapes it on the other. */
import { startOver } from "../core/actions.js";
import { html } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { current, openSheet } from "../core/state.js";
import { Stage } from "../stage/stage.js";
import { t } from "../texts.js";

/** @param {{kind: import("../core/types.js").Kind, welcome: any, action: any, head?: any, alone?: boolean, children?: any}} props
 *   alone: there is nothing to shape yet. */
export function Tab({ kind, welcome, action, head, alone = false, children }) {
  if (alone && !current[kind].value) return html`<div class="tab alone"><${Stage} kind=${kind} welcome=${welcome} /></div>`;
  return html`<div class="tab">
    <${Stage} kind=${kind} welcome=${welcome} />
    <aside class="panel" aria-label=${t("panel")}>
      <div class="scroll">
        ${head}
        ${children}
        <section class="block last"><button class="wide quiet" data-key="s" onClick=${() => openSheet("settings", kind)}><${Icon} name="sliders" /> ${t("settings.title")}</button>
          <button class="wide quiet" onClick=${() => startOver(kind)}><${Icon} name="undo" /> ${t("start.over")}</button></section>
      </div>
      ${action}
    </aside>
  </div>`;
}
