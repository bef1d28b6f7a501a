"""Measuring: one row after the other, each in a process of its own, several times round.

A process of its own, because allocators, thread pools and caches of one way of doing it change how fast
another is; in turn (A B C A B C), because a machine is not equally fast at all times. Ratios are taken within
a round.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reverie.errors import ReverieError
from reverie.process.cores import cores

#: Settings of an allocator or of OpenMP that would speed one row up, or slow it down.
TUNING = ("GOMP_SPINCOUNT", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "LD_PRELOAD", "THP_MEM_ALLOC_ENABLE")
TUNING_OF = ("KMP_", "MALLOC_", "MKL_", "GOMP_")
FEWEST = 3  # steps that are timed, however slow they are
#: The process ends with this line before its result; anything else it prints is its own business.
MARK = "measured: "


class ChildFailed(ReverieError):
    """A row's process ended without a result; the message is what it said last."""


@dataclass(frozen=True)
class Spread:
    """Lower quartile, median and upper quartile."""

    low: float
    middle: float
    high: float

    @staticmethod
    def of(values: Iterable[float]) -> Spread:
        """The quartiles of at least one value."""
        found = sorted(values)
        if len(found) == 1:
            return Spread(found[0], found[0], found[0])
        return Spread(*statistics.quantiles(found, n=4, method="inclusive"))


@dataclass(frozen=True)
class Child:
    """A process of this Python that ends with ``tell``: the words after ``python``, and its environment."""

    words: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)

    def run(self, *, threads: int = 0, timeout: float = 600) -> dict[str, Any]:
        """What it tells; ChildFailed if it tells nothing."""
        kept = {k: v for k, v in os.environ.items() if k not in TUNING and not k.startswith(TUNING_OF)}
        kept |= {"OMP_NUM_THREADS": str(threads or cores()), **self.settings}
        try:
            done = subprocess.run(
                [sys.executable, *self.words],
                env=kept,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ChildFailed(f"no result after {timeout:.0f} s") from None
        told = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
        if done.returncode != 0 or not told:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise ChildFailed(said[-1].strip()[:200] if said else f"ended with code {done.returncode}")
        result: dict[str, Any] = json.loads(told[-1].removeprefix(MARK))
        return result


@dataclass
class Runs:
    """What came of the rows: results by row, one for each round it got through, and why a row did not."""

    done: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def times(self, row: str) -> Spread:
        """Seconds a step, of all steps of all rounds."""
        return Spread.of(t for run in self.done[row] for t in run["times"])

    def ratio(self, row: str, to: str) -> Spread:
        """How many times faster ``row`` is than ``to``, from each round's medians."""
        pairs = zip(self.done[row], self.done[to], strict=False)
        return Spread.of(statistics.median(b["times"]) / statistics.median(a["times"]) for a, b in pairs)

    def most(self, row: str, what: str) -> float:
        """The largest value of a number that every run of a row has told."""
        return max(float(run[what]) for run in self.done[row])


def clock(step: Callable[[], object], *, seconds: float, warm: int = 2, most: int = 1000) -> list[float]:
    """Seconds of each step after ``warm`` others, for about so long; at least FEWEST, at most ``most``."""
    for _ in range(warm):
        step()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < min(FEWEST, most) or (time.perf_counter() < end and len(times) < most):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return times


def alternate(
    rows: Mapping[str, Child],
    rounds: int,
    *,
    threads: int = 0,
    timeout: float = 600,
    each: Callable[[int, str, dict[str, Any] | str], None] = lambda *_: None,
) -> Runs:
    """Run every row once a round, in the order given; a row that fails is left out of later rounds.

    Args:
        rows: By name.
        rounds: How often.
        threads: What OpenMP is told in the processes; 0 for every core there is.
        timeout: Seconds after which a process has failed.
        each: Told of each result or failure as it comes, with the round.
    """
    runs = Runs()
    for number in range(rounds):
        for name, row in rows.items():
            if name in runs.failed:
                continue
            try:
                found = row.run(threads=threads, timeout=timeout)
            except ChildFailed as error:
                runs.failed[name] = str(error)
                each(number, name, str(error))
                continue
            runs.done.setdefault(name, []).append(found)
            each(number, name, found)
    for name in runs.failed:
        runs.done.pop(name, None)
    return runs


def tell(**found: Any) -> None:
    """How a row's process hands back its result."""
    print(MARK + json.dumps(found), flush=True)
