"""Measure reverie beside other tools: ``make bench``, or ``python -m benchmarks [PART...] [--quick]``.

Parts: step, dream, sizes, networks, precision (all of them if none is named), and gpu. Tables go to stdout,
and unless it was quick into docs/: figures as JSON, tables into docs/speed.md, a plot into docs/images/.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.parts import dream, gpu, networks, precision, sizes, step
from benchmarks.plan import Plan
from benchmarks.report import Report
from reverie.jobs.bench.machine import describe, in_words
from reverie.process.cores import cores

PARTS = {
    "step": step,
    "dream": dream,
    "sizes": sizes,
    "networks": networks,
    "precision": precision,
    "gpu": gpu,
}


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    if not Path("benchmarks", "worker.py").exists():
        sys.exit("run this in the folder that has benchmarks/ in it")
    parts = given.parts or [name for name in PARTS if name != "gpu"]
    if "gpu" in parts and (why := gpu.missing()):
        sys.exit(f"gpu: {why}")
    plan = Plan(given.threads or cores(), quick=given.quick, peers=not given.no_peers)
    machine = describe()
    print(in_words(machine, plan.threads), flush=True)
    report = Report(Path("build", "bench") if plan.quick else Path(given.out))
    for name in parts:
        began = time.perf_counter()
        plan.say(f"{name}: {PARTS[name].TITLE}")
        found = PARTS[name].measure(plan)
        # Kept after each part, so that one that breaks off loses nothing.
        report.add(name, found, machine, plan.threads)
        report.write(PARTS)
        print(
            f"\n{PARTS[name].markdown(found)}\n\n{name} took {time.perf_counter() - began:.0f} s\n",
            flush=True,
        )
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    made.add_argument("--quick", action="store_true", help="see that every row works; figures mean nothing")
    made.add_argument("--no-peers", action="store_true", help="leave the other tools out")
    made.add_argument("--threads", type=int, default=0, help="of each row (default: every core)")
    made.add_argument("--out", default="docs", help="where results go (default docs; build/bench if quick)")
    return made


if __name__ == "__main__":
    sys.exit(main())
