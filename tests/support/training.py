"""Folders of pictures that are easy to tell apart, and trainings that are over at once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

#: Settings of a training that takes a second.
QUICK = {"size": 16, "steps": 40, "batch": 16}
KINDS = ("bar", "disc", "frame")


def picture(kind: str, rng: np.random.Generator, side: int = 24) -> Image.Image:
    """A bar, a disc or a frame of some colour at some place, on nothing."""
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    colour = (*rng.integers(0, 200, 3).tolist(), 255)
    x, y = rng.integers(2, 6, 2).tolist()
    box = (x, y, x + side // 2 + 2, y + side // 2 + 2)
    if kind == "disc":
        draw.ellipse(box, colour)
    elif kind == "bar":
        draw.rectangle((box[0], y + 5, box[2], y + 8), colour)
    else:
        draw.rectangle(box, outline=colour, width=2)
    return image


def folder_of_kinds(path: Path, count: int = 12, kinds: tuple[str, ...] = KINDS, seed: int = 0) -> Path:
    """A folder with a folder of pictures for each kind."""
    rng = np.random.default_rng(seed)
    for kind in kinds:
        (path / kind).mkdir(parents=True)
        for index in range(count):
            picture(kind, rng).save(path / kind / f"{index:02d}.png")
    return path


def eager(folder: os.PathLike[str], out: os.PathLike[str]) -> None:
    """Train with a checkpoint after every step, and say of each that it is done."""
    from reverie.jobs.job import Event, Listener, Step
    from reverie.jobs.training import job as training

    class Says(Listener):
        def on_event(self, event: Event) -> None:
            if isinstance(event, Step) and event.text.startswith("step"):
                print(event.text.partition("/")[0], flush=True)

    training.EVERY = 0.0
    made = training.TrainJob(folder=str(folder), settings={**QUICK, "steps": 20}, output=str(out), threads=1)
    made.run(Says())


def files(folder: Path) -> dict[str, bytes]:
    """What came of a training, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
