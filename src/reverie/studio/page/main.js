/** Where the page begins. */
import * as api from "./core/api.js";
import { connect } from "./core/events.js";
import { listen as listenForTimes } from "./core/estimate.js";
import { begin } from "./core/follow.js";
import { html, render } from "./core/html.js";
import { listen as listenForFiles } from "./core/intake.js";
import { listen as listenForKeys } from "./core/keys.js";
import { listen as listenForSketches } from "./core/sketch.js";
import { networks, presets, samples, schema } from "./core/state.js";
import { complain } from "./core/actions.js";
import { listen as listenForPictures } from "./gallery/list.js";
import { Shell } from "./views/shell.js";

/** What is known from the start; the page is there before it is. */
async function learn() {
  const asked = [
    api.schema().then((found) => (schema.value = found)),
    api.presets().then((found) => (presets.value = found)),
    api.networks().then((found) => (networks.value = found)),
    api.samples().then((found) => (samples.value = found)),
  ];
  for (const { status, reason } of /** @type {any[]} */ (await Promise.allSettled(asked))) if (status === "rejected") complain(reason);
}

connect();
listenForFiles();
listenForKeys();
listenForPictures();
listenForSketches();
listenForTimes();
void learn().then(begin);
render(html`<${Shell} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
