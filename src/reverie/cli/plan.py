"""``--dry-run``: what would be done, how long it takes and what memory, predicted from one small step."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from reverie.api import dream
from reverie.cli.old_console import Voice
from reverie.deepdream.state import State
from reverie.gradient.tiles import PLANES

if TYPE_CHECKING:
    from reverie.ascent.session import Session
    from reverie.jobs.old_run import Run
    from reverie.media.picture import Picture
    from reverie.recipe.recipe import Recipe

TRIAL_SIDE = 224
#: Steps of a portrait that are tried.
TRIAL_STEPS = 4


def tell_plan(run: Run, photos: list[str], voice: Voice) -> None:
    """Print the plan of each photograph (or of the one dream without)."""
    per_pixel: float | None = None
    total = 0.0
    inputs: list[str | None] = [*photos] or [None]
    for photo in inputs:
        picture = run.open(photo)
        per_pixel = per_pixel or seconds_per_pixel(run.session, run.recipe, picture)
        plan = plan_of(run, picture, per_pixel)
        total += plan["seconds"]
        voice.data(in_words(photo or run.recipe.start, plan), {"input": photo, **plan})
    if len(photos) > 1 and not voice.as_json:
        voice.data(f"{len(photos)} photographs, about {clock(total)} together", None)


def plan_of(run: Run, picture: Picture | None, per_pixel: float) -> dict[str, Any]:
    """Octaves, seconds, bytes and tiles of one dream."""
    recipe, session = run.recipe, run.session
    state = run.begin(picture)
    assert isinstance(state, State)
    octaves = state.plan(recipe)
    path = session.path()
    memory = 0.0
    for octave in octaves:
        goal = session.goal(recipe, octave.index)
        width, height = octave.size
        tiling = session.tiling(goal, height, width)
        seen = width * height
        if tiling is not None:
            edges = 2 * tiling.halo
            seen = min(width, (tiling.across or tiling.side) + edges) * min(height, tiling.side + edges)
        each = session.engine.bytes_per_pixel(goal.layers) if goal.layers else 0.0
        # On top of the network's: source, detail, picture, gradient and room, in three channels of fp32.
        memory = max(memory, seen * each + width * height * 12 * PLANES)
    work = sum(o.size[0] * o.size[1] * o.steps for o in octaves)
    width, height = state.canvas.source.shape[3], state.canvas.source.shape[2]
    return {
        "size": [width, height],
        "octaves": [{"size": list(o.size), "steps": o.steps} for o in octaves],
        "steps": sum(o.steps for o in octaves),
        "seconds": work * per_pixel,
        "bytes": round(memory),
        "tile": path.tile,
        "tile_width": path.tile_width,
        "network": recipe.network,
        "engine": path.engine,
        "device": path.device,
        "precision": path.precision,
        "threads": path.threads,
        "objective": list(recipe.objective),
    }


def seconds_per_pixel(session: Session, recipe: Recipe, picture: Picture | None) -> float:
    """Seconds a step takes for each pixel, measured on a small version of the same dream."""
    changes: dict[str, Any] = {"octaves": 1, "octave_top": 0, "steps": (3,), "max_change": None}
    width, height = picture.size if picture is not None else recipe.size or (TRIAL_SIDE, TRIAL_SIDE)
    factor = TRIAL_SIDE / max(width, height)
    if factor < 1:
        trial = max(32, round(width * factor)), max(32, round(height * factor))
        changes |= {"size": trial, "max_size": None}
    small = recipe.but(**changes)
    state = State.begin(small, picture, session)
    pixels = state.canvas.source.shape[2] * state.canvas.source.shape[3]
    times = [time.perf_counter()]
    for _ in dream(small, session=session, state=state):
        times.append(time.perf_counter())
    return min(b - a for a, b in pairwise(times[1:])) / pixels


def in_words(name: str, plan: dict[str, Any]) -> str:
    """The plan as text."""
    width, height = plan["size"]
    tiles = f"tiles of {plan['tile_width']} x {plan['tile']} px" if plan["tile"] else "no tiles"
    lines = [
        f"{name}: {width} x {height}, {'; '.join(plan['objective'])}",
        *(
            f"  octave {i}: {o['size'][0]} x {o['size'][1]}, {o['steps']} steps"
            for i, o in enumerate(plan["octaves"], start=1)
        ),
        f"  {plan['network']}, {plan['engine']} engine on {plan['device']}, {plan['precision']}, "
        f"{plan['threads']} threads, {tiles}",
        f"  about {clock(plan['seconds'])} and {plan['bytes'] / 1e6:.0f} MB for the dream",
    ]
    return "\n".join(lines)


def tell_portrait_plan(run: Run, voice: Voice) -> None:
    """Print what the portraits would take, predicted from a few steps of the first."""
    plan = portrait_plan(run)
    width, height = plan["size"]
    text = (
        f"{plan['portraits']} of {width} x {height}, {plan['canvas']}, {plan['steps']} steps of "
        f"{plan['views']} view{'s' if plan['views'] > 1 else ''}\n"
        f"  {plan['network']}, {plan['engine']} engine on {plan['device']}, {plan['precision']}, "
        f"{plan['threads']} threads\n"
        f"  about {clock(plan['seconds'])} and {plan['bytes'] / 1e6:.0f} MB for the network"
    )
    voice.data(text, plan)


def portrait_plan(run: Run) -> dict[str, Any]:
    """Sizes, steps, seconds and bytes of the portraits of a run."""
    from reverie.portrait.state import check_sizes, plan_of, portrait_of, seen_size, size_of

    recipe, session = run.recipes[0], run.session
    settings, size = portrait_of(recipe), size_of(recipe)
    check_sizes(recipe, size, session.net)
    octaves = plan_of(recipe, size)
    seen = [seen_size(settings, o.index, o.size) for o in octaves]
    pixels = [width * height * settings.views for width, height in seen]
    for one in run.recipes[1:]:  # names that do not exist are said now
        for octave in octaves:
            session.goal(one, octave.index, octave.size)
    layers = session.goal(recipe, octaves[-1].index, size).layers
    work = sum(o.steps * each for o, each in zip(octaves, pixels, strict=True))
    path = session.path()
    count = sum(portrait_of(r).facets for r in run.recipes)
    return {
        "portraits": count,
        "size": list(size),
        "canvas": settings.canvas,
        "octaves": [{"size": list(o.size), "steps": o.steps} for o in octaves],
        "steps": sum(o.steps for o in octaves),
        "views": settings.views,
        "seconds": trial_of(recipe, session) / pixels[0] * work * count,
        "bytes": round(session.engine.bytes_per_pixel(layers) * max(pixels)) if layers else 0,
        "network": recipe.network,
        "engine": path.engine,
        "device": path.device,
        "precision": path.precision,
        "threads": path.threads,
        "objective": [text for r in run.recipes for text in r.objective],
    }


def trial_of(recipe: Recipe, session: Session) -> float:
    """Seconds of a step of the first octave of one picture, the fastest of a few."""
    from reverie.portrait.batch import sit
    from reverie.portrait.state import portrait_of

    alone = portrait_of(recipe).model_copy(update={"facets": 1, "facet": 0})
    small = recipe.model_copy(update={"portrait": alone, "steps": (TRIAL_STEPS,)})
    times = [time.perf_counter()]

    def each(frame: object) -> None:
        times.append(time.perf_counter())

    for _ in sit([small], session, each=each, stop=lambda: len(times) >= TRIAL_STEPS):
        pass
    return min(b - a for a, b in pairwise(times))


def clock(seconds: float) -> str:
    """Seconds in the unit a person would use."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
