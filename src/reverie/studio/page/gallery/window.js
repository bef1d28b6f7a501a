/** Which of many cells are in sight: only these are in the page. */

/**
 * @param {{count: number, width: number, height: number, top: number, least: number, gap: number}} given
 *   Cells are squares at least ``least`` wide; ``top`` is how far it is scrolled. Lengths in pixels.
 */
export function inSight({ count, width, height, top, least, gap }) {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const side = Math.floor((width - gap * (columns - 1)) / columns);
  const row = side + gap;
  const rows = Math.ceil(count / columns);
  const first = Math.max(0, Math.floor(top / row) - 2);
  const last = Math.min(rows, Math.ceil((top + height) / row) + 2);
  return { columns, side, row, whole: Math.max(0, rows * row - gap), from: first * columns, to: Math.min(count, last * columns) };
}
