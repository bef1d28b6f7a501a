"""Jobs of every kind that a cluster carries out, small and whole, and how their parts are counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reverie.errors import ReverieError
from reverie.jobs.dreaming.batch import BatchJob, VariationsJob
from reverie.jobs.fooling.job import EvolutionJob
from reverie.jobs.job import Job
from reverie.jobs.looking.stimuli import StimuliJob
from reverie.jobs.microscope.job import MicroscopeJob
from reverie.jobs.moving.film import FilmJob
from reverie.jobs.portraits.portraits import PortraitsJob
from reverie.jobs.workspace import Elsewhere, JobPart, Workspace
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support import films
from support.fooling import CLOCKED
from support.scenes import five_scenes

#: The jobs that are tried whole.
WHOLE = ("portraits", "batch", "film", "microscope", "fool")


def inputs(folder: Path, photos: int, frames: int, rate: int) -> Path:
    """The folder, with photographs and a film to work on."""
    (folder / "photos").mkdir()
    rng = np.random.default_rng(2)
    for i in range(photos):
        small = Image.fromarray(rng.integers(0, 255, (6, 9, 3), np.uint8))
        small.resize((96, 64), Image.Resampling.BICUBIC).save(folder / "photos" / f"{i:02}.png")
    films.film(folder / "film.mp4", pictures=five_scenes(frames), rate=rate)
    return folder


@dataclass(frozen=True)
class Work:
    """What jobs are made of: dreams, portraits, a film and an evolution, each of so many steps."""

    folder: Path
    dream: Recipe
    sketch: Recipe
    moving: Recipe
    fooling: dict[str, int]

    @property
    def photos(self) -> list[str]:
        return sorted(map(str, (self.folder / "photos").iterdir()))


def work(
    folder: Path, *, dream: int, sketch: tuple[int, int], film: tuple[int, int], fooling: tuple[int, int, int]
) -> Work:
    """By steps of dreams; side, steps of portraits; steps of a frame, a dream; side, count, generations."""
    side, steps = sketch
    size, count, generations = fooling
    return Work(
        folder,
        preset("reverie", octaves=1, steps=(dream,), threads=1),
        preset("sketch", size=(side, side), steps=(steps,), threads=1),
        preset("classic", film={"steps": film[0]}, threads=1, octaves=1, steps=(film[1],)),
        {"size": size, "population": count, "children": count, "generations": generations, "seed": 2},
    )


def small_jobs(folder: Path, out: Path) -> list[Job[Any]]:
    """One of every kind, as small as can be."""
    out.mkdir(exist_ok=True)
    small = work(folder, dream=2, sketch=(48, 3), film=(2, 2), fooling=(32, 60, 2))
    photos = small.photos
    return [
        BatchJob(recipe=small.dream, photos=photos, output=str(out / "batch")),
        VariationsJob(recipe=small.dream, photo=photos[0], count=3, output=str(out / "v.png")),
        PortraitsJob(recipe=small.sketch, targets=("tabby", "block5c:0-2"), output=str(out / "p.png")),
        MicroscopeJob(
            recipe=small.sketch,
            layers=("block4a",),
            channels="0-2",
            classes=("tabby",),
            photos=photos,
            output=str(out / "site"),
        ),
        StimuliJob(
            recipe=small.sketch, photos=photos, units=("block2a:5",), count=2, output=str(out / "s.png")
        ),
        FilmJob(recipe=small.moving, video=str(folder / "film.mp4"), output=str(out / "film.mp4")),
        EvolutionJob(settings=small.fooling, classes=("zebra",), threads=1, output=str(out / "fool")),
    ]


def whole_job(name: str, folder: Path, out: Path) -> Job[Any]:
    """64 portraits, dreams of 40 photographs, a film of five scenes, two layers, or 20 generations."""
    out.mkdir(exist_ok=True)
    whole = work(folder, dream=8, sketch=(64, 12), film=(3, 6), fooling=(64, 200, 20))
    again = (out / "fool" / "run.json").exists()
    return {
        "portraits": lambda: PortraitsJob(
            recipe=whole.sketch, targets=("block5c:0-63",), output=f"{out}/portraits/"
        ),
        "batch": lambda: BatchJob(recipe=whole.dream, photos=whole.photos, output=str(out / "batch")),
        "film": lambda: FilmJob(
            recipe=whole.moving, video=str(folder / "film.mp4"), output=str(out / "film.mp4")
        ),
        "microscope": lambda: MicroscopeJob(
            recipe=whole.sketch,
            layers=("block2a", "block3b"),
            channels="0-19",
            classes=("none",),
            output=str(out / "site"),
        ),
        "fool": lambda: EvolutionJob(
            settings=whole.fooling,
            classes=("zebra", "tabby"),
            threads=1,
            resume=again,
            output=str(out / "fool"),
        ),
    }[name]()


def tree(folder: Path) -> dict[str, str]:
    """The hash of every file, but of the one with a clock in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != CLOCKED
    }


class Counted:
    """Others that carry parts out, and how often each came back; ``each`` is called as one does."""

    def __init__(self, elsewhere: Elsewhere, each: Callable[[int], None] = lambda count: None) -> None:
        self.elsewhere, self.each = elsewhere, each
        self.back: Counter[Any] = Counter()
        self._turn = 0

    def slots(self) -> int:
        return self.elsewhere.slots()

    def carry_out(
        self, parts: Iterable[JobPart | None], workspace: Workspace, stop: Callable[[], bool]
    ) -> Iterator[tuple[JobPart, tuple[Any, ...] | ReverieError]]:
        self._turn += 1
        for part, found in self.elsewhere.carry_out(parts, workspace, stop):
            assert not isinstance(found, ReverieError), found
            self.back[part.outs or (self._turn, str(part.key))] += 1
            self.each(self.back.total())
            yield part, found

    def once(self) -> bool:
        """Whether each came back just once."""
        return bool(self.back) and set(self.back.values()) == {1}
