/** A dialog: it takes the keyboard, closes by Escape, and gives the keyboard back. */
import { html, useEffect, useId, useRef } from "./html.js";
import { Icon } from "./icons.js";
import { closeSheet } from "./state.js";
import { t } from "../texts.js";

/** @param {{title: string, wide?: boolean, whole?: boolean, onClose?: () => void, onKeyDown?: (event: KeyboardEvent) => void, children?: any}} props */
export function Sheet({ title, wide = false, whole = false, onClose = closeSheet, onKeyDown, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    if (element && !element.open) element.showModal();
    if (!element?.querySelector("[autofocus]")) element?.focus();
    return () => {
      element?.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  /** @param {MouseEvent} event */
  const outside = (event) => {
    if (event.target === dialog.current) onClose();
  };
  return html`<dialog ref=${dialog} tabindex="-1" class=${`sheet${wide ? " wide" : ""}${whole ? " whole" : ""}`} aria-labelledby=${id} onClick=${outside} onKeyDown=${onKeyDown}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }}>
    <div class="inside">
      <header><h2 id=${id}>${title}</h2><button class="icon" aria-label=${t("close")} title=${t("close")} onClick=${onClose}><${Icon} name="close" /></button></header>
      <div class="body">${children}</div>
    </div>
  </dialog>`;
}
