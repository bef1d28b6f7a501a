"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const pictures = data.pictures, nodes = data.nodes, images = data.images;
  const byIndex = new Map(pictures.map((p, at) => [p.index, at]));
  const $ = (id) => document.getElementById(id);
  const percent = (v, digits = 1) => {
    if (v > 0.99 && v < 1) return (Math.floor(v * 1e4) / 100).toFixed(2) + " %";  // 100 % is never said of less
    return (100 * v).toFixed(v > 0 && v < 0.001 ? 3 : digits) + " %";
  };
  const whole = (n) => Math.round(n).toLocaleString("en-GB");
  const short = (n) => (n >= 1e6 ? +(n / 1e6).toFixed(1) + " M" : n >= 1e3 ? +(n / 1e3).toFixed(1) + " k" : String(n));

  // An element: h("div", {class: "row", onclick}, child, "text", ...).
  const SVG = "http://www.w3.org/2000/svg";
  const build = (space) => (tag, attributes = {}, ...children) => {
    const e = space ? document.createElementNS(space, tag) : document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) {
      if (v === null || v === undefined || v === false) continue;
      if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
      else e.setAttribute(k, v === true ? "" : v);
    }
    e.append(...children.flat().filter((c) => c !== null && c !== undefined));
    return e;
  };
  const h = build(null), s = build(SVG);
  const meter = (value, width) => {
    const bar = h("i");
    bar.style.width = `${Math.max(0, Math.min(1, value)) * 100}%`;
    const out = h("span", { class: "meter", role: "presentation" }, bar);
    if (width) out.style.width = width;
    return out;
  };
  const img = (index, alt, cls) => h("img", { src: images[index], alt, class: cls, loading: "lazy", draggable: "false" });

  // Light or dark, remembered where the browser lets a file remember.
  const root = document.documentElement;
  const keep = (v) => { try { if (v) localStorage.setItem("reverie-theme", v); return localStorage.getItem("reverie-theme"); } catch { return null; } };
  if (keep()) root.dataset.theme = keep();
  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    keep(root.dataset.theme);
  });

  const tip = $("tip");
  const say = (event, ...lines) => {
    tip.replaceChildren(...lines.map((l) => h("div", {}, l)));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX + 14, innerWidth - box.width - 8) + "px";
    tip.style.top = Math.max(8, Math.min(event.clientY + 16, innerHeight - box.height - 8)) + "px";
  };
  const hush = () => { tip.hidden = true; };

  // Figures.
  for (const [value, words] of data.numbers)
    $("numbers").append(h("div", { class: "number" }, h("b", {}, value), h("span", {}, words)));

  // Curves against evaluations, on a logarithmic axis.
  function chart(title, series, top, unit, tick) {
    const rows = data.curve;
    const W = 640, H = 270, L = 50, R = 12, T = 10, B = 30;
    const low = Math.max(1, rows[0][0]), high = Math.max(low * 1.0001, rows[rows.length - 1][0]);
    const x = (v) => L + (W - L - R) * Math.log(Math.max(v, low) / low) / Math.log(high / low);
    const y = (v) => T + (H - T - B) * (1 - v / top);
    const svg = s("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": title });
    for (let i = 0; i <= 4; i++) {
      const v = top * i / 4;
      svg.append(s("line", { class: "rule", x1: L, x2: W - R, y1: y(v), y2: y(v) }),
        s("text", { x: L - 8, y: y(v) + 4, "text-anchor": "end" }, tick(v)));
    }
    let last = -1e9;
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const step of [1, 2, 5]) {
        const v = step * 10 ** power;
        if (v < low || v > high || x(v) - last < 62) continue;
        last = x(v);
        svg.append(s("text", { x: x(v), y: H - 8, "text-anchor": "middle" }, short(v)));
      }
    for (const [column, , colour] of series) {
      const path = rows.map((r, i) => `${i ? "L" : "M"}${x(r[0]).toFixed(1)} ${y(r[column]).toFixed(1)}`).join("");
      svg.append(s("path", { class: "curve", d: path, style: `stroke: var(${colour})` }));
    }
    const cross = s("line", { class: "cross", y1: T, y2: H - B, visibility: "hidden" });
    svg.append(cross);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const at = (event.clientX - box.left) * W / box.width;
      const row = rows.reduce((a, b) => (Math.abs(x(b[0]) - at) < Math.abs(x(a[0]) - at) ? b : a));
      cross.setAttribute("x1", x(row[0]));
      cross.setAttribute("x2", x(row[0]));
      cross.setAttribute("visibility", "visible");
      say(event, `${whole(row[0])} evaluations`, ...series.map(([c, name]) => `${name}: ${unit(row[c])}`));
    });
    svg.addEventListener("pointerleave", () => { hush(); cross.setAttribute("visibility", "hidden"); });
    const keys = series.map(([, name, colour]) => h("span", { class: "key", style: `--c: var(${colour})` }, name));
    $("charts").append(h("figure", {}, h("figcaption", {}, h("b", {}, title), ...keys), svg));
  }
  if (data.curve.length > 1) {
    // The smallest of some round heights that holds the highest point.
    const tall = (columns, limit) => {
      const high = Math.max(...data.curve.flatMap((row) => columns.map((c) => row[c])));
      return [0.04, 0.1, 0.2, 0.4, 1].map((share) => share * limit).find((v) => v >= high) ?? limit;
    };
    chart("Median confidence", [[1, "median", "--one"]], tall([1], 1), percent, (v) => `${+(100 * v).toFixed(1)} %`);
    const most = data.total;
    chart(`Classes of ${whole(most)}`, [[2, "over 50 %", "--three"], [3, "over 95 %", "--two"], [4, "over 99 %", "--one"]],
      tall([2], most), whole, (v) => (Number.isInteger(v) ? whole(v) : ""));
  }

  // Every class, surest first.
  const ranked = pictures.map((_, at) => at).sort((a, b) => pictures[b].confidence - pictures[a].confidence);
  if (ranked.length > 20) {
    const W = 1300, H = 84;
    const svg = s("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img",
      "aria-label": "Confidence of every class, surest first" });
    svg.style.height = "84px";
    const step = W / ranked.length;
    const bars = ranked.map((at, i) => {
      const tall = Math.max(1, (H - 4) * pictures[at].confidence);
      return s("rect", { class: "bar", x: (i * step).toFixed(2), y: (H - tall).toFixed(2), width: Math.max(.6, step * .86).toFixed(2), height: tall.toFixed(2) });
    });
    svg.append(...bars);
    const under = (event) => {
      const box = svg.getBoundingClientRect();
      return Math.max(0, Math.min(ranked.length - 1, Math.floor((event.clientX - box.left) / box.width * ranked.length)));
    };
    let lit = null;
    svg.addEventListener("pointermove", (event) => {
      const i = under(event), p = pictures[ranked[i]];
      lit?.classList.remove("at");
      lit = bars[i];
      lit.classList.add("at");
      say(event, p.name, `${percent(p.confidence)}, number ${i + 1} of ${ranked.length}`);
    });
    svg.addEventListener("pointerleave", () => { hush(); lit?.classList.remove("at"); });
    svg.addEventListener("click", (event) => open(ranked[under(event)]));
    svg.style.cursor = "pointer";
    $("ranks").append(h("figure", {}, h("figcaption", {}, h("b", {}, "Every class, surest first"), h("span", {}, "no picks")), svg));
  }

  // The pictures.
  const LEVELS = [["all", -1, 2], ["over 99 %", .99, 2], ["over 95 %", .95, 2], ["over 50 %", .5, 2], ["at most 50 %", -1, .5]];
  let level = LEVELS[0], shown = [];
  const card = (at) => {
    const p = pictures[at];
    return h("button", { class: "card", type: "button", "data-at": at, title: p.name, onclick: () => open(at) },
      img(p.image, ""), h("span", { class: "name" }, p.name),
      h("span", { class: "sure" }, meter(p.confidence), percent(p.confidence)));
  };
  const cards = pictures.map((_, at) => card(at));
  const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const ORDER = {
    confidence: (a, b) => pictures[b].confidence - pictures[a].confidence,
    doubt: (a, b) => pictures[a].confidence - pictures[b].confidence,
    name: (a, b) => pictures[a].name.localeCompare(pictures[b].name, "en"),
    index: (a, b) => pictures[a].index - pictures[b].index,
    depth: (a, b) => pictures[b].depth - pictures[a].depth,
  };
  function lay() {
    const text = plain($("find").value);
    const inside = (c) => (level[2] === .5 ? c <= .5 : c > level[1]);
    shown = pictures.map((_, at) => at).filter((at) => inside(pictures[at].confidence)
      && (!text || [pictures[at].name, ...pictures[at].also, String(pictures[at].index)].some((n) => plain(n).includes(text))));
    shown.sort((a, b) => ORDER[$("sort").value](a, b) || pictures[a].index - pictures[b].index);
    $("grid").replaceChildren(...(shown.length ? shown.map((at) => cards[at]) : [h("p", { class: "none" }, "No picture here.")]));
    $("count").textContent = shown.length === pictures.length ? `${whole(shown.length)} pictures` : `${whole(shown.length)} of ${whole(pictures.length)}`;
  }
  for (const one of LEVELS) {
    const chip = h("button", { class: "chip", type: "button", "aria-pressed": String(one === level), onclick: () => {
      level = one;
      for (const c of $("chips").children) c.setAttribute("aria-pressed", String(c === chip));
      lay();
    } }, one[0]);
    $("chips").append(chip);
  }
  $("find").addEventListener("input", lay);
  $("sort").addEventListener("change", lay);
  if (pictures.length < 2) document.querySelector(".tools").hidden = true;
  lay();

  // Which pictures come of an ancestor.
  const heirs = new Map();
  pictures.forEach((p, at) => p.line.forEach(([id]) => heirs.set(id, [...(heirs.get(id) ?? []), at])));

  const detail = $("detail"), inside = $("inside");
  let current = -1;
  function open(at, place) {
    current = at;
    const p = pictures[at];
    inside.replaceChildren(sheet(at, place ?? p.line.length - 1));
    if (!detail.open) detail.showModal();
    detail.focus({ preventScroll: true });
    detail.scrollTop = 0;
    address(`#class-${p.index}`);
    const strip = inside.querySelector(".strip"), chosen = strip?.querySelector('[aria-current="true"]');
    if (chosen) strip.scrollLeft = chosen.offsetLeft - strip.offsetLeft - (strip.clientWidth - chosen.clientWidth) / 2;
  }
  const address = (hash) => { try { history.replaceState(null, "", hash); } catch { /* a browser that keeps files apart */ } };
  const beside = (by) => {
    const list = shown.includes(current) ? shown : ranked;
    open(list[(list.indexOf(current) + by + list.length) % list.length]);
  };
  function sheet(at, place) {
    const p = pictures[at];
    const large = h("img", { class: "large", src: p.png, alt: `Evolved for ${p.name}` });
    large.addEventListener("error", () => { large.src = images[p.image]; }, { once: true });
    const made = [`${percent(p.confidence, 2)} sure`, p.born === null ? null : `born in generation ${whole(p.born)}`, p.what].filter(Boolean);
    return h("div", { class: "sheet" },
      h("div", { class: "head" }, h("div", {}, h("h2", { id: "detail-name" }, p.name),
        h("p", { class: "sub" }, p.also.length ? p.also.join(", ") + " \u00b7 " : "", `class ${p.index} \u00b7 `, made.join(" \u00b7 "), " \u00b7 ",
          h("a", { href: p.png }, "picture"), " \u00b7 ", h("a", { href: p.genome }, "genome"))),
      h("div", { class: "go" },
        h("button", { type: "button", "aria-label": "Before", title: "Before", onclick: () => beside(-1) }, "\u2190"),
        h("button", { type: "button", "aria-label": "Next", title: "Next", onclick: () => beside(1) }, "\u2192"),
        h("button", { type: "button", "aria-label": "Close", title: "Close", onclick: () => detail.close() }, "\u2715"))),
      h("div", { class: "pair" }, large, h("div", { class: "says" }, ...Object.entries(p.says).map(([net, said]) => verdict(net, said, p)))),
      p.line.length > 1 ? family(at, place) : null);
  }
  function verdict(net, said, p) {
    const rows = said.top.map(([index, name, share]) => row(name, share, index === p.index));
    if (!said.top.some(([index]) => index === p.index)) rows.push(row(p.name, said.mine, true));
    return h("div", {}, h("h3", {}, net === data.network ? `${net}, which was fooled` : net), ...rows);
  }
  const row = (name, share, mine) => h("div", { class: mine ? "row mine" : "row" }, h("span", { title: name }, name), meter(share), h("span", {}, percent(share)));

  // The family: a line of ancestors, and what else came of each.
  function family(at, place) {
    const p = pictures[at], box = h("div", { class: "line" });
    const strip = h("div", { class: "strip" });
    const below = h("div", { class: "kin" });
    const choose = (i) => {
      [...strip.children].forEach((c, k) => c.setAttribute("aria-current", String(k === i)));
      const [id, sure] = p.line[i], node = nodes[id];
      const others = (heirs.get(id) ?? []).filter((k) => k !== at).sort(ORDER.confidence);
      below.replaceChildren(img(node.image, ""), h("div", {},
        h("p", {}, h("b", {}, i === p.line.length - 1 ? "This picture" : `Generation ${whole(node.born)}`),
          `: the network calls it ${node.name} (${percent(node.sure)})`,
          node.best === p.index ? "." : `, and ${p.name} with ${percent(sure)}.`),
        others.length ? h("p", {}, others.length === 1 ? "One other picture comes of it:" : `${whole(others.length)} other pictures come of it:`)
          : h("p", {}, "No other picture here comes of it."),
        h("div", { class: "kids" }, others.slice(0, 120).map((k) => h("button", { class: "kid", type: "button",
          title: `${pictures[k].name}, ${percent(pictures[k].confidence)}`, "aria-label": pictures[k].name,
          onclick: () => open(k, pictures[k].line.findIndex(([other]) => other === id)) }, img(pictures[k].image, ""))))));
    };
    p.line.forEach(([id, sure], i) => {
      const node = nodes[id], bar = h("i");
      bar.style.height = `${Math.max(2, sure * 30)}px`;
      strip.append(h("button", { class: "step", type: "button", "aria-current": "false",
        title: `generation ${whole(node.born)}: ${node.name}, ${percent(node.sure)}; ${p.name}, ${percent(sure)}`, onclick: () => choose(i) },
      h("span", { class: "h" }, bar), img(node.image, ""), h("span", { class: "t" }, node.name), `gen. ${whole(node.born)}`));
    });
    const all = p.depth > p.line.length ? `${p.line.length} of its ${whole(p.depth)} ancestors and itself` : `all ${whole(p.line.length)}, from the first to itself`;
    box.append(h("h3", {}, `Its family: ${all}; bars are the confidence in ${p.name}`), strip, below);
    choose(place);
    return box;
  }

  detail.addEventListener("click", (event) => { if (event.target === detail) detail.close(); });
  detail.addEventListener("close", () => { current = -1; address("#"); });
  document.addEventListener("keydown", (event) => {
    if (!detail.open || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowRight") beside(1);
    if (event.key === "ArrowLeft") beside(-1);
  });
  const asked = /^#class-(\d+)$/.exec(location.hash);
  if (asked && byIndex.has(+asked[1])) open(byIndex.get(+asked[1]));
})();
