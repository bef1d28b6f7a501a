"""Jobs whose parts are carried out elsewhere, in any order: the bytes of one process, and nothing made twice."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie import preset
from reverie.errors import BadInput
from reverie.jobs.film import FilmJob
from reverie.jobs.fooling.run import EvolutionRun
from reverie.jobs.fooling.settings import make_settings
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.stimuli import StimuliJob
from reverie.jobs.workspace import Workspace
from support import films
from support.fake_ray import FakeRay, fake_cluster
from support.fooling import tree
from support.listeners import Recorder
from support.scenes import five_scenes

pytestmark = pytest.mark.slow


@pytest.fixture
def ray() -> Iterator[tuple[Workspace, FakeRay]]:
    with fake_cluster() as (cluster, ray):
        yield Workspace(elsewhere=cluster), ray


def film_of(folder: Path, out: str, **more: Any) -> FilmJob:
    source = folder / "a.mp4"
    if not source.exists():
        films.film(source, pictures=five_scenes(8), rate=10, sound="aac")
    recipe = preset("classic", film={"steps": 2, **more}, threads=1, octaves=1, steps=(2,))
    return FilmJob(recipe=recipe, video=str(source), output=str(folder / out))


def test_a_film_by_scenes(ray: tuple[Workspace, FakeRay], tmp_path: Path) -> None:
    workspace, fake = ray
    listener = Recorder()
    result = film_of(tmp_path, "many.mp4").run(listener, workspace)
    assert result.frames == 40
    assert listener.in_order()
    assert fake.sent == fake.done == 8  # five scenes of 0.8 s; three of them cross a whole second
    film_of(tmp_path, "one.mp4").run()
    assert (tmp_path / "many.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()
    assert not (tmp_path / "many.mp4.part").exists()
