/** Single keys: a button says its own by ``data-key``, one or several, and each of them presses it. */
import { signal } from "./html.js";
import { VIEWS, go, openSheet, sheet } from "./state.js";

const KEPT = "reverie.keys";
/** Whether single keys do anything; speech input may want them off. */
export const singleKeys = signal(localStorage.getItem(KEPT) !== "off");

/** @param {boolean} on */
export function setSingleKeys(on) {
  singleKeys.value = on;
  localStorage.setItem(KEPT, on ? "on" : "off");
}

/** @param {EventTarget | null} target */
const types = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && !/^(range|checkbox|radio|button)$/.test(target.type)));

/** The element that a key stands for: in the dialog if one is open. @param {string} key */
function meant(key) {
  const dialogs = document.querySelectorAll("dialog[open]");
  const within = dialogs[dialogs.length - 1] ?? document;
  const found = [...within.querySelectorAll("[data-key]")].filter((one) => /** @type {HTMLElement} */ (one).dataset.key?.split(" ").includes(key));
  return /** @type {HTMLElement | undefined} */ (found.find((one) => one.getClientRects().length > 0));
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || types(event.target)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "?") {
    event.preventDefault();
    openSheet("help");
    return;
  }
  if (!singleKeys.value && event.key.length === 1) return;
  const place = Number(key) - 1;
  if (key !== "0" && VIEWS[place] && !sheet.value) return void go(VIEWS[place]);
  const button = meant(key);
  if (!button) return;
  event.preventDefault();
  if (button instanceof HTMLInputElement && button.type === "search") button.focus();
  else button.click();
}

export const listen = () => addEventListener("keydown", pressed);
