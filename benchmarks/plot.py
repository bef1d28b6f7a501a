"""The plot of the documentation: a step of every tool, and the time of a megapixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt


def draw(step: dict[str, Any], sizes: dict[str, Any] | None, path: Path) -> None:
    """Save it as PNG."""
    rows = {n: r["ms"] for n, r in step["rows"].items() if "failed" not in r}
    tiled = {n: r for n, r in (sizes or {}).get("tiled", {}).items() if "failed" not in r}
    figure, axes = plt.subplots(
        1,
        2 if tiled else 1,
        figsize=(12 if tiled else 8, 0.32 * len(rows) + 1.2),
        squeeze=False,
        gridspec_kw={"width_ratios": [3, 2] if tiled else [1]},
    )
    bars(axes[0][0], rows)
    if tiled:
        lines(axes[0][1], tiled)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def bars(axes: Any, rows: dict[str, list[float]]) -> None:
    """Milliseconds a step, the slowest on top, with quartiles."""
    order = sorted(rows, key=lambda name: rows[name][1])
    middle = [rows[n][1] for n in order]
    around = [[rows[n][1] - rows[n][0] for n in order], [rows[n][2] - rows[n][1] for n in order]]
    colours = ["#e0662f" if n.startswith("reverie") else "#8d86a8" for n in order]
    axes.barh(order, middle, xerr=around, color=colours, error_kw={"linewidth": 1})
    longest = max(r[2] for r in rows.values())
    axes.set_xlabel("ms a step, 448 x 640")
    for i, name in enumerate(order):
        value = rows[name][1]
        words = f"{value:.0f}" if value >= 100 else f"{value:.1f}"
        axes.text(rows[name][2] + 0.01 * longest, i, words, va="center", fontsize=8)
    axes.set_xlim(0, longest * 1.08)
    axes.spines[["top", "right"]].set_visible(False)


def lines(axes: Any, tiled: dict[str, Any]) -> None:
    """Milliseconds a megapixel over the size of the picture."""
    ticks: list[float] = []
    for halo, colour in (("default", "#e0662f"), ("full", "#4b3f72")):
        found = []
        for name, row in tiled.items():
            if name.endswith(f"{halo} halo"):
                pixels = row["size"][0] * row["size"][1] / 1e6
                times = sorted(row["times"])
                found.append((pixels, 1e3 * times[len(times) // 2] / pixels))
        ticks = sorted({*ticks, *(pixels for pixels, _ in found)})
        if found:
            axes.plot(*zip(*found, strict=True), "o-", color=colour, label=f"{halo} halo")
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{t:.0f}" for t in ticks])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("megapixels (log scale)")
    axes.set_ylabel("ms a megapixel")
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
