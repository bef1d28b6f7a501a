"""Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, the others are figures unless their title ends with a space."""
    lines = ["| " + " | ".join(t.strip() for t in titles) + " |"]
    marks = ["---"] + ["---" if t.endswith(" ") else "---:" for t in titles[1:]]
    lines.append("| " + " | ".join(marks) + " |")
    lines += ["| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |" for row in rows]
    return "\n".join(lines)


def ms(values: Sequence[float]) -> str:
    """Median and quartiles in milliseconds."""
    low, middle, high = values
    digits = 1 if middle < 200 else 0
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def times(values: Sequence[float] | None) -> str:
    """A ratio with its quartiles."""
    if values is None:
        return ""
    low, middle, high = values
    return f"{middle:.1f} ({low:.1f}-{high:.1f})"


def mb(value: float) -> str:
    return f"{value / 1e6:.0f}"


def cosine(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def side_by_side(found: dict[str, Any]) -> str:
    """The usual table of rows measured in turn."""
    rows = found["rows"]
    others = found["best_other"] is not None
    exact = any("cosine" in row for row in rows.values())
    titles = ["", "ms a step", f"times {found['base']}"]
    titles += [f"times {found['best_other']}"] * others + ["cosine"] * exact + ["MB", "ran "]
    lines = []
    for name, row in rows.items():
        if "failed" in row:
            lines.append([name, *[""] * (len(titles) - 2), f"not measured: {row['failed']}"])
            continue
        cells = [name, ms(row["ms"]), times(row.get("to_base"))]
        cells += [times(row.get("to_best_other"))] * others + [cosine(row.get("cosine"))] * exact
        lines.append([*cells, mb(row["memory"]), row["ran"]])
    return markdown(titles, lines)
