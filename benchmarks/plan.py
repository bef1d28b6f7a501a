"""How a part is measured: threads, how long, how thoroughly; and rows measured by it."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import Job
from benchmarks.tools.networks import GRAIN, PHOTO, picture
from reverie.jobs.bench.bench import cosine
from reverie.jobs.bench.timing import ChildFailed, Runs, Spread, alternate


@dataclass
class Plan:
    """``quick`` measures each row once and shortly, to see that it works; its figures mean nothing."""

    threads: int
    quick: bool = False
    peers: bool = True
    timeout: float = 900

    def say(self, text: str) -> None:
        """Progress."""
        print(text, flush=True)

    def seconds(self, usual: float) -> float:
        """How long a row times its steps in one round."""
        return 0.3 if self.quick else usual

    def rounds(self, usual: int) -> int:
        """How often round."""
        return 1 if self.quick else usual

    def alternate(self, jobs: Mapping[str, Job], rounds: int) -> Runs:
        """Run jobs in turn, with the plan's threads."""
        rows = {name: replace(job, threads=self.threads).child() for name, job in jobs.items()}
        rounds = self.rounds(rounds)
        for job in jobs.values():
            make_pictures(job)

        def told(number: int, name: str, found: dict[str, Any] | str) -> None:
            said = f"failed: {found}" if isinstance(found, str) else in_ms(found["times"])
            self.say(f"  round {number + 1} of {rounds}, {name}: {said}")

        return alternate(rows, rounds, threads=self.threads, timeout=self.timeout, each=told)

    def once(self, name: str, job: Job) -> dict[str, Any]:
        """One measurement; what went wrong as its only entry, ``failed``."""
        make_pictures(job)
        began = time.perf_counter()
        try:
            found = replace(job, threads=self.threads).child().run(threads=self.threads, timeout=self.timeout)
        except ChildFailed as error:
            self.say(f"  {name}: failed: {error}")
            return {"failed": str(error)}
        self.say(f"  {name}: done in {time.perf_counter() - began:.0f} s")
        return found


def make_pictures(job: Job) -> None:
    """Leave the photographs that a job will look at in files, so that its own process need not make them."""
    size = GRAIN if job.how == "large" else job.size
    for name in job.more.get("photos", [PHOTO]):
        picture(*size, name)


def in_ms(times: list[float]) -> str:
    """The median."""
    return f"{1e3 * statistics.median(times):.1f} ms"


def table(
    plan: Plan,
    jobs: Mapping[str, Job],
    *,
    base: str,
    rounds: int,
    others: tuple[str, ...] = (),
    reference: Job | None = None,
) -> dict[str, Any]:
    """Rows measured side by side, as plain values.

    Args:
        plan: How thoroughly.
        jobs: The rows.
        base: The row that ratios are taken to.
        rounds: How often round.
        others: Rows of other tools; ratios to the fastest of them are taken too.
        reference: Measures the gradient that cosines are taken with.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Tools that cannot be told what picture to look at leave no gradient.
        named = {
            n: replace(j, gradient=str(Path(folder, f"{i}.npy"))) for i, (n, j) in enumerate(jobs.items())
        }
        exact = None
        if reference is not None:
            file = str(Path(folder, "exact.npy"))
            if "failed" not in plan.once("float64", replace(reference, gradient=file)):
                exact = np.load(file)
        runs = plan.alternate(named, rounds)
        best = min((o for o in others if o in runs.done), key=lambda o: runs.times(o).middle, default=None)
        rows = {}
        for name, job in named.items():
            rows[name] = row(runs, name, base, best)
            if exact is not None and name in runs.done and Path(job.gradient).exists():
                rows[name]["cosine"] = cosine(np.load(job.gradient), exact)
    return {"rows": rows, "base": base, "best_other": best}


def row(runs: Runs, name: str, base: str, best: str | None) -> dict[str, Any]:
    """A row's figures: milliseconds, ratios, bytes; or why there are none."""
    if name in runs.failed:
        return {"failed": runs.failed[name]}
    first = runs.done[name][0]
    found: dict[str, Any] = {
        "ms": spread(runs.times(name), 1e3),
        "steps": sum(len(run["times"]) for run in runs.done[name]),
        "memory": runs.most(name, "memory"),
        "resident": runs.most(name, "resident"),
        "ran": first["ran"],
    }
    if base in runs.done:
        found["to_base"] = spread(runs.ratio(name, base))
    if best is not None:
        found["to_best_other"] = spread(runs.ratio(name, best))
    if "ready" in first:
        found["ready"] = statistics.median(run["ready"] for run in runs.done[name])
    return found


def spread(found: Spread, factor: float = 1.0) -> list[float]:
    """Lower quartile, median, upper quartile."""
    return [factor * found.low, factor * found.middle, factor * found.high]
