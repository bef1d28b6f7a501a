/** The gallery's pictures in a grid that stays quick with thousands. */
import { html, useEffect, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { useRoom } from "../stage/fit.js";
import { fetchMore, made, more } from "./list.js";
import { inSight } from "./window.js";
import { t } from "../texts.js";

const GAP = 10;
/** Pages ahead of the last row in sight that are fetched. */
const AHEAD = 2;

/** @param {{onOpen: (index: number) => void}} props */
export function Grid({ onOpen }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const room = useRoom(box);
  const [top, setTop] = useState(0);
  const [focus, setFocus] = useState(0);
  const items = made.value;
  const least = room.width < 500 ? 104 : 168;
  const sight = inSight({ count: items.length, width: room.width, height: room.height, top, least, gap: GAP });

  useEffect(() => {
    if (more.value && top + (1 + AHEAD) * room.height >= sight.whole) void fetchMore();
  }, [top, sight.whole, room.height]);

  /** @param {Event} event */
  const scrolled = (event) => {
    const to = /** @type {HTMLElement} */ (event.target).scrollTop;
    if (Math.floor(to / sight.row) !== Math.floor(top / sight.row)) setTop(to);
  };
  /** @param {number} index */
  const moveTo = (index) => {
    const next = Math.min(items.length - 1, Math.max(0, index));
    setFocus(next);
    const element = box.current;
    if (!element) return;
    const row = Math.floor(next / sight.columns) * sight.row;
    if (row < element.scrollTop) element.scrollTop = row;
    else if (row + sight.side > element.scrollTop + room.height) element.scrollTop = row + sight.side - room.height;
    requestAnimationFrame(() => requestAnimationFrame(() => /** @type {HTMLElement | null} */ (element.querySelector(`[data-index="${next}"]`))?.focus()));
  };
  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    /** @type {Record<string, number>} */
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -sight.columns, ArrowDown: sight.columns, Home: -items.length, End: items.length };
    if (!(event.key in by)) return;
    event.preventDefault();
    moveTo(focus + by[event.key]);
  };

  const shown = items.slice(sight.from, sight.to).map((one, index) => ({ one, index: sight.from + index }));
  return html`<div class="grid" ref=${box} onScroll=${scrolled} onKeyDown=${keys}>
    <ul style=${{ height: `${sight.whole}px` }} aria-label=${t("gallery.title")}>
      ${shown.map(({ one, index }) => html`<li key=${one.id} aria-setsize=${more.value ? -1 : items.length} aria-posinset=${index + 1} style=${{
        width: `${sight.side}px`, height: `${sight.side}px`,
        transform: `translate(${(index % sight.columns) * (sight.side + GAP)}px, ${Math.floor(index / sight.columns) * sight.row}px)` }}>
        <button class="thumb" data-index=${index} tabindex=${index === focus || (focus < sight.from && index === sight.from) || (focus >= sight.to && index === sight.from) ? 0 : -1}
          aria-label=${t("made.named", { label: one.label || one.name, number: index + 1 })} onFocus=${() => setFocus(index)} onClick=${() => onOpen(index)}>
          <img src=${one.thumb} alt="" width=${sight.side} height=${sight.side} decoding="async" />
          ${one.favourite && html`<span class="mark"><${Icon} name="heart" filled /></span>`}
          ${(one.kind === "zoom" || one.kind === "film") && html`<span class="mark moves"><${Icon} name="play" filled /></span>`}
        </button></li>`)}
    </ul>
  </div>`;
}
