/** A quick small picture of what is chosen, while nothing dreams: it is seen before anybody asks for all of it. */
import * as api from "./api.js";
import { differs } from "./actions.js";
import { jobOf } from "./draft.js";
import { computed, effect, signal } from "./html.js";
import { alive, current, drafts, masking } from "./state.js";

/** Milliseconds after the last change. */
const SETTLED = 250;

/** The picture's address, or null. @type {import("./html.js").Signal<string | null>} */
export const sketched = signal(/** @type {any} */ (null));
/** Whether one is being made. */
export const sketching = signal(false);

/** What a picture would be made of; null where there is nothing to show. */
const wanted = computed(() => {
  const draft = drafts.dream.value;
  if (!draft.photo || masking.value || !current.dream.value || alive(current.dream.value) || !differs("dream")) return null;
  return JSON.stringify(jobOf("dream", draft));
});

/** Forget the picture. */
function drop() {
  if (sketched.peek()) URL.revokeObjectURL(/** @type {string} */ (sketched.peek()));
  sketched.value = null;
  sketching.value = false;
}

/** @param {string} wish @param {AbortSignal} signal */
async function make(wish, signal) {
  try {
    const picture = await api.sketch(JSON.parse(wish), signal);
    if (signal.aborted) return;
    drop();
    if (picture) sketched.value = URL.createObjectURL(picture);
  } catch {
    // What cannot be previewed is told when it is asked for.
  }
  if (!signal.aborted) sketching.value = false;
}

/** Make one whenever something else is chosen. */
export function listen() {
  effect(() => {
    const wish = wanted.value;
    if (wish === null) return void drop();
    const stop = new AbortController();
    const timer = setTimeout(() => void make(wish, stop.signal), SETTLED);
    sketching.value = true;
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
}
