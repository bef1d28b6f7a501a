/** Strokes of a brush as a mask: drawn, softened, and as a grey picture. */

/** @typedef {import("../core/types.js").Stroke} Stroke */
/** @typedef {import("../core/types.js").Painting} Painting */

/** The longer side of a mask in pixels. */
export const MASK_SIDE = 768;

/** @param {{width: number, height: number}} photo */
export function maskSize({ width, height }) {
  const scale = Math.min(1, MASK_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Draw strokes as opaque white on nothing. @param {CanvasRenderingContext2D} context @param {Stroke[]} strokes */
export function drawStrokes(context, strokes) {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = "#fff";
  for (const { points, size, erase } of strokes) {
    context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    context.lineWidth = size * Math.min(width, height);
    context.beginPath();
    points.forEach(([x, y], index) => (index ? context.lineTo(x * width, y * height) : context.moveTo(x * width, y * height)));
    if (points.length === 1) context.lineTo(points[0][0] * width + 0.01, points[0][1] * height);
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

/** One pass of a running mean along rows; the sides stay as they are. @param {Float32Array} from @param {Float32Array} to
 * @param {number} width @param {number} height @param {number} radius */
function meanAlong(from, to, width, height, radius) {
  for (let row = 0; row < height; row++) {
    const first = row * width;
    /** @param {number} x */
    const at = (x) => from[first + Math.min(width - 1, Math.max(0, x))];
    let total = 0;
    for (let x = -radius; x <= radius; x++) total += at(x);
    for (let x = 0; x < width; x++) {
      to[x * height + row] = total / (2 * radius + 1);
      total += at(x + radius + 1) - at(x - radius);
    }
  }
}

/** A soft edge: three running means each way, nearly a Gaussian. @param {Float32Array} values @param {number} width
 * @param {number} height @param {number} radius In pixels. */
export function softened(values, width, height, radius) {
  if (radius < 1) return values;
  let from = values;
  let to = new Float32Array(values.length);
  for (let pass = 0; pass < 3; pass++) {
    meanAlong(from, to, width, height, radius);
    meanAlong(to, from, height, width, radius);
  }
  return from;
}

/** An earlier mask as such values; null where none lies under what is painted. @param {Painting} painting
 * @param {{width: number, height: number}} size */
export async function valuesUnder({ under }, { width, height }) {
  if (!under) return null;
  const answer = await fetch(`/api/masks/${under}/file`);
  if (!answer.ok) return null;
  const bitmap = await createImageBitmap(new Blob([await answer.arrayBuffer()], { type: "image/png" }));
  const context = /** @type {any} */ (new OffscreenCanvas(width, height).getContext("2d"));
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Float32Array.from({ length: width * height }, (_, index) => data[4 * index] / 255);
}

/** How much each pixel dreams, 0 to 1. @param {Painting} painting @param {{width: number, height: number}} size
 * @param {Float32Array | null} [under] What it was before anything was painted. */
export function maskValues(painting, { width, height }, under = null) {
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {any} */ (canvas.getContext("2d", { willReadFrequently: true }));
  drawStrokes(context, painting.strokes);
  const { data } = context.getImageData(0, 0, width, height);
  const painted = Float32Array.from({ length: width * height }, (_, index) => data[4 * index + 3] / 255);
  const soft = softened(painted, width, height, Math.round((painting.feather * Math.min(width, height)) / 3));
  if (painting.paints === "stay") return soft.map((value, index) => (under ? under[index] : 1) * (1 - value));
  return under ? soft.map((value, index) => Math.max(value, under[index])) : soft;
}

/** The mask as a grey PNG: white dreams. @param {Painting} painting @param {{width: number, height: number}} photo */
export async function maskPng(painting, photo) {
  const size = maskSize(photo);
  const values = maskValues(painting, size, await valuesUnder(painting, size));
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = /** @type {any} */ (canvas.getContext("2d"));
  const image = context.createImageData(size.width, size.height);
  values.forEach((value, index) => image.data.set([value * 255, value * 255, value * 255, 255], 4 * index));
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** Show what stays as it is under a veil. @param {HTMLCanvasElement} canvas @param {Painting} painting
 * @param {Float32Array | null} [under] */
export function showVeil(canvas, painting, under = null) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  maskValues(painting, { width, height }, under).forEach((value, index) => {
    const stripe = ((index % width) + Math.floor(index / width)) % 12 < 2 ? 40 : 0;
    image.data.set([20 + stripe, 20 + stripe, 28 + stripe, 185 * (1 - value)], 4 * index);
  });
  context.putImageData(image, 0, 0);
}
