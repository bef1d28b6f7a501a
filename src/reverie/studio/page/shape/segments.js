/** A choice of a few, side by side: radio buttons that look like one control. */
import { html, useId } from "../core/html.js";

/** @param {{label: string, value: string, choices: {value: string, label: string}[], onChange: (value: any) => void}} props */
export function Segments({ label, value, choices, onChange }) {
  const name = useId();
  return html`<fieldset class="segments"><legend class="unseen">${label}</legend>
    ${choices.map((choice) => html`<label class="choice" key=${choice.value}><input type="radio" name=${name} value=${choice.value}
      checked=${choice.value === value} onChange=${() => onChange(choice.value)} /><span>${choice.label}</span></label>`)}
  </fieldset>`;
}
