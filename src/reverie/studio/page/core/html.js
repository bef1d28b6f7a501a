/** The one place that imports the libraries: everything else asks here. */
import { Fragment, createPortal, h, render } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export { Fragment, createPortal, render };
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
/** @template T @typedef {import("../vendor/signals.js").Signal<T>} Signal */
export { batch, computed, effect, signal } from "../vendor/signals.js";

/** Markup as a template: html`<p>${text}</p>`. */
export const html = htm.bind(h);

/**
 * Class names in one string; what is false is left out.
 * @param {...(string | false | null | undefined)} names
 */
export const classes = (...names) => names.filter(Boolean).join(" ");
