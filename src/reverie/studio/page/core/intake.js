/** Files that come in: dropped, pasted, chosen, photographed. A result of ours brings its settings along. */
import { complain, uploadPhoto } from "./actions.js";
import * as api from "./api.js";
import { signal } from "./html.js";
import { go, openSheet, view } from "./state.js";
import { announced } from "./toasts.js";
import { t } from "../texts.js";

/** Whether something is held over the page, and whether a file is on its way. */
export const hovering = signal(false);
export const arriving = signal(false);

const MARK = new TextEncoder().encode("reverie");

/** Whether bytes name us somewhere, as a picture's packet of metadata would. @param {Uint8Array} bytes */
export function names(bytes) {
  for (let at = bytes.indexOf(MARK[0]); at >= 0; at = bytes.indexOf(MARK[0], at + 1)) {
    if (MARK.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

/** What a file remembers, if it is a result. @param {File} file */
async function recipeIn(file) {
  if (!names(new Uint8Array(await file.arrayBuffer()))) return null;
  return api.readRecipe(file).catch(() => null);
}

/** @param {File} file */
export async function takeFile(file) {
  const kind = view.value === "film" || view.value === "zoom" ? view.value : "dream";
  arriving.value = true;
  announced.value = t("photo.arrives", { name: file.name });
  try {
    const found = kind === "film" ? null : await recipeIn(file);
    if (found) {
      openSheet("restore", { found, file });
      return;
    }
    if (view.value !== kind) go(kind);
    await uploadPhoto(kind, file);
  } catch (error) {
    complain(error);
  } finally {
    arriving.value = false;
  }
}

/** @param {DataTransfer | null} given */
const firstFile = (given) => [...(given?.files ?? [])][0] ?? null;

/** Listen for drops and pastes anywhere on the page. */
export function listen() {
  let depth = 0;
  const over = (/** @type {DragEvent} */ event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    if (event.type === "dragenter") depth += 1;
    hovering.value = true;
  };
  addEventListener("dragenter", over);
  addEventListener("dragover", over);
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) hovering.value = false;
  });
  addEventListener("drop", (event) => {
    depth = 0;
    hovering.value = false;
    const file = firstFile(event.dataTransfer);
    if (!file) return;
    event.preventDefault();
    void takeFile(file);
  });
  addEventListener("paste", (event) => {
    const file = firstFile(event.clipboardData);
    if (file) void takeFile(file);
  });
}
