/** One second of a zoom or a film, before all of it is made. */
import { tryOne } from "../core/actions.js";
import { html, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { alive, current } from "../core/state.js";
import { t } from "../texts.js";

/** @param {{kind: import("../core/types.js").Kind}} props */
export function TryOne({ kind }) {
  const [busy, setBusy] = useState(false);
  const begin = () => {
    setBusy(true);
    void tryOne(kind).finally(() => setBusy(false));
  };
  return html`<button class="wide" data-key="y" disabled=${busy || alive(current[kind].value)} onClick=${begin}><${Icon} name="play" /> ${t("film.try")}</button>`;
}
