/** One picture to look at: before and after, closer, full screen. */
import { html, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { fitted, useRoom } from "./fit.js";
import { usePanZoom } from "./pan_zoom.js";
import { t } from "../texts.js";

const STEP = 60;

/**
 * @param {{before: string | null, size: {width: number, height: number}, children?: any, label: string,
 *   over: (clip: string | undefined) => any, tools?: any, cover?: any, whole?: boolean, still?: boolean, empty?: boolean,
 *   onSwipe?: (by: -1 | 1) => void}} props
 *   before: the photograph, if there is one; over: what lies on it, cut where it is told;
 *   cover: what takes the picture's place to be worked on; whole: it takes all the room there is; still: nothing to look closer at;
 *   empty: there is nothing to be seen yet; onSwipe: what a finger does that wipes across.
 */
export function Look({ before, size, label, over, tools, cover, whole: fills = false, still = false, empty = false, onSwipe }) {
  const area = useRef(/** @type {HTMLElement | null} */ (null));
  const whole = useRef(/** @type {HTMLElement | null} */ (null));
  const [compares, setCompares] = useState(false);
  const [cut, setCut] = useState(50);
  const room = useRoom(area);
  const { look, zoom, fit, shift, hands } = usePanZoom(area, { drags: !compares && !cover, onSwipe: compares ? undefined : onSwipe });
  const frame = fills ? room : fitted(size, room);
  const clip = compares && before && !cover ? `inset(0 0 0 ${cut}%)` : undefined;
  const moved = `translate(${look.x}px, ${look.y}px) scale(${look.scale})`;

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    if (event.target !== area.current) return;
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (ways[event.key] && look.scale > 1) {
      event.preventDefault();
      event.stopPropagation();
      shift(...ways[event.key]);
    }
  };

  const shape = size.width && size.height ? size.width / size.height : 1;
  return html`<div class="look" ref=${whole} style=${{ "--shape": shape }}>
    <div class=${`area${look.scale > 1 ? " close" : ""}`} ref=${area} tabindex=${still ? undefined : 0} role="group"
      aria-label=${label} onKeyDown=${keys} onDblClick=${() => (cover ? null : look.scale > 1 ? fit() : zoom(2.5))} ...${cover ? {} : hands}>
      <div class="frame" style=${{ width: `${frame.width}px`, height: `${frame.height}px`, transform: moved }}>
        ${before && !fills && html`<img class="layer" src=${before} alt=${t("stage.before")} draggable=${false} />`}
        ${over(clip)}
        ${clip && html`<div class="divider" style=${{ left: `${cut}%` }} aria-hidden="true"><${Icon} name="compare" /></div>
          <input class="wipe" type="range" min="0" max="100" value=${cut} aria-label=${t("stage.compare.how")}
            onInput=${(/** @type {any} */ event) => setCut(Number(event.target.value))} />`}
        ${cover}
      </div>
    </div>
    ${!cover && !empty && html`<div class="tools" role="toolbar" aria-label=${t("stage.tools")}>
      ${before && html`<button class="icon" aria-pressed=${compares} data-key="b" title=${t("stage.compare")} aria-label=${t("stage.compare")}
        onClick=${() => setCompares(!compares)}><${Icon} name="compare" /></button>`}
      ${!still && html`<button class="icon" data-key="-" title=${t("stage.out")} aria-label=${t("stage.out")} onClick=${() => zoom(1 / 1.5)}><${Icon} name="minus" /></button>
        <button class="icon size" data-key="0" title=${t("stage.fit")} aria-label=${t("stage.fit")} onClick=${fit}>${size.width ? Math.round((100 * frame.width * look.scale) / size.width) : 100}%</button>
        <button class="icon" data-key="+" title=${t("stage.in")} aria-label=${t("stage.in")} onClick=${() => zoom(1.5)}><${Icon} name="plus" /></button>`}
      ${document.fullscreenEnabled && html`<button class="icon" data-key="f" title=${t("stage.full")} aria-label=${t("stage.full")}
        onClick=${() => toggleFull(whole.current)}><${Icon} name="full" /></button>`}
      ${tools}
    </div>`}
  </div>`;
}

/** @param {HTMLElement | null} element */
function toggleFull(element) {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void element?.requestFullscreen();
}
