"""Photographs that are looked at elsewhere, in any order: the bytes of one process, each group once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from reverie import preset
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.looking.stimuli import StimuliJob
from reverie.jobs.workspace import Workspace
from support.fake_ray import FakeRay, fake_cluster

pytestmark = pytest.mark.slow


@pytest.fixture
def ray() -> Iterator[tuple[Workspace, FakeRay]]:
    with fake_cluster() as (cluster, ray):
        yield Workspace(elsewhere=cluster), ray


def test_stimuli_and_their_portraits(
    ray: tuple[Workspace, FakeRay], photographs: Path, tmp_path: Path
) -> None:
    workspace, fake = ray
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in photographs.glob("*.png"):
        for k in range(3):
            Image.open(path).rotate(90 * k).save(folder / f"{path.stem}-{k}.png")
    (folder / "coffee-1.png").write_bytes((folder / "coffee-1.png").read_bytes()[:200])
    recipe = preset("sketch", size=(260, 200), steps=(2,), threads=1)
    found = []
    for name, place in (("many.png", workspace), ("one.png", Workspace())):
        job = StimuliJob(
            recipe=recipe,
            photos=[str(folder)],
            units=["block2a:5", "tabby"],
            count=3,
            output=str(tmp_path / name),
        )
        found.append(job.run(None, place))
    assert (tmp_path / "many.png").read_bytes() == (tmp_path / "one.png").read_bytes()
    assert fake.done == 12 + 2
    many, one = found
    assert many.failed == one.failed
    assert str(folder / "coffee-1.png") in many.failed[0]
    assert many.as_json()["units"] == one.as_json()["units"]


class GoesAway(Listener):
    """Takes a file away as soon as a photograph was looked at."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step):
            self.path.unlink(missing_ok=True)


def test_a_photograph_that_cannot_even_be_sent_costs_only_itself(photographs: Path, tmp_path: Path) -> None:
    """It goes while others are looked at."""
    names = [str(path) for path in sorted(photographs.glob("*.png"))] * 4
    gone = tmp_path / "gone.png"
    gone.write_bytes(Path(names[0]).read_bytes())
    names.insert(15, str(gone))

    recipe = preset("sketch", threads=1)
    job = StimuliJob(
        recipe=recipe, photos=names, units=["block2a:5"], portrait=False, output=str(tmp_path / "s.png")
    )
    with fake_cluster(slots=1) as (cluster, ray):
        result = job.run(GoesAway(gone), Workspace(elsewhere=cluster))
    assert ray.done < len(names)  # they go in groups
    assert result.found is not None
    assert len(result.found.photos) == 16
    (line,) = result.failed
    assert "gone.png" in line
