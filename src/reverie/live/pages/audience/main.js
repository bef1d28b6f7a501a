/** The page of the audience: wish, vote, and see what comes next. */
import * as api from "../core/api.js";
import { html, show as render, signal, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Search } from "../core/search.js";
import { connect, connected, show } from "../core/show.js";
import { Ideas } from "./ideas.js";
import { Now } from "./now.js";
import { Queue } from "./queue.js";
import { t } from "../texts.js";

/** What this browser's voice is for. @type {import("../core/html.js").Signal<string | null>} */
const mine = signal(/** @type {any} */ (null));
const room = signal(false);
/** What became of the last wish. @type {import("../core/html.js").Signal<{words: string, near: string[], bad: boolean} | null>} */
const reply = signal(/** @type {any} */ (null));
const KEPT = "reverie.live.name";
const name = signal(localStorage.getItem(KEPT) ?? "");

/** @param {Promise<import("../core/types.js").Reply>} asked */
async function hear(asked) {
  try {
    const { fine, words, near, mine: now } = await asked;
    mine.value = now;
    reply.value = { words, near, bad: !fine };
    return fine;
  } catch (error) {
    reply.value = { words: /** @type {Error} */ (error).message, near: [], bad: true };
    return false;
  }
}

/** @param {string} label */
const vote = (label) => void hear(mine.value === label ? api.withdraw() : api.vote(label, name.value));

async function come() {
  const code = new URLSearchParams(location.search).get("room");
  if (code) {
    history.replaceState(null, "", "/"); // it is of no use to anybody else, and of none later
    await api.enterRoom(code).catch((error) => (reply.value = { words: error.message, near: [], bad: true }));
  }
  const found = await api.me();
  mine.value = found.mine;
  room.value = found.room;
}

function Wish() {
  const [text, setText] = useState("");
  /** @param {string} wanted */
  const wish = async (wanted) => {
    if (await hear(api.wish(wanted, name.value))) {
      setText("");
      scrollTo({ top: 0, behavior: "smooth" });
    }
  };
  const { words = "", near = [], bad = false } = reply.value ?? {};
  return html`<section class="wishing" aria-label=${t("audience.wish")}>
    <${Search} value=${text} onInput=${setText} onChoose=${wish} label=${t("audience.wish")} action=${t("audience.send")} />
    <div role="status" class=${bad ? "reply bad" : "reply"}>${words && html`<p>${words}</p>`}</div>
    ${near.length > 0 && html`<div class="near" role="group" aria-label=${t("audience.near")}>${near.map((label) => html`<button key=${label} class="chip" onClick=${() => wish(label)}>${label}</button>`)}</div>`}
    ${!text && !words && html`<p class="soft hint">${t("audience.two")}</p>`}
    ${show.value?.named && html`<label class="name-field"><span>${t("audience.name")}</span><input type="text" maxlength="25" autocomplete="nickname" value=${name.value}
      onInput=${(/** @type {any} */ event) => { name.value = event.target.value; localStorage.setItem(KEPT, name.value); }} /></label>`}
  </section>`;
}

function Page() {
  if (!show.value) return html`<main class="waits"><h1 class="unseen">reverie</h1><p role="status">${t(connected.value ? "loading" : "lost")}</p></main>`;
  return html`${!connected.value && html`<p class="lost" role="status">${t("lost")}</p>`}
    <header class="top"><h1>${show.value.title}</h1>
      ${room.value && html`<p class="room" title=${t("audience.room.what")}><${Icon} name="room" /> ${t("audience.room")}</p>`}</header>
    <main>
      <${Now} />
      <${Wish} />
      <${Queue} mine=${mine.value} vote=${vote} />
      <${Ideas} choose=${vote} mine=${mine.value} />
    </main>`;
}

connect();
void come().catch(() => {}); // without it one's own voice is not marked
render(html`<${Page} />`);
