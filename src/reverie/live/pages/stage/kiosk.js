/** A screen that nobody touches: no cursor, no sleep. */
import { useEffect, useState } from "../core/html.js";

const STILL = 3000;

/** Whether nobody has moved or pressed anything for a while. */
export function useStill() {
  const [still, setStill] = useState(false);
  useEffect(() => {
    let timer = setTimeout(() => setStill(true), STILL);
    const moved = () => {
      clearTimeout(timer);
      setStill(false);
      timer = setTimeout(() => setStill(true), STILL);
    };
    const kinds = ["pointermove", "pointerdown", "keydown"];
    for (const kind of kinds) addEventListener(kind, moved);
    return () => {
      clearTimeout(timer);
      for (const kind of kinds) removeEventListener(kind, moved);
    };
  }, []);
  return still;
}

/** Keep the screen from sleeping; asked again whenever the page is seen again. */
export function stayAwake() {
  const ask = () => {
    if (document.visibilityState === "visible") void navigator.wakeLock?.request("screen").catch(() => {}); // an old browser, or no battery left
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

/** The whole screen, or no longer. */
export function toggleFullScreen() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen().catch(() => {}); // not without a finger or a key
}
