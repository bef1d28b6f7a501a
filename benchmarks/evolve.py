"""Evolution measured: how fast each encoding is, and how sure networks become at equal evaluations.

    python -m benchmarks.evolve speed            evaluations a second, and the share outside the network
    python -m benchmarks.evolve run              cppn, direct and random to 200,000 evaluations each
    python -m benchmarks.evolve run cppn --evaluations 2000400 --name cppn-full
    python -m benchmarks.evolve report           tables, curves and every class, into docs/

Runs are folders of ``reverie fool`` under --out; what was stopped goes on when the same is asked for again. A
report reads confidences from the saved files with another package's network.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from benchmarks.evolve_report import report
from benchmarks.one_part import part_parser, run_part
from reverie.jobs.fooling.folder import Folder
from reverie.jobs.fooling.judge import BATCH, Arena
from reverie.jobs.fooling.run import EvolutionRun
from reverie.jobs.fooling.settings import ENCODINGS, Settings, make_settings
from reverie.jobs.job import Event, Listener, Step
from reverie.network.class_names import imagenet
from reverie.process.cores import cores

COMPARED = ("cppn", "direct", "random")
EVALUATIONS = 200_000
#: Generations of small broods before speed is measured, so that graphs have grown, and those measured.
GROWN, MEASURED = 60, 16
#: Batches of a round of the network alone.
BARE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    return run_part(parser(), PARTS, arguments)


def parser() -> argparse.ArgumentParser:
    made = part_parser("benchmarks.evolve", __doc__, PARTS)
    made.add_argument(
        "encodings", nargs="*", choices=[*ENCODINGS, []], help="which (default: those compared)"
    )
    made.add_argument("--evaluations", type=int, default=EVALUATIONS, help="of each run")
    made.add_argument("--out", type=Path, default=Path("build", "evolve"), help="where runs are")
    made.add_argument("--docs", type=Path, default=Path("docs"), help="where a report goes")
    made.add_argument("--name", default="", help="of a run's folder, instead of its encoding's")
    made.add_argument("--threads", type=int, default=0, help="default: every core")
    made.add_argument("--network", default="lite0")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--size", type=int, default=224)
    return made


# -- speed -----------------------------------------------------------------------------------------


def speed(given: argparse.Namespace) -> None:
    """Print evaluations a second of each encoding, with graphs as large as they are after a while.

    Their generations take turns, and so does the network alone, so that what else a machine does meets all.
    """
    names = given.encodings or ENCODINGS
    made = [Arena(arena_settings(given, name), threads=given.threads or cores()) for name in names]
    runs = [generations(arena) for arena in made]
    alone = made[0].search
    pictures = torch.rand(BATCH, 3, given.size, given.size, generator=torch.Generator().manual_seed(0))
    for pace in runs:
        next(pace)
    found: list[list[tuple[float, float]]] = [[] for _ in runs]
    bare = []
    for _ in range(MEASURED):
        for pace, paces in zip(runs, found, strict=True):
            paces.append(next(pace))
        began = time.perf_counter()
        for _ in range(BARE):
            alone(pictures)
        bare.append(BARE * BATCH / (time.perf_counter() - began))
    print("| encoding | evaluations a second | outside the network | number format |")
    print("| --- | ---: | ---: | --- |")
    for name, arena, paces in zip(names, made, found, strict=True):
        rates, shares = zip(*paces, strict=True)
        share = f"{100 * statistics.median(shares):.0f} %"
        print(f"| `{name}` | {in_quartiles(rates)} | {share} | {arena.search.engine.precision} |")
    print(f"| the network alone | {in_quartiles(bare)} | | {alone.engine.precision} |")


def arena_settings(given: argparse.Namespace, name: str) -> Settings:
    """Those of an encoding, on the network, size and seed that were asked for."""
    return make_settings(encoding=name, network=given.network, size=given.size, seed=given.seed)


def in_quartiles(rates: Sequence[float]) -> str:
    """The median, and the quartiles in brackets."""
    low, middle, high = statistics.quantiles(rates, n=4)
    return f"{middle:.0f} ({low:.0f}-{high:.0f})"


def generations(arena: Arena) -> Iterator[tuple[float, float]]:
    """Evaluations a second, and the share of the time outside the network, of generations that have grown.

    There is one more than is measured: the first warms up.
    """
    costly = arena.encoding.cost > 1
    grown = 2 if costly else GROWN
    few = 20 if costly else 100
    before = 0
    for generation in arena.evolve(population=few, children=few, generations=grown + MEASURED):
        seconds = generation.network_seconds + generation.outside_seconds
        if generation.index >= grown:
            yield (generation.evaluations - before) / seconds, generation.outside_seconds / seconds
        before = generation.evaluations


# -- long runs -----------------------------------------------------------------------------------------


def run(given: argparse.Namespace) -> None:
    """Evolve each encoding to as many evaluations; what is there goes on."""
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.encodings or COMPARED:
        fooling = taken_up(given, name)
        total = fooling.settings.evaluations(fooling.arena.encoding.cost)
        print(f"{name}: {total:,} evaluations in {fooling.folder}", flush=True)
        outcome = fooling.carry_out(listener=Teller(name, fooling.settings))
        half, most, nearly = outcome.over
        seconds = outcome.network_seconds + outcome.outside_seconds
        print(
            f"{name}: median {outcome.median:.4f}, over .5 {half}, .95 {most}, .99 {nearly} of "
            f"{len(outcome.archive)}; {outcome.evaluations / seconds:.0f} evaluations a second, "
            f"{100 * outcome.outside_seconds / seconds:.0f} % outside the network",
            flush=True,
        )


def taken_up(given: argparse.Namespace, name: str) -> EvolutionRun:
    """The run of an encoding, from where it is."""
    cost = Arena(make_settings(encoding=name, network=given.network)).encoding.cost
    usual = make_settings(encoding=name)
    population, children = usual.counts
    generations = max(0, -(-(given.evaluations - population) // (children * cost)))
    asked = {"encoding": name, "network": given.network, "size": given.size, "seed": given.seed}
    asked["generations"] = generations
    path = given.out / (given.name or name)
    return EvolutionRun(
        path,
        make_settings(**asked),
        resume=Folder(path).note.exists(),
        given=asked,
        threads=given.threads or cores(),
    )


class Teller(Listener):
    """Says now and then how far a run is."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self.settings = name, settings
        self._last = time.monotonic()

    def on_event(self, event: Event) -> None:
        if not isinstance(event, Step) or event.source is None or time.monotonic() - self._last < 30:
            return
        self._last = time.monotonic()
        generation = event.source
        half, most, nearly = generation.over
        print(
            f"{self.name} {generation.index}/{self.settings.generations}: {generation.evaluations:,} "
            f"evaluations, median {generation.median:.4f}, over .5 {half}, .95 {most}, .99 {nearly}",
            flush=True,
        )


PARTS = {"speed": speed, "run": run, "report": report}

if __name__ == "__main__":
    assert len(imagenet()) == 1000
    sys.exit(main())
