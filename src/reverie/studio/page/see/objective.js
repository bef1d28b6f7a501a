/** The objective as the text that it is: shown, and editable for those who want it. */
import { change } from "../core/actions.js";
import * as api from "../core/api.js";
import { objective } from "../core/draft.js";
import { html, useEffect, useState } from "../core/html.js";
import { drafts, presetOf } from "../core/state.js";
import { t } from "../texts.js";

const SETTLED = 350;

/** @param {{kind: import("../core/types.js").Kind}} props */
export function ObjectiveText({ kind }) {
  const draft = drafts[kind].value;
  const own = presetOf(draft.preset)?.recipe.objective ?? [];
  const now = (objective(kind, draft) ?? own).join("\n");
  const [text, setText] = useState(now);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    if (draft.text === null) setText(now);
  }, [now]);

  useEffect(() => {
    if (text === now) return undefined;
    const timer = setTimeout(async () => {
      try {
        const lines = text.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean);
        for (const line of lines) await api.objective(line);
        setWrong("");
        change(kind, { text: lines.length ? lines.join("\n") : null });
      } catch (error) {
        setWrong(error instanceof Error ? error.message : String(error));
      }
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [text]);

  return html`<label class="text-field"><span class="soft">${t("objective.what")}</span>
    <textarea rows="4" spellcheck=${false} autocomplete="off" value=${text} aria-invalid=${wrong !== ""} aria-describedby=${`wrong-${kind}`}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea></label>
    <p id=${`wrong-${kind}`} class="wrong" role="status">${wrong}</p>`;
}
