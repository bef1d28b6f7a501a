/** Things that the network knows by name, found by typing. */
import * as api from "../core/api.js";
import { onEvent } from "../core/events.js";
import { html, useEffect, useState } from "../core/html.js";
import { drafts, usualNetwork } from "../core/state.js";
import { Tile } from "./parts.js";
import { t } from "../texts.js";

/** @typedef {import("../core/types.js").Thing} Thing */

const SETTLED = 150;

/** Things for what is typed; null while they are fetched. @param {string} wanted @param {string} network */
export function useThings(wanted, network) {
  const [found, setFound] = useState(/** @type {Thing[] | null} */ (null));
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void api.things(wanted, network, stop.signal).then(setFound, (error) => error.name !== "AbortError" && setFound([]));
    }, SETTLED);
    const drawn = onEvent((event) => {
      if (event.type !== "thumbnail" || event.class === undefined || event.network !== network) return;
      setFound((was) => was && was.map((one) => (one.index === event.class ? { ...one, portrait: event.url } : one)));
    });
    return () => {
      clearTimeout(timer);
      stop.abort();
      drawn();
    };
  }, [wanted, network]);
  return found;
}

/** Of how many a thing is the name. @param {Thing} thing */
export function badge(thing) {
  const count = Array.isArray(thing.members) ? thing.members.length : thing.members;
  return thing.group && count ? t("things.group", { count }) : undefined;
}

/** @param {{value: string, onInput: (value: string) => void, label: string, onEnter?: () => void}} props */
export function SearchField({ value, onInput, label, onEnter }) {
  return html`<input class="search" type="search" data-key="/" value=${value} placeholder=${label} aria-label=${label} autocomplete="off" spellcheck=${false}
    onInput=${(/** @type {any} */ event) => onInput(event.target.value)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && onEnter?.()} />`;
}

/** @param {{kind: import("../core/types.js").Kind}} props */
export function Things({ kind }) {
  const [wanted, setWanted] = useState("");
  const draft = drafts[kind].value;
  const found = useThings(wanted, draft.changes.network ?? usualNetwork.value);
  return html`<${SearchField} value=${wanted} onInput=${setWanted} label=${t("things.search")} />
    ${found && !found.length && html`<p class="soft">${t("things.none", { wanted })}</p>`}
    <div class="tiles things">${(found ?? []).map((thing) => html`<${Tile} key=${thing.name + thing.index} kind=${kind} title=${thing.name} picture=${thing.portrait} badge=${badge(thing)}
      note=${thing.names.filter((name) => name !== thing.name).slice(0, 2).join(", ")}
      part=${{ kind: "thing", name: thing.name, label: thing.name, weight: 1, picture: thing.portrait }} />`)}</div>`;
}
