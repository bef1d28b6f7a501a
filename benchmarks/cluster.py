"""What sharing pictures out costs: ``python -m benchmarks.cluster overhead|own|simulate``.

    overhead     the same variations of a dream by workers of a local cluster, and by as many plain processes
                 of one thread that share nothing, alternating; throughput of the one over that of the other
    own          the processor's time that the command itself takes for each photograph of one megapixel and
                 each portrait, with workers that give back files as large as those, and make none of them;
                 with --profile, by function
    simulate     one command and 10, 100, 1000 ... workers, with the times that ``overhead`` measured: which
                 share of the workers' time is work, and from how many on the command itself is the limit

A picture of ``--seconds`` takes about so long on one core. In a simulation one of twenty takes four times as
long (stragglers).
"""

from __future__ import annotations

import argparse
import cProfile
import heapq
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from benchmarks.one_part import part_parser, run_part
from reverie.jobs.dreaming.batch import VariationsJob
from reverie.process.cores import cores

if TYPE_CHECKING:
    from reverie.jobs.job import Job

#: Bytes of the dream of a photograph of one megapixel, and of a portrait.
MEGAPIXEL, PORTRAIT = 1_800_000, 90_000
#: Workers in a simulation.
FLEETS = (10, 30, 100, 300, 1000, 3000, 10_000)
#: One of so many pictures takes so many times as long.
RARE, SLOW = 20, 4.0
#: Shards that are with a worker or wait there.
AHEAD = 2
#: The share of the workers' time that is to be work.
WANTED = 0.9


def main(arguments: Sequence[str] | None = None) -> int:
    return run_part(parser(), PARTS, arguments)


def overhead(given: argparse.Namespace) -> None:
    """Prints seconds of each way and round, the ratio of throughputs, and the command's own time."""
    size = _size_for(given.seconds)
    ratios, own = [], []
    for round_ in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            plain = _plain(Path(folder, "plain"), given, size)
            shared, mine = _shared(Path(folder, "shared"), given, size)
        ratios.append(plain / shared)
        own.append(mine)
        print(f"round {round_ + 1}: plain {plain:.1f} s, cluster {shared:.1f} s, ratio {plain / shared:.3f}")
    print(f"throughput of the cluster over plain processes, median: {median(ratios):.3f} (wanted {WANTED})")
    print(f"the command's own time a picture, median: {1000 * median(own):.1f} ms")


def _size_for(seconds: float) -> int:
    """The side of a picture whose small dream takes about so long on one core, by a trial."""
    side = 256
    _dreams(Path(tempfile.mkdtemp()), [0], side)  # what is loaded once
    began = time.perf_counter()
    _dreams(Path(tempfile.mkdtemp()), [1], side)
    return int(side * (seconds / (time.perf_counter() - began)) ** 0.5)


def _job(out: Path, seeds: Sequence[int], side: int) -> VariationsJob:
    from reverie.recipe.presets.preset import preset

    recipe = preset("reverie", start="noise", size=(side, side), threads=1, seed=seeds[0])
    return VariationsJob(recipe=recipe, count=len(seeds), output=str(out / "v.png"))


def _dreams(out: Path, seeds: Sequence[int], side: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    _job(out, seeds, side).run()


def _plain(out: Path, given: argparse.Namespace, side: int) -> float:
    """Seconds that plain processes take, each with its share of the seeds, once they are loaded."""
    share, code = given.pictures // given.workers, "from benchmarks.cluster import plain; plain()"
    words = [[str(out / str(k)), str(k * share), str(share), str(side)] for k in range(given.workers)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, *w], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for w in words
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
    began = time.perf_counter()
    for process in started:  # all at once
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
    return time.perf_counter() - began


def plain() -> None:
    """A plain process: loads, says that it is ready, waits, and dreams."""
    out, first, count, side = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    _dreams(out / "first", [0], 64)
    print("ready", flush=True)
    sys.stdin.readline()
    _dreams(out, range(first, first + count), side)


def _shared(out: Path, given: argparse.Namespace, side: int) -> tuple[float, float]:
    """Seconds that a local cluster takes once its workers are loaded, and the command's own a picture."""
    from reverie.jobs.cluster.connect import connected
    from reverie.jobs.cluster.ray_cluster import PerTask
    from reverie.jobs.workspace import Workspace

    count = given.pictures // given.workers * given.workers
    with connected("local", PerTask(1)) as cluster:
        (out / "first").mkdir(parents=True)
        _job(out / "first", range(2 * given.workers), 64).run(None, Workspace(elsewhere=cluster))
        began, own = time.perf_counter(), time.process_time()
        _job(out, range(count), side).run(None, Workspace(elsewhere=cluster))
        return time.perf_counter() - began, (time.process_time() - own) / count


def own(given: argparse.Namespace) -> None:
    """Prints milliseconds of the processor's that the command takes for each photograph and portrait."""
    from reverie.jobs.cluster import ray_cluster
    from reverie.jobs.cluster.connect import connected
    from reverie.jobs.cluster.ray_cluster import PerTask
    from reverie.jobs.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder, connected("local", PerTask(1)) as cluster:
        for name, made, size in (
            ("photographs", _photographs, MEGAPIXEL),
            ("portraits", _portraits, PORTRAIT),
        ):
            workspace = Workspace(elsewhere=cluster)
            with patch.object(ray_cluster, "_carry", _gives_back(size)):
                made(Path(folder, f"{name}-first"), given.workers).run(None, workspace)
                job, profile = made(Path(folder, name), given.pictures), cProfile.Profile()
                began = time.process_time()
                if given.profile:
                    profile.enable()
                result = job.run(None, workspace)
                profile.disable()
            took = 1000 * (time.process_time() - began) / given.pictures
            assert len(result.made) == given.pictures
            print(f"{name}: {took:.1f} ms of the command's own time each, of {given.pictures}")
            if given.profile:
                pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def _gives_back(size: int) -> Callable[..., Any]:
    """A worker that gives back a file of so many bytes, at once."""

    def gives_back(*_: Any) -> Any:
        import os

        from reverie.jobs.cluster.worker import Carried
        from reverie.jobs.dreaming.dream import PictureResult
        from reverie.recipe.presets.preset import preset

        recipe = preset("reverie")
        result = PictureResult(files=("made.png",), size=(8, 8), score=1.0, moved=0.1, recipe=recipe)
        return Carried((os.urandom(size),), (result,))

    return gives_back


def _photographs(folder: Path, count: int) -> Job[Any]:
    """So many photographs of one megapixel."""
    from PIL import Image

    from reverie.jobs.dreaming.batch import BatchJob
    from reverie.recipe.presets.preset import preset

    (folder / "in").mkdir(parents=True)
    rng = np.random.default_rng(count)
    for k in range(count):
        small = Image.fromarray(rng.integers(0, 255, (30, 40, 3), np.uint8))
        small.resize((1160, 870), Image.Resampling.BICUBIC).save(folder / "in" / f"{k}.jpg", quality=90)
    recipe = preset("reverie", threads=1)
    photos = sorted(map(str, (folder / "in").iterdir()))
    return BatchJob(recipe=recipe, photos=photos, output=str(folder / "out"))


def _portraits(folder: Path, count: int) -> Job[Any]:
    """Portraits of so many channels."""
    from reverie.jobs.portraits.portraits import PortraitsJob
    from reverie.recipe.presets.preset import preset

    folder.mkdir(parents=True)
    recipe = preset("sketch", threads=1)
    return PortraitsJob(recipe=recipe, targets=(f"block5c:0-{count - 1}",), output=f"{folder}/out/")


def simulate(given: argparse.Namespace) -> None:
    """Prints, for each number of workers, the share of their time that is work, and names the limit."""
    limit = None
    for workers in FLEETS:
        busy = busy_share(workers, given.seconds, given.own / 1000, rounds=given.each, seed=given.seed)
        print(f"{workers:6} workers: {100 * busy:5.1f} % of their time is work")
        if busy < WANTED and limit is None:
            limit = workers
    named = f"from about {given.seconds * 1000 / given.own:.0f} workers on the command is the limit"
    print(f"{named} ({given.seconds} s a picture, {given.own} ms of the command's)")


def busy_share(workers: int, seconds: float, own: float, *, rounds: int, seed: int = 0) -> float:
    """The share of the workers' time that is work, from the first picture to the last.

    Args:
        workers: How many.
        seconds: A picture's time; one of ``RARE`` takes ``SLOW`` times as long.
        own: Seconds of the command's for each picture: it sends it, and takes it back, one at a time.
        rounds: Pictures for each worker.
        seed: Of which pictures are slow, and of times about the median.
    """
    rng = np.random.default_rng(seed)
    count = workers * rounds
    work = seconds * rng.lognormal(0, 0.05, count) * np.where(rng.random(count) < 1 / RARE, SLOW, 1.0)
    command, free = 0.0, [0.0] * workers  # when the command, and each worker, is free
    heapq.heapify(free)
    back: list[float] = []  # when what was sent comes back
    for each in work:
        if len(back) >= workers * AHEAD:
            command = max(command, heapq.heappop(back))
        command += own
        start = max(command, heapq.heappop(free))
        heapq.heappush(free, start + each)
        heapq.heappush(back, start + each)
    end = max(max(free), max(back) + own)
    return float(work.sum() / (workers * end))


def parser() -> argparse.ArgumentParser:
    made = part_parser("benchmarks.cluster", __doc__, PARTS)
    made.add_argument("--seconds", type=float, default=2.0, help="of a picture on one core")
    made.add_argument("--pictures", type=int, default=32, help="of a round")
    made.add_argument("--workers", type=int, default=cores())
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument(
        "--own", type=float, default=12.0, help="milliseconds of the command's for each picture"
    )
    made.add_argument("--profile", action="store_true", help="with own: where the time goes")
    made.add_argument("--each", type=int, default=20, help="pictures for each worker of a simulation")
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--seed", type=int, default=0)
    return made


PARTS = {"overhead": overhead, "own": own, "simulate": simulate}

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
