/** The moderator's page: what is shown, what waits, who wishes, and what can be done about it. */
import * as api from "../core/api.js";
import { html, show as render, signal, useEffect, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Search } from "../core/search.js";
import { clock, connect, connected, learn, show, shown, span, wishedBy } from "../core/show.js";
import { Banned, Figures, Recent, Waiting } from "./lists.js";
import { t } from "../texts.js";

const said = signal("");
const role = signal("");

/** Do something, and show what came of it. @param {string} what @param {object} [more] @param {string} [words] */
export async function act(what, more, words = what) {
  try {
    learn(await api.moderate(what, more));
    said.value = t("mod.done", { what: words });
  } catch (error) {
    said.value = /** @type {Error} */ (error).message;
  }
}

/** What is pressed: its key, what it does, and whether that is so now. */
const doings = () => /** @type {const} */ ([
  { key: "s", name: "skip", icon: "skip", on: undefined },
  { key: "h", name: "hold", icon: "hold", on: show.value?.holding ?? false },
  { key: "p", name: "pause", icon: show.value?.paused ? "play" : "pause", on: show.value?.paused ?? false },
  { key: "c", name: "calm", icon: "calm", on: show.value?.calm ?? false },
]);

/** @param {ReturnType<typeof doings>[number]} one */
const press = ({ name, on }) => void act(name, on === undefined ? {} : { on: !on }, t(`mod.${name}`));

function Doing() {
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
      const found = doings().find((one) => one.key === event.key.toLowerCase());
      if (found) press(found);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return html`<section class="doing" aria-label=${t("mod.do")}><div class="doings">${doings().map((one) => html`<button key=${one.name} class="do" aria-pressed=${one.on} aria-keyshortcuts=${one.key} onClick=${() => press(one)}>
      <${Icon} name=${one.icon} /><strong>${t(`mod.${one.name}`)}</strong><span class="note">${t(`mod.${one.name}.what`)}</span></button>`)}</div>
    <p class="soft keys">${t("mod.keys")}</p></section>`;
}

function ShowNow() {
  const [text, setText] = useState("");
  /** @param {string} label */
  const choose = (label) => {
    setText("");
    void act("show", { label }, label);
  };
  return html`<section class="wishing" aria-label=${t("mod.show.label")}><${Search} value=${text} onInput=${setText} onChoose=${choose} label=${t("mod.show.label")} action=${t("mod.show")} /></section>`;
}

function Page() {
  const now = show.value;
  if (role.value && role.value !== "moderator") return html`<main class="waits"><h1>${t("mod.title")}</h1><p>${t("mod.only")}</p></main>`;
  if (!now) return html`<main class="waits"><h1>${t("mod.title")}</h1><p role="status">${t(connected.value ? "loading" : "lost")}</p></main>`;
  const left = now.holding || now.paused || now.ends === null ? "" : t("audience.ends", { span: span(now.ends - clock.value) });
  return html`${!connected.value && html`<p class="lost" role="status">${t("lost")}</p>`}
    <header class="top"><h1>${t("mod.title")}</h1><p class="soft">${now.title}</p></header>
    <main>
      <section class="now" aria-label=${t("now")}><p class="soft">${t("now")}</p><p class="title">${shown.value || t("nothing")}</p><p class="soft">${[wishedBy(now), left, now.ready ? "" : t("mod.off")].filter(Boolean).join(" · ")}</p></section>
      <${Doing} />
      <div role="status" class="reply">${said.value && html`<p>${said.value}</p>`}</div>
      <${ShowNow} />
      <div class="columns"><${Waiting} act=${act} /><${Recent} act=${act} /><${Banned} act=${act} /><${Figures} /></div>
    </main>`;
}

connect();
void api.me().then((found) => (role.value = found.role), () => {}); // the page says itself that nobody answers
render(html`<${Page} />`);
