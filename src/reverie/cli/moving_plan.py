"""``--dry-run`` of zooms and films: what would be done, how long it takes and what memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice, pairwise
from typing import Any

from reverie.cli.old_console import Voice
from reverie.cli.plan import clock
from reverie.gradient.tiles import PLANES
from reverie.jobs.moving import Moving
from reverie.jobs.moving_source import Work
from reverie.recipe.recipe import Recipe

#: Longest side in pixels of the frames that are tried, and how many of them after the opening.
TRIAL_SIDE = 320
TRIAL_FRAMES = 4
#: Pictures that a zoom or a film keeps besides those of a dream: the last frame, its motion, what is carried.
MORE_PLANES = 8


def tell_moving_plan(moving: Moving, opened: Callable[[Recipe], Work], voice: Voice) -> None:
    """Print the plan of a zoom or a film.

    Args:
        moving: The work.
        opened: The same work with another recipe, for a trial at a smaller size.
        voice: Who is told.
    """
    moving.settle()
    plan = moving_plan(moving, opened)
    voice.data(in_words(moving.work.name, plan), plan)


def moving_plan(moving: Moving, opened: Callable[[Recipe], Work]) -> dict[str, Any]:
    """Size, frames, seconds and bytes of a zoom or a film."""
    work, session = moving.work, moving.session
    opening, each = seconds_per_pixel(moving, opened)
    width, height = work.size
    goals = [session.goal(recipe, 0) for recipe in work.objectives(moving.recipe)]
    layers = max((goal.layers for goal in goals), key=session.engine.bytes_per_pixel)
    path = session.path()
    pixels = width * height
    seen = min(pixels, (path.tile_width or path.tile) * path.tile) if path.tile else pixels
    memory = seen * session.engine.bytes_per_pixel(layers) + pixels * 12 * (PLANES + MORE_PLANES)
    seconds = None if work.frames is None else (opening + each * (work.frames - 1)) * pixels
    return {
        "size": [width, height],
        "frames": work.frames,
        "rate": str(work.rate),
        "length": None if work.frames is None else round(float(work.frames / work.rate), 3),
        "opening_seconds": opening * pixels,
        "seconds_a_frame": each * pixels,
        "seconds": seconds,
        "bytes": round(memory),
        "network": work.recipe.network,
        "engine": path.engine,
        "device": path.device,
        "precision": path.precision,
        "threads": path.threads,
        "objective": [text for recipe in work.objectives(moving.recipe) for text in recipe.objective],
    }


def seconds_per_pixel(moving: Moving, opened: Callable[[Recipe], Work]) -> tuple[float, float]:
    """Seconds for each pixel of the opening dream, and of each frame after it, measured on small ones."""
    width, height = moving.work.size
    factor = min(1.0, TRIAL_SIDE / max(width, height))
    size = tuple(max(32, round(side * factor / 2) * 2) for side in (width, height))
    with opened(moving.work.recipe.but(size=size, max_size=None)) as work:
        trial = Moving(work, net=moving.session.net)
        trial.settle()
        times = [time.perf_counter()]
        for _ in islice(work.make(trial.recipe, trial.session, None), 1 + TRIAL_FRAMES):
            times.append(time.perf_counter())
    pixels = size[0] * size[1]
    spent = [(b - a) / pixels for a, b in pairwise(times)]
    return spent[0], min(spent[1:], default=spent[0])


def in_words(name: str, plan: dict[str, Any]) -> str:
    """The plan as text."""
    width, height = plan["size"]
    frames = f"{plan['frames']} frames" if plan["frames"] else "nobody knows how many frames"
    length = f", plays {plan['length']:.2f} s" if plan["length"] else ""
    whole = f"about {clock(plan['seconds'])}" if plan["seconds"] else "time for each frame as said"
    return "\n".join(
        (
            f"{name}: {width} x {height}, {frames}{length}, {'; '.join(plan['objective'])}",
            f"  {plan['network']}, {plan['engine']} engine on {plan['device']}, {plan['precision']}, "
            f"{plan['threads']} threads",
            f"  opening {clock(plan['opening_seconds'])}, then {plan['seconds_a_frame']:.2f} s a frame",
            f"  {whole} and {plan['bytes'] / 1e6:.0f} MB for the dream",
        )
    )
