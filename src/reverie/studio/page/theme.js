// Before anything is drawn: the theme that somebody chose earlier. No module, so that it runs at once.
{
  const kept = localStorage.getItem("reverie.theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
}
