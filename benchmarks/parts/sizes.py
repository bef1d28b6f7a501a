"""Large pictures: four megapixels beside the naive loop, and one to sixty-four in tiles."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.job import Job
from benchmarks.plan import Plan, table
from benchmarks.tables import markdown as rows_of
from benchmarks.tables import mb, side_by_side
from reverie.engine.environment import ENVIRONMENT

TITLE = "Large pictures"
#: Megapixels and sizes that no tile divides.
SIZES = {1: (1224, 816), 4: (2448, 1632), 16: (4896, 3264), 64: (9792, 6528)}
HUNDRED = (12240, 8160)
NAIVE = "naive loop"
#: The command in a process of its own, and the most memory it took.
COMMAND = """
import json, sys
from reverie.cli.main import run
from reverie.machine import peak
code = run(sys.argv[1:])
print("peak", code, peak())
"""


def measure(plan: Plan) -> dict[str, Any]:
    size = (512, 512) if plan.quick else (2048, 2048)
    seconds = plan.seconds(4.0)
    jobs = {
        NAIVE: Job("naive", size=size, seconds=seconds),
        "naive loop, frozen and cut": Job("naive", "best", size=size, seconds=seconds),
        "reverie, torch": Job("torch", size=size, seconds=seconds),
        "reverie, native": Job("native", size=size, seconds=seconds),
        "reverie, as a dream cuts it": Job("auto", "large", size=size, seconds=seconds),
    }
    four = table(plan, jobs, base=NAIVE, rounds=2)
    rows = {}
    for megapixels, (width, height) in SIZES.items():
        if plan.quick and megapixels > 4:
            continue
        for halo in (None, "full"):
            more = {} if halo is None else {"halo": halo}
            job = Job("auto", "large", size=(width, height), seconds=plan.seconds(4.0), more=more)
            name = f"{megapixels} Mpx, {halo or 'default'} halo"
            rows[name] = {**plan.once(name, job), "size": (width, height)}
    dreams = {
        name: dream(plan, name, size)
        for name, size in (("16 Mpx", SIZES[16]), ("100 Mpx", HUNDRED))
        if not plan.quick
    }
    if plan.quick:
        dreams["1 Mpx"] = dream(plan, "1 Mpx", SIZES[1])
    return {"size": size, "four": four, "tiled": rows, "dreams": dreams}


def dream(plan: Plan, name: str, size: tuple[int, int]) -> dict[str, Any]:
    """The command on a picture of that size, one step an octave: seconds and bytes in all."""
    from PIL import Image

    from benchmarks.tools.networks import GRAIN, picture

    Image.MAX_IMAGE_PIXELS = None
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder, "photo.jpg")
        grains(picture(*GRAIN)[0].numpy(), size).save(photo, quality=92)
        words = ["dream", str(photo), "-o", str(Path(folder, "d.jpg")), "--steps", "1", "-q"]
        words += ["--threads", str(plan.threads), "--max-pixels", str(2 * size[0] * size[1])]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *words],
            env={**environment(), **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        seconds = time.perf_counter() - began
        written = Path(folder, "d.jpg").exists()
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("peak ")]
    if not told or told[-1][1] != "0" or not written:
        said = done.stderr.strip().splitlines()
        plan.say(f"  dream of {name}: failed")
        return {"failed": said[-1][:200] if said else f"code {done.returncode}"}
    plan.say(f"  dream of {name}: {seconds:.1f} s, {int(told[-1][2]) / 1e6:.0f} MB in all")
    return {"seconds": seconds, "resident": int(told[-1][2]), "size": size}


def environment() -> dict[str, str]:
    """This process's, without what would tune an allocator."""
    import os

    from reverie.jobs.bench.timing import TUNING, TUNING_OF

    return {k: v for k, v in os.environ.items() if k not in TUNING and not k.startswith(TUNING_OF)}


def grains(source: Any, size: tuple[int, int]) -> Any:
    """A photograph (3, h, w) repeated over a large 8-bit picture, with noise."""
    import numpy as np
    from PIL import Image

    width, height = size
    rng = np.random.default_rng(0)
    tile = np.rint(source.transpose(1, 2, 0) * 255).astype(np.int16)
    row = np.tile(tile, (1, -(-width // tile.shape[1]), 1))[:, :width]
    picture = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, len(row)):
        part = row[: height - top]
        noise = rng.integers(-12, 13, part.shape, np.int16)
        picture[top : top + len(part)] = np.clip(part + noise, 0, 255)
    return Image.fromarray(picture)


def markdown(found: dict[str, Any]) -> str:
    lines = []
    for name, row in found["tiled"].items():
        width, height = row["size"]
        if "failed" in row:
            lines.append([name, "", "", "", f"not measured: {row['failed']}"])
            continue
        pixels = width * height
        times = sorted(row["times"])
        planes = f"{mb(row['memory'])} ({mb(5 * 12 * pixels + 3e8)})"
        lines.append(
            [
                name,
                f"{1e9 * times[len(times) // 2] / pixels:.1f}",
                f"{1e9 * times[0] / pixels:.1f}",
                planes,
                row["ran"],
            ]
        )
    whole = []
    for name, row in found["dreams"].items():
        if "failed" in row:
            whole.append([name, "", "", f"not measured: {row['failed']}"])
        else:
            whole.append(
                [name, f"{row['size'][0]} x {row['size'][1]}", f"{row['seconds']:.0f}", mb(row["resident"])]
            )
    return f"""\
A step at {found["size"][0]} x {found["size"][1]}.

{side_by_side(found["four"])}

The gradient of larger and larger pictures, cut as a dream cuts them. *MB* is the peak beyond torch itself,
the picture and its gradient included, and in brackets what five pictures in fp32 and 300 MB are.

{rows_of(["", "ms a Mpx", "fastest", "MB", "ran "], lines)}

`reverie dream` itself, a step an octave, files read and written: seconds, and memory in all, Python and torch
included.

{rows_of(["", "size ", "s", "MB"], whole)}"""
