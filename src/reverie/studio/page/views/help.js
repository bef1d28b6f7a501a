/** The keys, on one sheet. */
import { html } from "../core/html.js";
import { setSingleKeys, singleKeys } from "../core/keys.js";
import { Sheet } from "../core/sheet.js";
import { t } from "../texts.js";

/** @type {[string, [string, string][]][]} */
const KEYS = [
  ["everywhere", [["1 – 7", "tabs"], ["o", "open"], ["ctrl v", "paste"], ["d", "dream"], ["p", "pause"], ["x", "cancel"], ["/", "search"], ["s", "settings"], ["q", "queue"], ["t", "theme"], ["?", "help"], ["esc", "close"]]],
  ["picture", [["b", "compare"], ["+  −  0", "zoom"], ["← ↑ → ↓", "pan"], ["f", "full"], ["l", "favourite"], ["w", "download"], ["v", "four"], ["n", "nine"], ["c", "command"], ["g", "sheet"]]],
  ["film", [["y", "try"], ["v", "film"]]],
  ["mask", [["m", "mask"], ["← ↑ → ↓", "brush"], ["space", "paint"], ["[  ]", "size"], ["e", "erase"], ["ctrl z", "undo"], ["enter", "done"]]],
  ["gallery", [["← ↑ → ↓", "move"], ["enter", "view"], ["a", "again"], ["r", "restore"], ["delete", "delete"]]],
];

export function Help() {
  return html`<${Sheet} title=${t("help.title")} wide>
    <div class="keys">${KEYS.map(([group, keys]) => html`<section key=${group}><h3>${t(/** @type {any} */ (`help.${group}`))}</h3>
      <dl>${keys.map(([key, what]) => html`<div key=${key + what}><dt>${key.split(/ (?=\S)/).map((one) => html`<kbd>${one.trim()}</kbd> `)}</dt><dd>${t(/** @type {any} */ (`key.${what}`))}</dd></div>`)}</dl></section>`)}</div>
    <label class="check"><input type="checkbox" checked=${singleKeys.value} onChange=${(/** @type {any} */ event) => setSingleKeys(event.target.checked)} /><span>${t("help.single")}</span></label>
    <p class="note">${t("help.touch")}</p>
  <//>`;
}
