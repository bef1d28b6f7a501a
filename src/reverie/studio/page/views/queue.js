/** What runs, what waits and in which order, what has ended. */
import { complain, refreshJobs } from "../core/actions.js";
import * as api from "../core/api.js";
import { showTogether, tabOf } from "../core/follow.js";
import { html, useEffect } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { Sheet } from "../core/sheet.js";
import { closeSheets, go, jobs } from "../core/state.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Job} Job */

/** @param {() => Promise<any>} call */
const act = (call) => call().then(refreshJobs, complain);

/** @param {Job} job */
function open(job) {
  const kind = tabOf(job.kind);
  const { running, waiting, recent } = jobs.value;
  const group = job.part ? [...running, ...waiting, ...recent].filter(({ part }) => part?.group === job.part?.group) : [job];
  showTogether(kind, group.sort((one, other) => (one.part?.number ?? 0) - (other.part?.number ?? 0)));
  closeSheets();
  go(kind);
}

/** @param {{icon: any, label: string, onClick: () => void, disabled?: boolean}} props */
const Button = ({ icon, label, onClick, disabled = false }) => html`<button class="icon" title=${label} aria-label=${label} disabled=${disabled} onClick=${onClick}><${Icon} name=${icon} /></button>`;

/** What a job makes: "Zoom, 3 s", "Variation 4 of 9". @param {Job} job */
const what = ({ kind, part, seconds }) => part ? t("standing.variation", { number: part.number, of: part.of })
  : seconds ? t("queue.zoom", { seconds }) : t(/** @type {any} */ (`queue.kind.${tabOf(kind)}`));

/** Cancel all variations of one wish that have not ended. @param {string} group */
function cancelGroup(group) {
  const mine = [...jobs.value.waiting, ...jobs.value.running].filter(({ part }) => part?.group === group);
  void act(() => Promise.all(mine.map(({ id }) => api.tellJob(id, "cancel").catch(() => {}))));
}

/** One button for each wish of several that has not ended. */
function Groups() {
  const parts = [...jobs.value.running, ...jobs.value.waiting].filter(({ part }) => part);
  const groups = [...new Set(parts.map(({ part }) => part?.group ?? ""))];
  return groups.map((group) => {
    const mine = parts.filter(({ part }) => part?.group === group);
    return mine.length > 1 && html`<button key=${group} onClick=${() => cancelGroup(group)}><${Icon} name="close" /> ${t("queue.group", { name: mine[0].label, count: mine.length })}</button>`;
  });
}

/** @param {{job: Job, place?: number, of?: number}} props */
function Row({ job, place = 0, of = 0 }) {
  const label = job.label || what(job);
  const going = job.state === "running" || job.state === "paused";
  const picture = job.picture ? api.thumbUrl(job.picture) : job.photo ? api.photoUrl(job.photo, 160) : null;
  return html`<li class="job">
    <button class="face" onClick=${() => open(job)}>${picture ? html`<img src=${picture} alt="" loading="lazy" />` : html`<span class="blank"><${Icon} name=${tabOf(job.kind)} /></span>`}
      <span><span class="name">${label}</span><span class="note">${job.label && `${what(job)} · `}${job.error ?? t(/** @type {any} */ (`state.${job.state}`))}${going ? ` · ${t("percent", { value: Math.round(100 * (job.share ?? 0)) })}` : ""}</span></span></button>
    <span class="row">
      ${job.state === "waiting" && html`<${Button} icon="up" label=${t("queue.up", { name: label })} disabled=${place === 0} onClick=${() => act(() => api.moveJob(job.id, place - 1))} />
        <${Button} icon="down" label=${t("queue.down", { name: label })} disabled=${place === of - 1} onClick=${() => act(() => api.moveJob(job.id, place + 1))} />`}
      ${job.state === "running" && html`<${Button} icon="pause" label=${t("queue.pause", { name: label })} onClick=${() => act(() => api.tellJob(job.id, "pause"))} />`}
      ${job.state === "paused" && html`<${Button} icon="play" label=${t("queue.resume", { name: label })} onClick=${() => act(() => api.tellJob(job.id, "resume"))} />`}
      ${(going || job.state === "waiting") && html`<${Button} icon="close" label=${t("queue.cancel", { name: label })} onClick=${() => act(() => api.tellJob(job.id, "cancel"))} />`}
    </span>
    ${going && html`<span class="meter" aria-hidden="true"><i style=${{ width: `${100 * (job.share ?? 0)}%` }}></i></span>`}
  </li>`;
}

export function Queue() {
  useEffect(() => void refreshJobs(), []);
  const { running, waiting, recent } = jobs.value;
  /** @param {any} title @param {Job[]} list */
  const part = (title, list) => list.length > 0 && html`<h3>${t(title)}</h3><ul class="jobs">${list.map((job, place) => html`<${Row} key=${job.id} job=${job} place=${place} of=${list.length} />`)}</ul>`;
  return html`<${Sheet} title=${t("queue.title")}>
    ${!running.length && !waiting.length && html`<p class="soft">${t("queue.empty")}</p>`}
    <${Groups} />
    ${part("queue.running", running)}${part("queue.waiting", waiting)}${part("queue.recent", recent.filter((job) => !(job.part && job.state === "cancelled")).slice(0, 12))}
  <//>`;
}
