"""Jobs of every kind that a cluster carries out, small and whole, and how their parts are counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reverie.errors import ReverieError
from reverie.jobs.batch import BatchJob, VariationsJob
from reverie.jobs.film import FilmJob
from reverie.jobs.fooling.job import EvolutionJob
from reverie.jobs.job import Job
from reverie.jobs.microscope.job import MicroscopeJob
from reverie.jobs.portraits import PortraitsJob
from reverie.jobs.stimuli import StimuliJob
from reverie.jobs.workspace import Elsewhere, JobPart, Workspace
from reverie.recipe.presets.preset import preset
from support import films
from support.fooling import CLOCKED
from support.scenes import five_scenes

#: The jobs that are tried whole.
WHOLE = ("portraits", "batch", "film", "microscope", "fool")


def inputs(folder: Path, photos: int, frames: int, rate: int) -> None:
    """Photographs and a film to work on."""
    (folder / "photos").mkdir()
    rng = np.random.default_rng(2)
    for i in range(photos):
        small = Image.fromarray(rng.integers(0, 255, (6, 9, 3), np.uint8))
        small.resize((96, 64), Image.Resampling.BICUBIC).save(folder / "photos" / f"{i:02}.png")
    films.film(folder / "film.mp4", pictures=five_scenes(frames), rate=rate)


def small_jobs(folder: Path, out: Path) -> list[Job[Any]]:
    """One of every kind, as small as can be."""
    out.mkdir(exist_ok=True)
    photos = sorted(map(str, (folder / "photos").iterdir()))
    dream = preset("reverie", octaves=1, steps=(2,), threads=1)
    sketch = preset("sketch", size=(48, 48), steps=(3,), threads=1)
    moving = preset("classic", film={"steps": 2}, threads=1, octaves=1, steps=(2,))
    fooling = {"size": 32, "population": 60, "children": 60, "generations": 2, "seed": 2}
    return [
        BatchJob(recipe=dream, photos=photos, output=str(out / "batch")),
        VariationsJob(recipe=dream, photo=photos[0], count=3, output=str(out / "v.png")),
        PortraitsJob(recipe=sketch, targets=("tabby", "block5c:0-2"), output=str(out / "p.png")),
        MicroscopeJob(
            recipe=sketch,
            layers=("block4a",),
            channels="0-2",
            classes=("tabby",),
            photos=photos,
            output=str(out / "site"),
        ),
        StimuliJob(recipe=sketch, photos=photos, units=("block2a:5",), count=2, output=str(out / "s.png")),
        FilmJob(recipe=moving, video=str(folder / "film.mp4"), output=str(out / "film.mp4")),
        EvolutionJob(settings=fooling, classes=("zebra",), threads=1, output=str(out / "fool")),
    ]


def whole_job(name: str, folder: Path, out: Path) -> Job[Any]:
    """64 portraits, dreams of 40 photographs, a film of five scenes, two layers, or 20 generations."""
    out.mkdir(exist_ok=True)
    photos = sorted(map(str, (folder / "photos").iterdir()))
    dream = preset("reverie", octaves=1, steps=(8,), threads=1)
    sketch = preset("sketch", size=(64, 64), steps=(12,), threads=1)
    moving = preset("classic", film={"steps": 3}, threads=1, octaves=1, steps=(6,))
    fooling = {"size": 64, "population": 200, "children": 200, "generations": 20, "seed": 2}
    again = (out / "fool" / "run.json").exists()
    return {
        "portraits": lambda: PortraitsJob(
            recipe=sketch, targets=("block5c:0-63",), output=f"{out}/portraits/"
        ),
        "batch": lambda: BatchJob(recipe=dream, photos=photos, output=str(out / "batch")),
        "film": lambda: FilmJob(recipe=moving, video=str(folder / "film.mp4"), output=str(out / "film.mp4")),
        "microscope": lambda: MicroscopeJob(
            recipe=sketch,
            layers=("block2a", "block3b"),
            channels="0-19",
            classes=("none",),
            output=str(out / "site"),
        ),
        "fool": lambda: EvolutionJob(
            settings=fooling, classes=("zebra", "tabby"), threads=1, resume=again, output=str(out / "fool")
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
