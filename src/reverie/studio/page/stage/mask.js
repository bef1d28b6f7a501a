/** Painting where it dreams: brush, eraser, soft edge, undo; by pointer, finger or keys. */
import { complain, change } from "../core/actions.js";
import { putMask } from "../core/api.js";
import { createPortal, html, useEffect, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { drafts, masking, painted } from "../core/state.js";
import { announced } from "../core/toasts.js";
import { MaskTools } from "./mask_tools.js";
import { maskPng, maskSize, showVeil, valuesUnder } from "./strokes.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Painting} Painting */
/** @type {Painting} */
export const NOTHING_PAINTED = { strokes: [], paints: "stay", feather: 0.02, id: null };
const STEP = 0.02;

/** What is painted, or an earlier mask to paint on, but for a part of the picture that has a name (upper half). @returns {Painting | null} */
function begun() {
  const { painting, changes } = drafts.dream.value;
  return painting ?? (changes.mask && !/ |middle|edges/.test(changes.mask) ? { ...NOTHING_PAINTED, id: changes.mask, under: changes.mask } : null);
}

/** The veil of a painting, drawn anew as it changes. @param {{current: HTMLCanvasElement | null}} canvas @param {Painting | null} painting
 * @param {{width: number, height: number}} size */
function useVeil(canvas, painting, size) {
  const [under, setUnder] = useState(/** @type {Float32Array | null} */ (null));
  useEffect(() => {
    let gone = false;
    void (painting ? valuesUnder(painting, size) : Promise.resolve(null)).then((found) => gone || setUnder(found), complain);
    return () => void (gone = true);
  }, [painting?.under, size.width, size.height]);
  useEffect(() => {
    const fits = !under || under.length === size.width * size.height;
    if (canvas.current && painting && fits) showVeil(canvas.current, painting, under);
  }, [painting, under, size.width, size.height]);
}

/** @param {{photo: import("../core/types.js").Photo, onDone: () => void}} props */
export function MaskEditor({ photo, onDone }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [painting, setPainting] = useState(/** @type {Painting} */ (begun() ?? NOTHING_PAINTED));
  const [undone, setUndone] = useState(/** @type {import("../core/types.js").Stroke[]} */ ([]));
  const [brush, setBrush] = useState({ size: 0.12, erase: false });
  const [at, setAt] = useState(/** @type {[number, number]} */ ([0.5, 0.5]));
  const [keysPaint, setKeysPaint] = useState(false);
  const drawing = useRef(false);
  const size = maskSize(photo);

  useVeil(canvas, painting, size);
  useEffect(() => canvas.current?.focus(), []);

  /** @param {[number, number]} point @param {boolean} begins */
  const paint = (point, begins) => {
    setUndone([]);
    setPainting((was) => {
      const last = was.strokes.at(-1);
      if (begins || !last) return { ...was, strokes: [...was.strokes, { points: [point], ...brush }] };
      return { ...was, strokes: [...was.strokes.slice(0, -1), { ...last, points: [...last.points, point] }] };
    });
  };
  /** @param {PointerEvent} event @returns {[number, number]} */
  const place = (event) => {
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    drawing.current = true;
    paint(place(event), true);
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    setAt(place(event));
    if (drawing.current) paint(place(event), false);
  };

  const undo = () => {
    const last = painting.strokes.at(-1);
    if (!last) return;
    setUndone([last, ...undone]);
    setPainting({ ...painting, strokes: painting.strokes.slice(0, -1) });
  };
  const redo = () => {
    if (!undone.length) return;
    setPainting({ ...painting, strokes: [...painting.strokes, undone[0]] });
    setUndone(undone.slice(1));
  };

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const way = ways[event.key];
    const mods = event.ctrlKey || event.metaKey;
    if (way) {
      /** @type {[number, number]} */
      const next = [Math.min(1, Math.max(0, at[0] + way[0])), Math.min(1, Math.max(0, at[1] + way[1]))];
      setAt(next);
      if (keysPaint) paint(next, false);
    } else if (event.key === " ") {
      if (!keysPaint) paint(at, true);
      announced.value = t(keysPaint ? "mask.lifted" : "mask.lowered");
      setKeysPaint(!keysPaint);
    } else if (event.key === "Enter") void done();
    else if (mods && event.key.toLowerCase() === "z") (event.shiftKey ? redo : undo)();
    else if (event.key === "[" || event.key === "]") {
      setBrush({ ...brush, size: Math.min(0.6, Math.max(0.02, brush.size * (event.key === "[" ? 0.8 : 1.25))) });
    } else if (event.key === "e" && !mods) setBrush({ ...brush, erase: !brush.erase });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const done = async () => {
    try {
      const id = painting.strokes.length ? (await putMask(await maskPng(painting, photo))).id : (painting.under ?? null);
      change("dream", { painting: id ? { ...painting, id } : null });
      onDone();
      return true;
    } catch (error) {
      complain(error);
      return false;
    }
  };
  useEffect(() => {
    painted.take = done;
    return () => void (painted.take = null);
  });
  /** @param {KeyboardEvent} event */
  const leave = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onDone();
  };

  const across = brush.size * Math.min(size.width, size.height);
  return html`<div class="masking" onKeyDown=${leave}>
    <canvas ref=${canvas} class="layer veil" width=${size.width} height=${size.height} tabindex="0" role="application"
      aria-label=${t("mask.canvas")} onKeyDown=${keys} onPointerDown=${down} onPointerMove=${move}
      onPointerUp=${() => (drawing.current = false)} onPointerCancel=${() => (drawing.current = false)}></canvas>
    <div class=${`brush${brush.erase ? " erases" : ""}${keysPaint ? " down" : ""}`} aria-hidden="true" style=${{
      left: `${100 * at[0]}%`, top: `${100 * at[1]}%`, width: `${(100 * across) / size.width}%`, height: `${(100 * across) / size.height}%` }}></div>
    ${createPortal(html`<${MaskTools} painting=${painting} brush=${brush} onBrush=${setBrush} onPainting=${setPainting}
      onUndo=${painting.strokes.length ? undo : null} onRedo=${undone.length ? redo : null} onKeep=${done} onLeave=${onDone} />`,
      /** @type {HTMLElement} */ (document.getElementById("over")))}
  </div>`;
}

/** Without a mask. */
const everywhere = () => change("dream", { painting: null, changes: { ...drafts.dream.value.changes, mask: undefined } });

/** What is painted at the moment, in small, with a way to it. */
export function MaskSmall() {
  const { photo } = drafts.dream.value;
  const painting = begun();
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const size = maskSize({ width: (photo?.width ?? 4) / 4, height: (photo?.height ?? 4) / 4 });
  useVeil(canvas, painting, size);
  if (!photo) return html`<p class="soft">${t("mask.first")}</p>`;
  return html`<div class="where">
    ${painting && html`<div class="small-mask"><img src=${`/api/photos/${photo.id}?side=256`} alt="" /><canvas ref=${canvas} class="layer" width=${size.width} height=${size.height}></canvas></div>`}
    <button class="wide" onClick=${() => (masking.value = true)}><${Icon} name="brush" /> ${t(painting ? "mask.change" : "mask.paint")}</button>
    ${painting && html`<button class="quiet" onClick=${everywhere}>${t("mask.everywhere")}</button>`}
  </div>`;
}
