/** Short messages at the edge of the page, read out to those who do not see them. */
import { signal } from "./html.js";

/** @typedef {{id: number, text: string, bad: boolean, action?: {label: string, run: () => void}}} Toast */

/** @type {import("./html.js").Signal<Toast[]>} */
export const toasts = signal(/** @type {any} */ ([]));
/** What a screen reader is told of progress, now and then. */
export const announced = signal("");
let count = 0;
const SECONDS = { plain: 6, action: 12 };

/** @param {string} text @param {{bad?: boolean, action?: {label: string, run: () => void}}} [how] */
export function say(text, { bad = false, action } = {}) {
  const id = ++count;
  toasts.value = [...toasts.value.slice(-2), { id, text, bad, action }];
  setTimeout(() => dismiss(id), 1000 * (action || bad ? SECONDS.action : SECONDS.plain));
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
