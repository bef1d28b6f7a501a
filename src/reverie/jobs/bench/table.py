"""What was measured, as the rows of a table and as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from reverie.jobs.bench.bench import Measurement, Row

#: Of the columns; figures are aligned right (``>``).
TITLES: Final = ("", ">ms a step", ">quartiles", ">x naive", ">Mpx/s", ">cosine", ">MB", ">ready s", "ran")


def cells_of(row: Row) -> tuple[str, ...]:
    """A row as text: its name, milliseconds, ratios, gradient cosine, megabytes, seconds."""
    if row.seconds is None:
        return (row.name, *("-",) * 7, row.failed)
    ms = row.seconds
    return (
        row.name,
        f"{1e3 * ms.middle:.1f}",
        f"{1e3 * ms.low:.1f}-{1e3 * ms.high:.1f}",
        "-" if row.ratio is None else f"{row.ratio.middle:.1f}",
        f"{row.megapixels:.2f}",
        "-" if row.cosine is None else f"{row.cosine:.6f}",
        f"{(row.memory or 0) / 1e6:.0f}",
        f"{row.ready:.1f}",
        row.ran,
    )


def document(machine: Mapping[str, Any], job: Measurement, rows: Sequence[Row]) -> dict[str, Any]:
    """All of it as plain values: the machine, what the rows have in common, and each of them."""
    common = {k: v for k, v in asdict(job).items() if k not in ("what", "seconds", "gradient")}
    return {"machine": machine, **common, "rows": [asdict(row) for row in rows]}
