/** What is wanted over the picture on this screen; kept, so that a reload changes nothing. */
import { signal } from "../core/html.js";

const KEPT = "reverie.live.stage";
/** @type {{captions: boolean, code: boolean}} */
const usual = { captions: true, code: true };

function kept() {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return usual;
  }
}

/** @type {import("../core/html.js").Signal<{captions: boolean, code: boolean}>} */
export const wanted = signal(/** @type {any} */ (kept()));

/** @param {"captions" | "code"} what */
export function toggle(what) {
  wanted.value = { ...wanted.value, [what]: !wanted.value[what] };
  localStorage.setItem(KEPT, JSON.stringify(wanted.value));
}
