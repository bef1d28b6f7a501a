/** Looking closer: wheel, two fingers, drag, buttons and keys over one picture. */
import { useEffect, useRef, useState } from "../core/html.js";

const MOST = 16;

/** @typedef {{scale: number, x: number, y: number}} Look Scale, and how far the picture is moved, in pixels. */

/** Zoom about a point given from the middle of the area; at 1 the picture lies where it lay. @param {Look} look
 * @param {number} factor @param {number} x @param {number} y @returns {Look} */
export function about(look, factor, x, y) {
  const scale = Math.min(MOST, Math.max(1, look.scale * factor));
  if (scale === 1) return { scale, x: 0, y: 0 };
  const by = scale / look.scale;
  return { scale, x: x + (look.x - x) * by, y: y + (look.y - y) * by };
}

/** How far a finger goes across, in pixels, before it means another picture; and how much farther than up or down. */
const SWIPE = 60;
const FLAT = 2;

/** @param {{current: HTMLElement | null}} area @param {{drags: boolean, onSwipe?: (by: -1 | 1) => void}} how Whether dragging moves the
 *   picture; what a finger does that wipes across a whole one: 1 to the left, on to the next. */
export function usePanZoom(area, { drags, onSwipe }) {
  const began = useRef(/** @type {{x: number, y: number} | null} */ (null));
  const [look, setLook] = useState(/** @type {Look} */ ({ scale: 1, x: 0, y: 0 }));
  const pointers = useRef(/** @type {Map<number, {x: number, y: number}>} */ (new Map()));
  const may = useRef(drags);
  may.current = drags;

  /** @param {{clientX: number, clientY: number}} at */
  const fromMiddle = ({ clientX, clientY }) => {
    const box = /** @type {HTMLElement} */ (area.current).getBoundingClientRect();
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
  };

  useEffect(() => {
    const element = area.current;
    if (!element) return undefined;
    /** @param {WheelEvent} event */
    const wheel = (event) => {
      event.preventDefault();
      const { x, y } = fromMiddle(event);
      setLook((was) => about(was, Math.exp(-event.deltaY / 400), x, y));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  /** @param {PointerEvent} event */
  const down = (event) => {
    if (/** @type {Element} */ (event.target).closest("button, a, video")) return;
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    began.current = pointers.current.size === 1 ? { x: event.clientX, y: event.clientY } : null;
  };

  /** @param {PointerEvent} event */
  const move = (event) => {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const others = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const now = { x: event.clientX, y: event.clientY };
    pointers.current.set(event.pointerId, now);
    if (others.length === 1) {
      const factor = apart(now, others[0]) / Math.max(1, apart(before, others[0]));
      const middle = fromMiddle({ clientX: (now.x + others[0].x) / 2, clientY: (now.y + others[0].y) / 2 });
      setLook((was) => about(was, factor, middle.x, middle.y));
    } else if (!others.length && may.current) {
      setLook((was) => (was.scale === 1 ? was : { ...was, x: was.x + now.x - before.x, y: was.y + now.y - before.y }));
    }
  };

  /** @param {PointerEvent} event */
  const up = (event) => {
    const from = began.current;
    const was = pointers.current.delete(event.pointerId);
    began.current = null;
    if (!was || !from || event.type !== "pointerup" || event.pointerType !== "touch" || look.scale > 1) return;
    const across = event.clientX - from.x;
    if (Math.abs(across) > SWIPE && Math.abs(across) > FLAT * Math.abs(event.clientY - from.y)) onSwipe?.(across < 0 ? 1 : -1);
  };

  return {
    look,
    zoom: (/** @type {number} */ factor) => setLook((was) => about(was, factor, 0, 0)),
    fit: () => setLook({ scale: 1, x: 0, y: 0 }),
    /** @param {number} x @param {number} y */
    shift: (x, y) => setLook((was) => (was.scale === 1 ? was : { ...was, x: was.x + x, y: was.y + y })),
    hands: { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up, onPointerLeave: up },
  };
}

/** @param {{x: number, y: number}} one @param {{x: number, y: number}} other */
const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
