/** Small drawings of our own, on a grid of 24, in lines. */
import { html } from "./html.js";

const PATHS = {
  dream: "M20 14.5A8 8 0 1 1 9.500 4a6.500 6.500 0 0 0 10.500 10.500z",
  portrait: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20c.8-4 3.800-6 7.500-6s6.700 2 7.500 6",
  zoom: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5M9.500 9.500h5v5h-5z",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.700h4M4 14.300h4M16 9.700h4M16 14.300h4",
  gallery: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  queue: "M4 6h16M4 12h16M4 18h10",
  help: "M9.300 9.200a2.800 2.800 0 1 1 4 2.500c-.9.5-1.300 1-1.300 2.100M12 17v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  theme: "M12 3v18a9 9 0 0 0 0-18zM12 21a9 9 0 0 1 0-18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  compare: "M12 3v18M8.500 8L4.500 12l4 4M15.500 8l4 4-4 4",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  brush: "M14.500 5.500l4 4L10 18l-4.500.5L6 14zM12.500 7.500l4 4",
  eraser: "M8 19h12M5.500 14.500l8-8a1.700 1.700 0 0 1 2.400 0l3.200 3.200a1.700 1.700 0 0 1 0 2.400L12.200 19H8.600l-3.100-2.100a1.700 1.700 0 0 1 0-2.400z",
  undo: "M8 5L4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-4",
  redo: "M16 5l4 4-4 4M20 9H10a5.500 5.500 0 0 0 0 11h4",
  stop: "M7 7h10v10H7z",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8.500 6v12M15.500 6v12",
  heart: "M12 20s-7.500-4.600-7.500-10A4.300 4.300 0 0 1 12 7.300 4.300 4.300 0 0 1 19.500 10c0 5.400-7.500 10-7.500 10z",
  download: "M12 4v11M7.500 11L12 15.500 16.500 11M5 20h14",
  again: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300L20 9.400M20 4.500v5h-5",
  vary: "M5 5h6v6H5zM14 7.500a2.500 2.500 0 1 0 5 0 2.500 2.500 0 0 0-5 0zM8 13l3.200 6H4.800zM16.500 13.500l3 3-3 3-3-3z",
  another: "M4 6h11v11H4zM8 6V3.500h12V14h-5M4 14l3-3 4 4",
  command: "M5 7l5 5-5 5M12.500 17H19",
  bin: "M5 7h14M9.500 7V4.500h5V7M7 7l.8 12.500h8.400L17 7M10.300 10.500v5.500M13.700 10.500v5.500",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  camera: "M4 8h3.500L9 5.500h6L16.500 8H20v11H4zM12 16.500a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400z",
  picture: "M4 5h16v14H4zM4 16l4.500-4.500L13 16l2.500-2.500L20 18M15.500 10a1.300 1.300 0 1 0 0-2.600 1.300 1.300 0 0 0 0 2.600z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  more: "M6 12h.1M12 12h.1M18 12h.1",
  sliders: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.200V4.800M9 19.200v-4.400",
  text: "M5 6h14M12 6v13M9 19h6",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  restore: "M12 8v4.500l3 1.800M4.500 12a7.500 7.500 0 1 0 2.200-5.300L4 9.400M4 4.500v5h5",
};

/** @param {{name: keyof typeof PATHS, filled?: boolean}} props */
export function Icon({ name, filled = false }) {
  return html`<svg class=${filled ? "glyph filled" : "glyph"} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
