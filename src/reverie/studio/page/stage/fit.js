/** How large a picture of some shape is in the room there is. */
import { useLayoutEffect, useState } from "../core/html.js";

/** @param {{width: number, height: number}} picture @param {{width: number, height: number}} room */
export function fitted(picture, room) {
  if (!picture.width || !picture.height || !room.width || !room.height) return { width: 0, height: 0 };
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  return { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) };
}

/** The size of an element, also after it has changed. @param {{current: HTMLElement | null}} element */
export function useRoom(element) {
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return undefined;
    const measure = () => {
      const style = getComputedStyle(box);
      const width = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const height = box.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
      setRoom((was) => (was.width === width && was.height === height ? was : { width, height }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    measure();
    return () => observer.disconnect();
  }, []);
  return room;
}
