/** The one place that imports the libraries: everything else asks here. */
import { Fragment, createPortal, h, render } from "../vendor/preact.js";
import { useMemo } from "../vendor/hooks.js";
import htm from "../vendor/htm.js";

export { Fragment, createPortal, render };
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
/** @template T @typedef {import("../vendor/signals.js").Signal<T>} Signal */
export { batch, computed, effect, signal } from "../vendor/signals.js";

/** Markup as a template: html`<p>${text}</p>`. */
export const html = htm.bind(h);

let ids = 0;
/** An id that nothing else has; those of preact come twice where a part of the tree is made later. */
export const useId = () => useMemo(() => `id-${++ids}`, []);
