"""Small sites: portraits that are waves and take no time, two layers of eight channels, a few classes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from reverie.ascent.session import Session
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.microscope.build import Microscope
from reverie.jobs.microscope.contents import choose
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.portrait.batch import FinishedPortrait
from reverie.recipe.recipe import Recipe, make

LAYERS = ("block3a", "block5c")
CLASSES = ("tabby", "golden retriever", "pizza", "sports car")


def waves(recipes: Sequence[Recipe], session: Session, **_: object) -> list[FinishedPortrait]:
    """A maker of portraits that follow from their recipe alone."""
    made = []
    for index, recipe in enumerate(recipes):
        rng = np.random.default_rng([zlib.crc32(recipe.objective[0].encode()), recipe.seed])
        width, height = recipe.size or (64, 64)
        y, x = np.mgrid[0:height, 0:width] / height
        total = np.zeros((height, width, 3))
        for _ in range(6):
            down, across, phase = rng.uniform(-9, 9, 3)
            total += np.sin(2 * np.pi * (across * x + down * y) + phase)[..., None] * rng.normal(size=3)
        picture = Picture((1 / (1 + np.exp(-total))).astype(np.float32))
        made.append(FinishedPortrait(index, recipe, picture, score=1.0, moved=0.0, seconds=0.0))
    return made


def opened_of(**changes: object) -> OpenRecipe:
    """Small portraits; all share one network."""
    recipe = make(**{"size": (64, 64), "steps": (4,), "start": "noise", **changes})
    return OpenRecipe(recipe, Workspace(networks={"lite0": lite0()}))


@cache
def lite0() -> Network:
    """The network, loaded once."""
    return load_net("lite0")


def site_of(
    opened: OpenRecipe, folder: Path, *, maker=waves, layers=LAYERS, channels="0-7", classes=CLASSES, **more
):
    """A microscope that is not made yet."""
    plan = choose(opened.session.net, layers=layers, channels=channels, classes=classes)
    return Microscope(opened, folder, plan, maker=maker, **more)


def tree(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def slowly(recipes: Sequence[Recipe], session: Session, **_: object) -> list[FinishedPortrait]:
    """Waves that take their time, so that somebody can come in between."""
    time.sleep(0.2)
    return waves(recipes, session)


class Printed(Listener):
    """Prints how far a site is."""

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step):
            print(event.label, event.text, flush=True)


if __name__ == "__main__":  # a site in a process that can be killed
    folder, *photos = sys.argv[1:]
    site = site_of(opened_of(), Path(folder), maker=slowly, batch=4, photos=photos)
    print("made", site.make(Printed()).made, os.getpid(), flush=True)
