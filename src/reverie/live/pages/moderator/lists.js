/** What a moderator looks at: the queue, who wished, what is banned, figures. */
import { html } from "../core/html.js";
import { clock, show, span } from "../core/show.js";
import { t } from "../texts.js";

/** @typedef {(what: string, more?: object, words?: string) => Promise<void>} Act */
/** @typedef {import("../core/types.js").Wished} Wished */

/** @param {{act: Act}} props */
export function Waiting({ act }) {
  const queue = show.value?.queue ?? [];
  return html`<section aria-labelledby="mod-queue"><h2 id="mod-queue">${t("mod.queue")}</h2>
    ${!queue.length && html`<p class="soft">${t("mod.queue.none")}</p>`}
    <ul class="rows">${queue.map(({ label, votes }) => html`<li key=${label}><div class="words"><p class="name">${label}</p><p class="note">${t("audience.votes", { votes: Number.isInteger(votes) ? votes : votes.toFixed(1) })}</p></div>
      <button aria-label=${t("mod.show.of", { label })} onClick=${() => act("show", { label }, label)}>${t("mod.show")}</button>
      <button class="bad" aria-label=${t("mod.ban.of", { label })} onClick=${() => act("ban", { label }, t("mod.ban.of", { label }))}>${t("mod.ban")}</button></li>`)}</ul></section>`;
}

/** Who it is, as short as tells people apart. @param {Wished} one */
const called = ({ who, name }) => name || who.replace(/^(\w+) (.{6}).*$/, "$1 $2");

/** @param {{act: Act}} props */
export function Recent({ act }) {
  const recent = show.value?.recent ?? [];
  /** @param {Wished} one @param {boolean} address */
  const ban = (one, address) => act("ban-person", { person: one.who, address }, t(address ? "mod.address.of" : "mod.person.of", { who: called(one) }));
  return html`<section aria-labelledby="mod-recent"><h2 id="mod-recent">${t("mod.recent")}</h2>
    ${!recent.length && html`<p class="soft">${t("mod.recent.none")}</p>`}
    <ul class="rows">${recent.map((one, place) => html`<li key=${one.who + one.at}><div class="words"><p class="name">${one.label}</p>
      <p class="note">${called(one)} · ${one.from ? one.from.slice(0, 6) : t("mod.chat")}${one.room ? ` · ${t("mod.in.room")}` : ""} · ${span(clock.value - one.at)}</p></div>
      <button aria-label=${`${t("mod.person.of", { who: called(one) })} (${place + 1})`} onClick=${() => ban(one, false)}>${t("mod.person")}</button>
      ${one.from && html`<button aria-label=${`${t("mod.address.of", { who: called(one) })} (${place + 1})`} onClick=${() => ban(one, true)}>${t("mod.address")}</button>`}</li>`)}</ul></section>`;
}

/** @param {{act: Act}} props */
export function Banned({ act }) {
  const banned = show.value?.banned ?? [];
  const people = show.value?.crowd?.banned ?? 0;
  return html`<section aria-labelledby="mod-banned"><h2 id="mod-banned">${t("mod.banned")}</h2>
    ${!banned.length && html`<p class="soft">${t("mod.banned.none")}</p>`}
    <ul class="rows">${banned.map((label) => html`<li key=${label}><div class="words"><p class="name">${label}</p></div>
      <button aria-label=${t("mod.allow.of", { label })} onClick=${() => act("allow", { label }, t("mod.allow.of", { label }))}>${t("mod.allow")}</button></li>`)}</ul>
    ${people > 0 && html`<button onClick=${() => act("pardon", {}, t("mod.pardon", { banned: people }))}>${t("mod.pardon", { banned: people })}</button>`}</section>`;
}

export function Figures() {
  const now = show.value;
  if (!now) return null;
  const counts = now.counts;
  /** @type {[string, string | number][]} */
  const rows = [[t("mod.viewers"), now.viewers], [t("mod.pages"), now.pages], [t("mod.voices"), now.crowd?.voices ?? 0]];
  if (counts) {
    rows.push([t("mod.shown"), counts.shown.toLocaleString()], [t("mod.dreamt"), counts.dreamt.toLocaleString()], [t("mod.repeated"), counts.repeated.toLocaleString()]);
    rows.push([t("mod.look"), `${Math.round(100 * counts.look)} %`]);
  }
  return html`<section aria-labelledby="mod-figures"><h2 id="mod-figures">${t("mod.figures")}</h2><dl>${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}
