/** The stage: the picture alone, with what is dreamt fading in over it; for a projector or a screen that nobody touches. */
import { html, show as render, useEffect, useRef, useState } from "../core/html.js";
import { connect, connected, show } from "../core/show.js";
import { play } from "../player.js";
import { Bar } from "./bar.js";
import { Caption, Credits, Spoken } from "./caption.js";
import { Code } from "./code.js";
import { stayAwake, useStill } from "./kiosk.js";
import { t } from "../texts.js";

function Picture() {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [state, setState] = useState("connecting");
  useEffect(() => (box.current ? play(box.current, { onstate: setState }) : undefined), []);
  const words = state === "playing" ? "" : t(connected.value && show.value && !show.value.ready ? "stage.waits" : "stage.lost");
  return html`<div class="picture" ref=${box}></div><p class="waiting" role="status">${state === "connecting" && !show.value ? "" : words}</p>`;
}

function Stage() {
  const still = useStill();
  return html`<main class=${still ? "still" : ""}><h1 class="unseen">${show.value?.title ?? t("stage.title")}</h1>
    <${Picture} />
    <${Spoken} />
    <${Caption} /><${Credits} /><${Code} />
    <${Bar} />
  </main>`;
}

connect();
stayAwake();
render(html`<${Stage} />`);
