/**
 * When a frame is shown: as soon as it can be, and late enough that frames which take longer on their way do not make
 * the picture stutter.
 */

/** Frames by which the way is judged. */
const KEPT = 150;
/** Milliseconds that a frame is held back, at least and at most. */
const LEAST = 8;
const MOST = 90;
/** A frame this much later than others, in milliseconds, is one that was sent to begin with. */
const OLD = 500;
/** Of the frames, this share is there when it is to be shown. */
const SHARE = 0.95;

export class Playout {
  constructor() {
    /** Times of arrival less times of frames, in milliseconds. @type {number[]} */
    this.ways = [];
    this.delay = 0;
  }

  /** A frame has come. @param {number} timestamp in microseconds @param {number} now in milliseconds */
  came(timestamp, now) {
    const way = now - timestamp / 1000;
    const quickest = this.ways.length ? Math.min(...this.ways) : way;
    if (way - quickest > OLD) {
      this.old = (this.old ?? 0) + 1;
      if (this.old < KEPT) return;
      this.ways = []; // the clock of the stream was put back
    } else if (quickest - way > OLD) {
      this.ways = [];
    }
    this.old = 0;
    this.ways.push(way);
    if (this.ways.length > KEPT) this.ways.shift();
    const sorted = this.ways.toSorted((a, b) => a - b);
    const usual = sorted[Math.floor(SHARE * (sorted.length - 1))];
    this.delay = Math.min(sorted[0] + MOST, Math.max(sorted[0] + LEAST, usual));
  }

  /** Whether a frame is to be shown. @param {number} timestamp in microseconds @param {number} now in milliseconds */
  due(timestamp, now) {
    return now >= timestamp / 1000 + this.delay;
  }
}
