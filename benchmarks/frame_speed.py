"""Frames of zooms and films, now and before: ``python -m benchmarks.frame_speed --against FOLDER``.

FOLDER is another checkout of this repository with its native library built. One process of each makes frames
in turn, a few at a time, round after round on the same core; ratios are taken within a round and their median
is told with the quartiles, in core milliseconds a frame, and what of them each part takes. Without a folder
only this checkout is measured, with its kernels and without them.

    python -m benchmarks.frame_speed zoom film --against ../before --size 1024x576
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent.parent
KINDS = ("zoom", "film")


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: which source, and by which kernels."""

    name: str
    folder: Path
    backend: str = ""


class Worker:
    """A process that makes frames when it is told to."""

    def __init__(self, side: Side, kind: str, given: argparse.Namespace) -> None:
        settings = {"kind": kind, "size": given.size, "backend": side.backend, "seed": given.seed}
        self.side = side
        self.asked, self.found = given.frames, []
        path = os.pathsep.join([str(side.folder / "src"), str(side.folder)])
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "benchmarks" / "frame_worker.py"), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=side.folder,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "GOMP_SPINCOUNT": "0"},
        )
        self._hear()

    def measure(self) -> float:
        """Core milliseconds a frame, of the next few."""
        assert self._process.stdin is not None
        print(self.asked, file=self._process.stdin, flush=True)
        self.found.append(self._hear())
        return float(self.found[-1]["ms"])

    def parts(self) -> dict[str, float]:
        """The same by part, the median of all rounds."""
        names = dict.fromkeys(name for one in self.found for name in one["parts"])
        return {name: median([one["parts"].get(name, 0.0) for one in self.found]) for name in names}

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(
                f"{self.side.name}: its process ended; is the native library of {self.side.folder} built?"
            )
        found: dict[str, Any] = json.loads(line)
        return found


def median(values: Sequence[float]) -> float:
    return float(np.median(values))


def compare(kind: str, sides: Sequence[Side], given: argparse.Namespace) -> list[str]:
    """Lines of a table: each side's time, the ratio, and its parts."""
    workers = [Worker(side, kind, given) for side in sides]
    rounds = [[worker.measure() for worker in workers] for _ in range(given.rounds)]
    for worker in workers:
        worker.close()
    now, before = (np.array(column) for column in zip(*rounds, strict=True))
    low, middle, high = np.percentile(now / before, (25, 50, 75))
    lines = [
        f"| {kind}, {given.size} | {sides[0].name} | {sides[1].name} |",
        "| --- | ---: | ---: |",
        f"| core ms a frame | {median(now):.0f} | {median(before):.0f} |",
        f"| of the time before | {middle:.3f} ({low:.3f}-{high:.3f}) | 1 |",
    ]
    tables = [worker.parts() for worker in workers]
    for name in dict.fromkeys([*tables[1], *tables[0]]):
        lines.append(f"| {name} | {tables[0].get(name, 0):.1f} | {tables[1].get(name, 0):.1f} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    if given.against is None:
        sides = [Side("kernels", HERE), Side("torch", HERE, "torch")]
    else:
        sides = [Side("now", HERE), Side("before", given.against.resolve())]
    for kind in given.kinds or KINDS:
        print("\n".join(compare(kind, sides, given)), end="\n\n", flush=True)
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "python -m benchmarks.frame_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="zoom, film, or both")
    made.add_argument("--against", type=Path, help="another checkout, with its native library built")
    made.add_argument("--size", default="1024x576", help="width x height of the frames")
    made.add_argument("--rounds", type=int, default=12)
    made.add_argument("--frames", type=int, default=3, help="frames a round")
    made.add_argument("--seed", type=int, default=0)
    return made


if __name__ == "__main__":
    sys.exit(main())
