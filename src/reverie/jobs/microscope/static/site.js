// Theme, keys and search. Nothing is fetched: the index is a script, so a page opened from a folder works too.
"use strict";
(() => {
  const html = document.documentElement;
  const root = html.dataset.root;
  const byId = (id) => document.getElementById(id);

  // The theme is set before the page is painted. A browser may refuse storage to files.
  const KEY = "reverie-theme";
  const kept = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const keep = (value) => { try { localStorage.setItem(KEY, value); } catch { /* then it lasts for this page */ } };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = (value) => { html.dataset.theme = value; };
  setTheme(kept() || (system.matches ? "dark" : "light"));

  // Search
  const MOST = 12;
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "");
  const words = (text) => text.toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
  let loading = null;
  const index = () => {
    loading ||= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = `${root}search.js`;
      script.onload = () => resolve(window.MICROSCOPE);
      script.onerror = () => resolve({ layers: [], classes: [] });
      document.head.append(script);
    });
    return loading;
  };
  const has = (layer, i) => layer.made.some(([first, last]) => first <= i && i <= last);

  // 0 is the best; null is not found.
  const rank = (query, name) => {
    const want = plain(query), have = plain(name);
    if (!want) return null;
    if (have === want) return 0;
    if (have.startsWith(want)) return 1;
    if (words(query).every((w) => words(name).some((n) => n.startsWith(w)))) return 2;
    return have.includes(want) ? 3 : null;
  };

  const look = (query, data) => {
    const found = [];
    const channel = query.trim().match(/^(.+?)\s*[:\s]\s*(\d+)$/);
    if (channel) {
      const number = Number(channel[2]);
      for (const layer of data.layers) {
        const place = rank(channel[1], layer.name);
        if (place !== null && has(layer, number)) {
          found.push({ place, text: `${layer.name}:${number}`, note: "channel", stem: `${layer.stem}${number}` });
        }
      }
    }
    for (const layer of data.layers) {
      const place = rank(query, layer.name);
      if (place !== null) found.push({ place, text: layer.name, note: "layer", page: layer.page });
    }
    for (const [number, name, ...synonyms] of data.classes) {
      const places = [name, ...synonyms].map((n) => rank(query, n)).filter((p) => p !== null);
      if (query.trim() === String(number)) places.push(0);
      if (places.length) {
        const place = Math.min(...places);
        const note = synonyms.length ? `class ${number}: ${synonyms.join(", ")}` : `class ${number}`;
        found.push({ place, text: name, note, stem: `classes/${number}` });
      }
    }
    return found.sort((a, b) => a.place - b.place);
  };

  const option = (hit, i) => {
    const item = document.createElement("li");
    item.id = `hit-${i}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.href = `${root}${hit.page || `${hit.stem}.html`}`;
    if (hit.stem) {
      const image = document.createElement("img");
      image.src = `${root}thumbs/${hit.stem}.webp`;
      image.alt = "";
      item.append(image);
    } else {
      const mark = document.createElement("span");
      mark.className = "room-mark";
      mark.setAttribute("aria-hidden", "true");
      mark.textContent = "§";
      item.append(mark);
    }
    const text = document.createElement("span");
    const note = document.createElement("small");
    note.textContent = hit.note;
    text.append(hit.text, note);
    item.append(text);
    return item;
  };

  const setUpSearch = () => {
    const dialog = byId("search"), query = byId("query"), results = byId("results"), status = byId("found");
    let at = -1;
    const items = () => [...results.children];
    const select = (to) => {
      const all = items();
      at = all.length ? (to + all.length) % all.length : -1;
      all.forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
      if (at < 0) query.removeAttribute("aria-activedescendant");
      else {
        query.setAttribute("aria-activedescendant", all[at].id);
        all[at].scrollIntoView({ block: "nearest" });
      }
    };
    const go = (item) => { if (item) location.href = item.dataset.href; };
    const refresh = async () => {
      const asked = query.value;
      const data = await index();
      if (asked !== query.value) return; // another letter came in the meantime
      const found = asked.trim() ? look(asked, data) : [];
      results.replaceChildren(...found.slice(0, MOST).map(option));
      query.setAttribute("aria-expanded", String(found.length > 0));
      const more = found.length > MOST ? `, the first ${MOST} are shown` : "";
      if (!asked.trim()) status.textContent = "Classes by any of their names, layers, and channels as in block5c:17.";
      else status.textContent = found.length ? `${found.length} found${more}` : "Nothing of that name is here.";
      select(found.length ? 0 : -1);
    };
    const open = () => { if (!dialog.open) { dialog.showModal(); query.select(); refresh(); } };
    byId("open-search").addEventListener("click", open);
    query.addEventListener("input", refresh);
    query.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") select(at + 1);
      else if (event.key === "ArrowUp") select(at - 1);
      else if (event.key === "Enter") go(items()[at]);
      else return;
      event.preventDefault();
    });
    results.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    return open;
  };

  const setUpTheme = () => {
    const button = byId("theme");
    const show = () => button.setAttribute("aria-pressed", String(html.dataset.theme === "dark"));
    const turn = () => { setTheme(html.dataset.theme === "dark" ? "light" : "dark"); keep(html.dataset.theme); show(); };
    system.addEventListener("change", () => { if (!kept()) { setTheme(system.matches ? "dark" : "light"); show(); } });
    button.addEventListener("click", turn);
    show();
    return turn;
  };

  const follow = (rel) => {
    const link = document.querySelector(`a[rel="${rel}"]`);
    if (link) location.href = link.href;
    return Boolean(link);
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const id of ["open-search", "theme", "open-help"]) byId(id).hidden = false;
    const openSearch = setUpSearch();
    const turnTheme = setUpTheme();
    const help = byId("help");
    byId("open-help").addEventListener("click", () => help.showModal());
    const keys = {
      "/": openSearch, "?": () => help.showModal(), t: turnTheme,
      ArrowLeft: () => follow("prev"), ArrowRight: () => follow("next"),
      ArrowUp: () => scrollY < 1 && follow("up"), // further down, the key scrolls as everywhere
    };
    document.addEventListener("keydown", (event) => {
      // Just after a dialog is closed, what had the focus in it may still be the target.
      const typing = event.target.closest?.("input, textarea, select, pre") && !event.target.closest("dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const act = keys[event.key];
      if (act && act() !== false) event.preventDefault();
    });
  });
})();
