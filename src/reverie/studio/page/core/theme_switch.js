/** Light, dark, or as the machine has it. */

const KEPT = "reverie.theme";

/** The other of light and dark than is seen now; kept in the browser. */
export function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem(KEPT, root.dataset.theme);
}
