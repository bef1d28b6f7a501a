"""What a job would cost: seconds and bytes, predicted from a few small steps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from reverie.jobs.job import Estimate
from reverie.process.notices import warn

if TYPE_CHECKING:
    from reverie.ascent.octaves import Octave
    from reverie.ascent.session import Session
    from reverie.deepdream.apparition.state import ApparitionState
    from reverie.deepdream.state import State
    from reverie.jobs.open_recipe import OpenRecipe
    from reverie.jobs.workspace import Reference
    from reverie.media.picture import Picture
    from reverie.recipe.recipe import Recipe

#: Longest side in pixels of what is tried, and the steps of a portrait and the photographs that are.
TRIAL_SIDE = 224
TRIAL_STEPS = 4
TRIAL_PHOTOGRAPHS = 3
#: A photograph of which no more is shown is said to be cropped.
CROPPED = 0.985


def what_runs(session: Session, recipe: Recipe) -> dict[str, Any]:
    """What computes, as every estimate says it."""
    path = session.record()
    return {
        "network": recipe.network,
        "engine": path.engine,
        "device": path.device,
        "precision": path.precision,
        "threads": path.threads,
    }


def runs_in_words(details: dict[str, Any]) -> str:
    """The same in words."""
    return "{network}, {engine} engine on {device}, {precision}, {threads} threads".format(**details)


def estimate_dreams(opened: OpenRecipe, photos: Sequence[Reference | None]) -> Estimate:
    """What dreams over these photographs would cost (None: one without a photograph)."""
    per_pixel: float | None = None
    parts = []
    for photo in photos:
        picture = opened.workspace.picture(photo)
        per_pixel = per_pixel or seconds_per_pixel(opened.session, opened.recipe, picture)
        parts.append(_estimate_one(opened, photo, picture, per_pixel))
    if len(parts) == 1:
        return parts[0]
    seconds = sum(part.seconds or 0.0 for part in parts)
    text = f"{len(parts)} photographs, about {clock(seconds)} together"
    most = max(part.bytes or 0 for part in parts)
    details = {"seconds": seconds, "bytes": most, "items": [part.details for part in parts]}
    return Estimate(seconds, most, text, details, tuple(parts))


def _estimate_one(
    opened: OpenRecipe, photo: Reference | None, picture: Picture | None, per_pixel: float
) -> Estimate:
    """Octaves, seconds and bytes of one dream; ``per_pixel`` is of what a step looks at."""
    from reverie.deepdream.apparition.state import ApparitionState
    from reverie.deepdream.state import State

    state = opened.begin(picture)
    if isinstance(state, ApparitionState):
        return _estimate_apparition(opened, photo, state, per_pixel)
    assert isinstance(state, State)
    return _estimate_dream(opened, photo, state, per_pixel)


def _estimate_dream(opened: OpenRecipe, photo: Reference | None, state: State, per_pixel: float) -> Estimate:
    """Its tiles too."""
    from reverie.gradient.tiles import PLANES

    recipe, session = opened.recipe, opened.session
    octaves = state.plan(recipe)
    for remark in state.remarks(recipe):
        warn(remark)
    path = session.record()
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
    seconds = sum(o.size[0] * o.size[1] * o.steps for o in octaves) * per_pixel
    tiles = f"tiles of {path.tile_width} x {path.tile} px" if path.tile else "no tiles"
    work = _Work(octaves, state.canvas.source.shape[:1:-1], seconds, memory)
    tile = {"tile": path.tile, "tile_width": path.tile_width}
    return _told(opened, photo, work, tile, runs=f", {tiles}")


def _estimate_apparition(
    opened: OpenRecipe, photo: Reference | None, state: ApparitionState, per_pixel: float
) -> Estimate:
    """Its sites too; a step looks at views of them."""
    from reverie.deepdream.apparition.state import pixels_seen

    recipe, session = opened.recipe, opened.session
    plan = state.plan(recipe)
    seen = [pixels_seen(recipe, octave.index) for octave in plan]
    layers = [name for k in range(len(recipe.objective)) for name in session.goal(recipe, k).layers]
    memory = session.engine.bytes_per_pixel(tuple(dict.fromkeys(layers))) * max(seen)
    seconds = per_pixel * sum(octave.steps * each for octave, each in zip(plan, seen, strict=True))
    sites = recipe.sites.count if recipe.sites else 0
    work = _Work(plan, state.source.shape[:1:-1], seconds, memory)
    return _told(opened, photo, work, {"sites": sites}, first=[f"  {sites} sites"])


@dataclass(frozen=True)
class _Work:
    """What one dream takes: its octaves, (W, H), seconds and bytes."""

    octaves: Sequence[Octave]
    size: Sequence[int]
    seconds: float
    memory: float


def _told(
    opened: OpenRecipe,
    photo: Reference | None,
    work: _Work,
    details: dict[str, Any],
    *,
    first: Sequence[str] = (),
    runs: str = "",
) -> Estimate:
    """The estimate of one dream, with details of its own, lines before the octaves, and more of what runs."""
    recipe, octaves, memory, seconds = opened.recipe, work.octaves, work.memory, work.seconds
    width, height = work.size
    ran = what_runs(opened.session, recipe)
    details = {
        "input": None if photo is None else str(photo),
        "size": [width, height],
        "octaves": [{"size": list(o.size), "steps": o.steps} for o in octaves],
        "steps": sum(o.steps for o in octaves),
        "seconds": seconds,
        "bytes": round(memory),
        **details,
        **ran,
        "objective": list(recipe.objective),
    }
    lines = [
        f"{photo or recipe.start}: {width} x {height}, {'; '.join(recipe.objective)}",
        *_cropped(opened, photo, work.size),
        *first,
        *(f"  octave {i}: {o.size[0]} x {o.size[1]}, {o.steps} steps" for i, o in enumerate(octaves, 1)),
        f"  {runs_in_words(ran)}{runs}",
        f"  about {clock(seconds)} and {memory / 1e6:.0f} MB for the dream",
    ]
    return Estimate(seconds, round(memory), "\n".join(lines), details)


def _cropped(opened: OpenRecipe, photo: Reference | None, size: Sequence[int]) -> list[str]:
    """How much of a photograph a size of another shape leaves out, if that is to be seen."""
    picture = opened.workspace.picture(photo)
    if picture is None:
        return []
    (width, height), given = size, picture.size
    share = min(width * given[1], height * given[0]) / max(width * given[1], height * given[0])
    return [f"  {100 * (1 - share):.0f} % of it is cut off at its edges"] if share < CROPPED else []


def seconds_per_pixel(session: Session, recipe: Recipe, picture: Picture | None) -> float:
    """Seconds a step takes for each pixel looked at, measured on a small version of the same dream."""
    from reverie.api.dreams import begin, dream
    from reverie.deepdream.state import State

    changes: dict[str, Any] = {
        "octaves": 1,
        "octave_top": 0,
        "steps": (3,),
        "max_change": None,
        "spare": "nothing",
    }
    width, height = picture.size if picture is not None else recipe.size or (TRIAL_SIDE, TRIAL_SIDE)
    factor = TRIAL_SIDE / max(width, height)
    if factor < 1:
        trial = max(32, round(width * factor)), max(32, round(height * factor))
        changes |= {"size": trial, "max_size": None}
    small = recipe.but(**changes)
    state = begin(small, picture, session)
    if isinstance(state, State):
        pixels = state.canvas.source.shape[2] * state.canvas.source.shape[3]
    else:
        from reverie.deepdream.apparition.state import pixels_seen

        pixels = pixels_seen(small, 0)
    times = [time.perf_counter()]
    for _ in dream(small, session=session, state=state):
        times.append(time.perf_counter())
    return min(b - a for a, b in pairwise(times[1:])) / pixels


def estimate_portraits(opened: OpenRecipe, *, count: int | None = None) -> Estimate:
    """What the portraits of these recipes would cost, predicted from a few steps of the first.

    ``count`` of them if it is given, all like the first.
    """
    from reverie.portrait.state import check_sizes, plan_of, portrait_of, seen_size, size_of

    recipe, session = opened.recipes[0], opened.session
    settings, size = portrait_of(recipe), size_of(recipe)
    check_sizes(recipe, size, session.net)
    octaves = plan_of(recipe, size)
    seen = [seen_size(settings, o.index, o.size) for o in octaves]
    pixels = [width * height * settings.views for width, height in seen]
    for one in opened.recipes[1:]:  # names that do not exist are said now
        for octave in octaves:
            session.goal(one, octave.index, octave.size)
    layers = session.goal(recipe, octaves[-1].index, size).layers
    work = sum(o.steps * each for o, each in zip(octaves, pixels, strict=True))
    count = sum(portrait_of(r).facets for r in opened.recipes) if count is None else count
    seconds = seconds_per_portrait_step(recipe, session) / pixels[0] * work * count
    memory = round(session.engine.bytes_per_pixel(layers) * max(pixels)) if layers else 0
    details = {
        "portraits": count,
        "size": list(size),
        "canvas": settings.canvas,
        "octaves": [{"size": list(o.size), "steps": o.steps} for o in octaves],
        "steps": sum(o.steps for o in octaves),
        "views": settings.views,
        "seconds": seconds,
        "bytes": memory,
        **what_runs(session, recipe),
        "objective": [text for r in opened.recipes for text in r.objective],
    }
    text = (
        f"{count} of {size[0]} x {size[1]}, {settings.canvas}, {details['steps']} steps of "
        f"{settings.views} view{'s' if settings.views > 1 else ''}\n"
        f"  {runs_in_words(details)}\n"
        f"  about {clock(seconds)} and {memory / 1e6:.0f} MB for the network"
    )
    return Estimate(seconds, memory, text, details)


def seconds_per_portrait_step(recipe: Recipe, session: Session) -> float:
    """Seconds of a step of the first octave of one picture, the fastest of a few."""
    from reverie.portrait.batch import make_portraits
    from reverie.portrait.state import portrait_of

    alone = portrait_of(recipe).model_copy(update={"facets": 1, "facet": 0})
    small = recipe.model_copy(update={"portrait": alone, "steps": (TRIAL_STEPS,)})
    times = [time.perf_counter()]

    def each(frame: object) -> None:
        times.append(time.perf_counter())

    for _ in make_portraits([small], session, each=each, stop=lambda: len(times) >= TRIAL_STEPS):
        pass
    return min(b - a for a, b in pairwise(times))


def with_photographs(
    portraits: Estimate | None,
    opened: OpenRecipe,
    photos: Sequence[str],
    units: Mapping[str, Sequence[int]],
) -> Estimate:
    """What portraits, if there are any, and a search of photographs would cost.

    Args:
        portraits: What the portraits would cost by themselves.
        opened: The network at work.
        photos: Paths of the photographs; the first of them are tried.
        units: By layer, the channels that they are searched for.
    """
    if portraits is not None and not photos:
        return portraits
    seconds = seconds_per_photograph(opened, photos, units) * len(photos)
    text = f"{len(photos)} photographs, about {clock(seconds)}"
    details = {"photographs": len(photos), "photographs_seconds": seconds}
    if portraits is None:
        runs = what_runs(opened.session, opened.recipe)
        text = f"{text}\n  {runs_in_words(runs)}"
        return Estimate(seconds, None, text, {**runs, **details, "seconds": seconds})
    whole = seconds + (portraits.seconds or 0.0)
    details = {**portraits.details, **details, "seconds": whole}
    return Estimate(whole, portraits.bytes, f"{portraits.text}\n  {text} more", details)


def seconds_per_photograph(
    opened: OpenRecipe, photos: Sequence[str], units: Mapping[str, Sequence[int]]
) -> float:
    """Seconds that one photograph of those that are tried is read and looked at, the fastest of them."""
    from reverie.analysis.stimuli import strongest

    times = [time.perf_counter()]
    strongest(
        opened.session.engine,
        photos[:TRIAL_PHOTOGRAPHS],
        units,
        max_pixels=opened.workspace.max_pixels,
        progress=lambda done, total: times.append(time.perf_counter()),
    )
    return min(b - a for a, b in pairwise(times))


def clock(seconds: float) -> str:
    """Seconds in the unit a person would use."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
