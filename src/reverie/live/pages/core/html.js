/** The one place that imports the libraries: everything else asks here. */
import { Fragment, h, render } from "../vendor/preact.js";
import { useMemo } from "../vendor/hooks.js";
import htm from "../vendor/htm.js";

export { Fragment, render };
export { useCallback, useEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
/** @template T @typedef {import("../vendor/signals.js").Signal<T>} Signal */
export { batch, computed, effect, signal } from "../vendor/signals.js";

/** Markup as a template: html`<p>${text}</p>`. */
export const html = htm.bind(h);

let ids = 0;
/** An id that nothing else has. */
export const useId = () => useMemo(() => `id-${++ids}`, []);

/** Show a page. @param {any} what */
export const show = (what) => render(what, /** @type {HTMLElement} */ (document.getElementById("page")));
