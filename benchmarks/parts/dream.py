"""A whole dream step beside a bare naive one, whole dreams, and the score that each engine reaches."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.job import Job
from benchmarks.plan import Plan, table
from benchmarks.tables import markdown as rows_of
from benchmarks.tables import side_by_side

TITLE = "A whole dream"
PHOTOS = ("chelsea", "coffee", "rocket", "astronaut")
NAIVE = "naive loop, bare step"
SIZE = (384, 256)
LARGE = (1224, 816)
ENGINES = ("plain", "torch", "native")


def measure(plan: Plan) -> dict[str, Any]:
    seconds = plan.seconds(3.0)
    jobs = {NAIVE: Job("naive", seconds=seconds)}
    jobs |= {f"reverie, {engine}": Job(engine, "loop", seconds=seconds) for engine in ENGINES}
    steps = table(plan, jobs, base=NAIVE, rounds=3)
    photos = list(PHOTOS[: 1 if plan.quick else None])
    size = (192, 128) if plan.quick else SIZE
    scores = {}
    for engine in ENGINES:
        found = plan.once(
            f"default dreams, {engine}", Job(engine, "whole", size=size, more={"photos": photos})
        )
        scores[engine] = found.get("scores", found)
    return {"steps": steps, "scores": scores, "size": size, "whole": whole(plan)}


def whole(plan: Plan) -> dict[str, Any]:
    """The default dream of a megapixel from weights to last step, and what naive steps of its sizes take."""
    size = (306, 204) if plan.quick else LARGE
    naive = plan.once("naive step, one megapixel", Job("naive", size=size, seconds=plan.seconds(3)))
    ours = plan.once(
        "default dream, one megapixel", Job("auto", "whole", size=size, more={"photos": ["coffee"]})
    )
    if "failed" in naive or "failed" in ours:
        return {"failed": naive.get("failed", "") + ours.get("failed", "")}
    predicted = sorted(naive["times"])[len(naive["times"]) // 2] * ours["work"]
    return {"size": size, "ours": ours["times"][0], "naive": predicted, "octaves": len(ours["octaves"])}


def markdown(found: dict[str, Any]) -> str:
    width, height = found["size"]
    exact = found["scores"]["plain"]
    if "failed" in exact:
        exact = {}
    photos = list(exact)
    lines = []
    for engine, scores in found["scores"].items():
        if "failed" in scores:
            lines.append([engine, f"not measured: {scores['failed']}"])
            continue
        away = [100 * (scores[p] / exact[p] - 1) for p in photos]
        cells = [f"{scores[p]:.4g} ({a:+.1f} %)" for p, a in zip(photos, away, strict=True)]
        lines.append([engine, *cells, f"{statistics.fmean(away):+.1f} %" if away else ""])
    last = in_words(found["whole"])
    return f"""\
A step of the real loop with default settings (jitter, gradient, smoothing, normalising, moving,
clipping), 448 x 640, beside the naive loop's bare step, which does nothing but the gradient.

{side_by_side(found["steps"])}

The score that a default dream of {width} x {height} ends with, and how far that is from plain autograd's.
Dreams are chaotic, so the pictures differ, and the scores a little.

{rows_of(["engine", *photos, "mean"], lines)}

{last}"""


def in_words(said: dict[str, Any]) -> str:
    """The default dream of a megapixel as a sentence."""
    if "failed" in said:
        return f"The default dream of a megapixel was not measured: {said['failed']}"
    width, height = said["size"]
    return f"""\
The default dream of {width} x {height} ({said["octaves"]} octaves), weights loaded and engine prepared
within the time: **{said["ours"]:.1f} s**. As many naive steps at the same sizes: {said["naive"]:.0f} s,
{said["naive"] / said["ours"]:.1f} times that."""


def dreams(plan: Plan, folder: str, size: tuple[int, int], photos: list[str]) -> str | None:
    """The default dreams of photographs as a file of arrays (H, W, 3); None if that failed."""
    file = str(Path(folder, "dreams.npz"))
    job = Job("auto", "whole", size=size, gradient=file, more={"photos": photos})
    return None if "failed" in plan.once("dreams to look at", job) else file
