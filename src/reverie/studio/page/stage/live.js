/** The newest preview of a running job, drawn into a canvas. */
import { onPreview } from "../core/events.js";
import { html, useEffect, useRef } from "../core/html.js";
import { t } from "../texts.js";

/** @param {{job: string, onSize: (size: {width: number, height: number}) => void, clip?: string}} props */
export function Live({ job, onSize, clip }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    let newest = 0;
    return onPreview((header, picture) => {
      if (header.job !== job) return;
      const mine = ++newest;
      void createImageBitmap(picture).then((bitmap) => {
        if (mine === newest && canvas.current) draw(canvas.current, bitmap);
        bitmap.close();
        onSize({ width: header.width, height: header.height });
      });
    });
  }, [job]);
  return html`<canvas ref=${canvas} class="layer live" role="img" aria-label=${t("stage.live")} style=${{ clipPath: clip }}></canvas>`;
}

/** @param {HTMLCanvasElement} canvas @param {ImageBitmap} bitmap */
function draw(canvas, bitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  canvas.dataset.frames = String(Number(canvas.dataset.frames ?? 0) + 1);
}
