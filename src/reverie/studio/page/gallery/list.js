/** All that was made, newest first, page by page. */
import { complain } from "../core/actions.js";
import * as api from "../core/api.js";
import { onEvent } from "../core/events.js";
import { signal } from "../core/html.js";
import { say } from "../core/toasts.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Made} Made */

const PAGE = 200;
/** @type {import("../core/html.js").Signal<Made[]>} */
export const made = signal(/** @type {any} */ ([]));
export const filter = signal({ favourite: false, kind: "" });
/** Whether there are more than these. */
export const more = signal(true);
/** @type {string | null} */
let cursor = null;
/** @type {Promise<void> | null} */
let busy = null;

const asked = () => ({ limit: PAGE, favourite: filter.value.favourite ? 1 : null, kind: filter.value.kind });

/** Fetch the next page. */
export function fetchMore() {
  if (busy || !more.value) return busy;
  const wanted = filter.value;
  busy = api.pictures({ ...asked(), before: cursor }).then(({ items, next }) => {
    if (wanted !== filter.value) return;
    const known = new Set(made.value.map((one) => one.id));
    made.value = [...made.value, ...items.filter((one) => !known.has(one.id))];
    cursor = next;
    more.value = next !== null;
  }, complain).finally(() => (busy = null));
  return busy;
}

/** Begin anew, with other wishes. @param {Partial<{favourite: boolean, kind: string}>} change */
export async function refilter(change) {
  filter.value = { ...filter.value, ...change };
  await busy;
  made.value = [];
  cursor = null;
  more.value = true;
  await fetchMore();
}

/** Put what is new on top. */
export async function fetchNew() {
  const { items } = await api.pictures(asked()).catch(() => ({ items: /** @type {Made[]} */ ([]) }));
  const known = new Set(made.value.map((one) => one.id));
  const fresh = items.filter((one) => !known.has(one.id));
  if (fresh.length) made.value = [...fresh, ...made.value];
}

/** @param {string} id */
export const madeOf = (id) => made.value.find((one) => one.id === id) ?? null;

/** @param {string} id @param {boolean} favourite */
export async function setFavourite(id, favourite) {
  made.value = made.value.map((one) => (one.id === id ? { ...one, favourite } : one));
  await api.changePicture(id, { favourite }).catch(complain);
}

/** Into the bin, with a way back. @param {string} id */
export async function remove(id) {
  const at = made.value.findIndex((one) => one.id === id);
  const gone = made.value[at];
  made.value = made.value.filter((one) => one.id !== id);
  try {
    const { undo } = await api.deletePicture(id);
    const back = async () => {
      await api.undo(undo);
      if (gone) made.value = [...made.value.slice(0, at), gone, ...made.value.slice(at)];
      say(t("made.restored"));
    };
    say(t("made.deleted"), { action: { label: t("undo"), run: () => void back().catch(complain) } });
  } catch (error) {
    if (gone) made.value = [...made.value.slice(0, at), gone, ...made.value.slice(at)];
    complain(error);
  }
}

/** Hear of what is made while the page is open. */
export function listen() {
  onEvent((event) => {
    if (["picture", "item", "done", "stopped", "reconnected"].includes(event.type)) void fetchNew();
  });
}
