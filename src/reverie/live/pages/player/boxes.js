/** The boxes of an MP4 (ISO/IEC 14496-12), as far as the show's stream has them. */

/** Ticks a second of the picture's track. */
export const TICKS = 90000;
/** That a sample needs others, among its flags (8.8.3.1). */
const LEANS = 0x10000;
/** Where boxes begin that hold boxes, counted from their content. @type {Record<string, number>} */
const HOLDS = { moov: 0, trak: 0, mdia: 0, minf: 0, stbl: 0, stsd: 8, avc1: 78, moof: 0, traf: 0 };

/**
 * The content of the first box at a path, such as ``moof/traf/tfdt``.
 * @param {Uint8Array} data @param {string} path
 * @returns {Uint8Array | null}
 */
export function box(data, path) {
  const [name, ...rest] = path.split("/");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + 8 <= data.length; ) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > data.length) return null;
    if (String.fromCharCode(...data.subarray(at + 4, at + 8)) === name) {
      const content = data.subarray(at + 8, at + size);
      return rest.length ? box(content.subarray(HOLDS[name] ?? 0), rest.join("/")) : content;
    }
    at += size;
  }
  return null;
}

/**
 * What the head of a stream says: its codec's name, and the decoder's description of it; null of what is no head.
 * @param {Uint8Array} data
 */
export function head(data) {
  const found = box(data, "moov/trak/mdia/minf/stbl/stsd/avc1/avcC");
  if (!found) return null;
  const hex = [1, 2, 3].map((place) => found[place].toString(16).padStart(2, "0")).join("");
  return { codec: `avc1.${hex}`, description: found.slice() };
}

/**
 * What a fragment of one frame holds: its time in microseconds, whether decoding can begin with it, its bytes.
 * @param {Uint8Array} data
 */
export function frame(data) {
  const time = box(data, "moof/traf/tfdt");
  const run = box(data, "moof/traf/trun");
  const content = box(data, "mdat");
  if (!time || !run || !content) return null;
  const times = new DataView(time.buffer, time.byteOffset);
  const flags = new DataView(run.buffer, run.byteOffset).getUint32(20);
  return {
    timestamp: Math.round((Number(times.getBigUint64(4)) * 1e6) / TICKS),
    key: !(flags & LEANS),
    data: content,
  };
}

/** Whether this is the head of a stream, and no fragment. @param {Uint8Array} data */
export function isHead(data) {
  return box(data, "moov") !== null;
}
