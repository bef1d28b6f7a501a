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
from reverie.jobs.microscope import Microscope, choose
from reverie.jobs.old_run import Run
from reverie.media.picture import Picture
from reverie.network.network import Net
from reverie.network.zoo import load_net
from reverie.recipe.recipe import Recipe, make

LAYERS = ("block3a", "block5c")
CLASSES = ("tabby", "golden retriever", "pizza", "sports car")


def waves(recipes: Sequence[Recipe], session: Session) -> list[Picture]:
    """A maker of portraits that follow from their recipe alone."""
    made = []
    for recipe in recipes:
        rng = np.random.default_rng([zlib.crc32(recipe.objective[0].encode()), recipe.seed])
        width, height = recipe.size or (64, 64)
        y, x = np.mgrid[0:height, 0:width] / height
        total = np.zeros((height, width, 3))
        for _ in range(6):
            down, across, phase = rng.uniform(-9, 9, 3)
            total += np.sin(2 * np.pi * (across * x + down * y) + phase)[..., None] * rng.normal(size=3)
        made.append(Picture((1 / (1 + np.exp(-total))).astype(np.float32)))
    return made


def run_of(**changes: object) -> Run:
    """A run of small portraits; all runs share one network."""
    return Run(make(**{"size": (64, 64), "steps": (4,), "start": "noise", **changes}), net=lite0())


@cache
def lite0() -> Net:
    """The network, loaded once."""
    return load_net("lite0")


def site_of(run: Run, folder: Path, *, maker=waves, layers=LAYERS, channels="0-7", classes=CLASSES, **more):
    """A microscope that is not made yet."""
    plan = choose(run.session.net, layers=layers, channels=channels, classes=classes)
    return Microscope(run, folder, plan, maker=maker, **more)


def tree(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def slowly(recipes: Sequence[Recipe], session: Session) -> list[Picture]:
    """Waves that take their time, so that somebody can come in between."""
    time.sleep(0.2)
    return waves(recipes, session)


if __name__ == "__main__":  # a site in a process that can be killed
    folder, *photos = sys.argv[1:]
    site = site_of(run_of(), Path(folder), maker=slowly, batch=4, photos=photos)
    print("made", site.make(progress=lambda *told: print(*told, flush=True)).made, os.getpid(), flush=True)
