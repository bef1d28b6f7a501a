/** What comes next: the most wanted first, each with a button for one's voice. */
import { html } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Thumb } from "../core/search.js";
import { clock, show, span, wishedBy } from "../core/show.js";
import { t } from "../texts.js";

/** When something's turn comes. @param {number} place Counted from 0. */
function turn(place) {
  const now = show.value;
  if (!now || now.ends === null) return place === 0 ? t("audience.when.held") : "";
  const seconds = Math.max(0, now.ends - clock.value) + place * now.hold;
  return place === 0 ? t("audience.when.first", { span: span(seconds) }) : t("audience.when", { minutes: Math.max(1, Math.round(seconds / 60)) });
}

/** Voices as people say them: whole where they are. @param {number} votes */
const said = (votes) => t("audience.votes", { votes: Number.isInteger(votes) ? votes : votes.toFixed(1) });

/** @param {{mine: string | null, vote: (label: string) => void}} props */
export function Queue({ mine, vote }) {
  const now = show.value;
  if (!now) return null;
  const most = Math.max(1, ...now.queue.map((one) => one.votes));
  const more = now.waiting - now.queue.length;
  return html`<section class="queue" aria-labelledby="queue-title"><h2 id="queue-title">${t("audience.next")}</h2>
    ${mine && html`<p class="mine">${t("audience.mine")}: <strong>${mine}</strong> <button class="quiet" onClick=${() => vote(mine)}>${t("audience.free")}</button></p>`}
    ${!now.queue.length && html`<p class="soft">${t("audience.queue.none")}</p>`}
    <ol>${now.queue.map((one, place) => html`<li key=${one.label} class=${one.label === mine ? "is" : ""}>
      <${Thumb} thumb=${one.thumbs.find(Boolean)} label=${one.label} />
      <div class="words"><p class="name">${one.label}</p><p class="note">${said(one.votes)}${turn(place) && ` · ${turn(place)}`}${one.names.length > 0 ? ` · ${wishedBy(one)}` : ""}</p>
        <div class="meter" aria-hidden="true"><i style=${{ width: `${(100 * one.votes) / most}%` }}></i></div></div>
      <button class="vote" aria-pressed=${one.label === mine} aria-label=${t(one.label === mine ? "audience.voted" : "audience.vote", { label: one.label })} onClick=${() => vote(one.label)}><${Icon} name=${one.label === mine ? "check" : "up"} /></button>
    </li>`)}</ol>
    ${more > 0 && html`<p class="soft">${t("audience.more", { more })}</p>`}
  </section>`;
}
