"""How fast the gradient at the picture is here: every engine, and the loop most people write, side by side.

``python -m reverie.jobs.bench.bench JOB`` is one row, a process of its own; ``reverie bench`` runs them in
turn.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reverie.errors import ReverieError
from reverie.jobs.bench.timing import Child, Runs, Spread, alternate, clock, tell

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from reverie.network.network import Network

NAIVE = "naive loop"
REFERENCE = "plain"
#: What a process takes before its first timed step: Python, torch, weights.
START = 4.0


@dataclass(frozen=True)
class Measurement:
    """One row: what runs, on what, for about how many seconds; ``gradient`` is a file to leave it in."""

    what: str
    network: str
    layer: str
    size: tuple[int, int]
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    seconds: float = 2.0
    gradient: str = ""

    def words(self) -> list[str]:
        """The words after ``python``."""
        return ["-m", "reverie.jobs.bench.bench", json.dumps(asdict(self))]


@dataclass(frozen=True)
class Row:
    """A line of the table; ``failed`` says why there are no figures.

    Attributes:
        name: What ran: the naive loop or an engine.
        ran: The number format, and what fell back and why, in the engine's words.
        seconds: Of a step.
        ratio: How many times faster than the naive loop; None without one.
        megapixels: A second.
        cosine: Of the gradient with the plain engine's, in float64; None without one.
        memory: Bytes at the peak beyond what Python and torch took before.
        ready: Seconds to load the network, prepare the engine and take a first step.
        failed: Why there are no figures.
    """

    name: str
    ran: str = ""
    seconds: Spread | None = None
    ratio: Spread | None = None
    megapixels: float | None = None
    cosine: float | None = None
    memory: float | None = None
    ready: float | None = None
    failed: str = ""


def measure(
    job: Measurement,
    names: Sequence[str],
    *,
    seconds: float,
    settings: Mapping[str, str],
    each: Callable[[str], None],
) -> list[Row]:
    """Measure rows side by side.

    Args:
        job: What they have in common; its ``what`` and ``seconds`` do not matter.
        names: The rows.
        seconds: For all together, about.
        settings: Environment variables for the engines' processes; the naive loop's has none of them.
        each: Told, in words, of every row that is done.
    """
    rounds = 2 if seconds >= 2 * START * len(names) else 1
    share = max(0.2, seconds / (rounds * len(names)) - START)
    with tempfile.TemporaryDirectory() as folder:
        jobs = {
            name: replace(job, what=name, seconds=share, gradient=str(Path(folder, f"{i}.npy")))
            for i, name in enumerate(names)
        }

        def told(number: int, name: str, found: dict[str, Any] | str) -> None:
            said = (
                found if isinstance(found, str) else f"{1e3 * Spread.of(found['times']).middle:.1f} ms a step"
            )
            each(f"{name}, round {number + 1} of {rounds}: {said}")

        rows = {n: Child(j.words(), {} if n == NAIVE else settings) for n, j in jobs.items()}
        runs = alternate(rows, rounds, threads=job.threads, timeout=max(600, 60 * seconds), each=told)
        gradients = {name: j.gradient for name, j in jobs.items() if name in runs.done}
        return [_row(name, job, runs, gradients) for name in names]


def _row(name: str, job: Measurement, runs: Runs, gradients: Mapping[str, str]) -> Row:
    if name in runs.failed:
        return Row(name, failed=runs.failed[name])
    seconds = runs.times(name)
    return Row(
        name,
        ran=runs.done[name][0]["ran"],
        seconds=seconds,
        ratio=runs.ratio(name, NAIVE) if NAIVE in runs.done else None,
        megapixels=job.size[0] * job.size[1] / 1e6 / seconds.middle,
        cosine=cosine_of(gradients[name], gradients[REFERENCE]) if REFERENCE in gradients else None,
        memory=runs.most(name, "memory"),
        ready=min(run["ready"] for run in runs.done[name]),
    )


def cosine(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Of two gradients, in float64 (torch's own cosine_similarity gives 0 for very small ones)."""
    import numpy as np

    flat = [np.asarray(g, np.float64).ravel() for g in (a, b)]
    first, second = (g / max(np.abs(g).max(), 1e-300) for g in flat)
    return float(first @ second / max(np.sqrt((first @ first) * (second @ second)), 1e-300))


def cosine_of(a: str, b: str) -> float:
    """Of two files."""
    import numpy as np

    return cosine(np.load(a), np.load(b))


def trial_picture(channels: int, width: int, height: int) -> Tensor:
    """Something to look at that needs no file: soft clouds with some grain, (1, C, H, W) in [0, 1]."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(0)
    clouds = sum(
        F.interpolate(
            torch.rand(1, channels, max(2, height // s), max(2, width // s), generator=generator),
            (height, width),
            mode="bilinear",
        )
        for s in (8, 32, 128)
    )
    assert isinstance(clouds, torch.Tensor)
    grain = torch.rand(1, channels, height, width, generator=generator)
    return (0.3 * clouds + 0.1 * grain).contiguous()


def step_of(job: Measurement, net: Network, picture: Tensor) -> tuple[Callable[[], Tensor], str]:
    """A step of the job's row, and in words what runs in it."""
    from reverie.engine.engine import pick_device

    device = pick_device(job.device)
    looked = picture.to(device)
    if job.what == NAIVE:
        from reverie.jobs.bench.naive import naive_step

        return _waited(naive_step(net.to(device), job.layer, looked), device), "fp32"
    from reverie.engine.select import make_engine
    from reverie.gradient.picture_gradient import picture_gradient
    from reverie.objective import layer
    from reverie.scoring.bind import bind

    # What the others are compared with is exact, whatever precision they are asked for.
    precision = "fp32" if job.what == REFERENCE else job.precision
    engine = make_engine(job.what, net, device=device, precision=precision, threads=job.threads or None)
    goal = bind(layer(job.layer), net)
    step = _waited(lambda: picture_gradient(engine, goal, looked)[1], device)
    step()  # what is chosen at the first step is known after it
    return step, "; ".join(filter(None, (engine.precision, engine.note)))


def _waited(step: Callable[[], Tensor], device: str) -> Callable[[], Tensor]:
    """A step that has really ended when it returns, on a device that works on its own."""
    if not device.startswith("cuda"):
        return step
    import torch

    def whole() -> Tensor:
        gradient = step()
        torch.cuda.synchronize()
        return gradient

    return whole


def carry_out(job: Measurement) -> None:
    """Measure one row and tell."""
    import time

    import numpy as np
    import torch

    from reverie.jobs.bench.machine import peak, resident
    from reverie.native.runtime import Runtime
    from reverie.network.zoo import load_net

    with Runtime.of(job.threads).use():
        # What torch needs in any case.
        torch.nn.functional.conv2d(torch.ones(1, 8, 8, 8), torch.ones(8, 8, 3, 3))
        before, began = resident(), time.perf_counter()
        net = load_net(job.network, offline=True)
        picture = trial_picture(net.channels, *job.size)
        step, ran = step_of(job, net, picture)
        gradient = step()
        ready = time.perf_counter() - began
        times = clock(step, seconds=job.seconds)
    most = peak() - before
    if gradient.is_cuda:
        most = torch.cuda.max_memory_allocated()
    np.save(job.gradient, gradient.float().cpu().numpy())
    tell(times=times, ready=ready, memory=most, ran=ran)


def main(text: str) -> None:
    """One row; the error of a row that cannot be is its last line."""
    given = json.loads(text)
    try:
        carry_out(Measurement(**{**given, "size": tuple(given["size"])}))
    except ReverieError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
