/** What can be set on the stage itself: seen while somebody moves the mouse or uses the keyboard. */
import { html, useEffect, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { show } from "../core/show.js";
import { listen } from "../player.js";
import { toggleFullScreen } from "./kiosk.js";
import { listenToRoom, mayListen } from "./microphone.js";
import { toggle, wanted } from "./wanted.js";
import { t } from "../texts.js";

/** @typedef {{icon: any, label: string, letter: string, pressed?: boolean, act: () => void}} Choice */

/** The music of the show, which a browser plays only after a finger or a key. */
function useSound() {
  const sound = useRef(/** @type {ReturnType<typeof listen> | null} */ (null));
  const [heard, setHeard] = useState(false);
  useEffect(() => () => sound.current?.stop(), []);
  const turn = () => {
    if (heard) sound.current?.stop();
    else (sound.current = listen({})).start();
    setHeard(!heard);
  };
  return /** @type {const} */ ([heard, turn]);
}

/** The microphone of the stage; where it was allowed once it is used again without a question. */
function useMicrophone(/** @type {boolean} */ wants) {
  const stop = useRef(/** @type {(() => void) | null} */ (null));
  const [listens, setListens] = useState(false);
  const [wrong, setWrong] = useState("");
  const begin = async () => {
    try {
      stop.current = await listenToRoom();
      setListens(true);
      setWrong("");
    } catch (error) {
      setWrong(t("stage.refused", { why: /** @type {Error} */ (error).message }));
    }
  };
  useEffect(() => {
    if (wants) void mayListen().then((may) => (may ? begin() : undefined));
  }, [wants]);
  const turn = () => {
    if (!stop.current) return void begin();
    stop.current();
    stop.current = null;
    setListens(false);
  };
  return /** @type {const} */ ([listens, turn, wrong]);
}

export function Bar() {
  const now = show.value;
  const [heard, turnSound] = useSound();
  const [listens, turnMicrophone, wrong] = useMicrophone(Boolean(now?.pulse));
  /** @type {Choice[]} */
  const choices = [{ icon: "full", label: t("stage.full"), letter: "f", act: toggleFullScreen }];
  if (now?.captions) choices.push({ icon: "words", label: t("stage.captions"), letter: "c", pressed: wanted.value.captions, act: () => toggle("captions") });
  if (now?.qr) choices.push({ icon: "code", label: t("stage.code"), letter: "q", pressed: wanted.value.code, act: () => toggle("code") });
  if (now?.music) choices.push({ icon: heard ? "sound" : "silent", label: t("stage.sound"), letter: "m", pressed: heard, act: turnSound });
  if (now?.pulse) choices.push({ icon: "microphone", label: t("stage.microphone"), letter: "l", pressed: listens, act: turnMicrophone });
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      choices.find((one) => one.letter === event.key.toLowerCase())?.act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return html`<nav class="bar" aria-label=${t("stage.bar")}>${wrong && html`<p role="alert">${wrong}</p>`}
    ${choices.map(({ icon, label, letter, pressed, act }) => html`<button key=${letter} aria-pressed=${pressed} aria-keyshortcuts=${letter} aria-label=${label} title=${`${label} (${letter.toUpperCase()})`} onClick=${act}><${Icon} name=${icon} /></button>`)}</nav>`;
}
