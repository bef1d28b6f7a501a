"""Films whose scenes are dreamt elsewhere, in any order: the bytes of one process, each piece once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie import preset
from reverie.errors import BadInput
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.moving.film import FilmJob
from reverie.jobs.workspace import Workspace
from support import films
from support.fake_ray import FakeRay, fake_cluster
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
        films.film(source, pictures=five_scenes(3), rate=4, sound="aac")
    recipe = preset("classic", film={"steps": 2, **more}, threads=1, octaves=1, steps=(2,))
    return FilmJob(recipe=recipe, video=str(source), output=str(folder / out))


def test_a_film_by_scenes(ray: tuple[Workspace, FakeRay], tmp_path: Path) -> None:
    workspace, fake = ray
    listener = Recorder()
    result = film_of(tmp_path, "many.mp4").run(listener, workspace)
    assert result.frames == 15
    assert listener.in_order()
    assert fake.sent == fake.done == 7  # five scenes of 0.75 s; two of them go over a whole second
    film_of(tmp_path, "one.mp4").run()
    assert (tmp_path / "many.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()
    assert not (tmp_path / "many.mp4.part").exists()


class Dies(Listener):
    """Ends the process that drives the work after so many pieces came back, as a kill does."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step) and "frames are dreamt" in event.text:
            self.after -= 1
            if self.after < 0:
                raise KeyboardInterrupt


class StopsAfter(Recorder):
    """Stops after so many pieces came back."""

    def should_stop(self) -> bool:
        assert self.after is not None
        return sum("frames are dreamt" in step.text for step in self.steps) >= self.after


def test_a_film_with_all_that_goes_with_one_is_gone_on_with(
    ray: tuple[Workspace, FakeRay], tmp_path: Path
) -> None:
    """It begins in the dark, has a mask that moves and one that does not, music and a curve; it is ended
    three times, once by a stop, and no piece is made twice."""
    workspace, fake = ray
    films.film(tmp_path / "a.mp4", pictures=five_scenes(3, blank=2), rate=4, sound="aac")
    masks = [np.full((64, 96, 3), 40 * k, np.uint8) for k in range(6)]
    films.film(tmp_path / "m.mp4", pictures=masks, rate=2)
    Image.fromarray(np.tile(np.arange(96, dtype=np.uint8), (64, 1)) * 2).save(tmp_path / "still.png")
    job = film_of(tmp_path, "many.mp4", mask=str(tmp_path / "m.mp4"), pulse="film", strength="0s:0.2, 3s:0.9")
    job = job.model_copy(update={"recipe": job.recipe.but(mask=str(tmp_path / "still.png"))})
    for after in (2, 2):
        with pytest.raises(KeyboardInterrupt):
            job.run(Dies(after), workspace)
    stopped = job.run(StopsAfter(1), workspace)
    assert stopped.stopped.startswith("frame ")
    before = fake.done
    assert before >= 7
    job.run(None, workspace)
    job.model_copy(update={"output": job.output.model_copy(update={"path": str(tmp_path / "one.mp4")})}).run()
    assert (tmp_path / "many.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()
    whole, again = fake_pieces(tmp_path, job)
    assert fake.done <= whole + 3  # what was at work at each end is made again
    assert again == (tmp_path / "one.mp4").read_bytes()


def fake_pieces(folder: Path, job: FilmJob) -> tuple[int, bytes]:
    """How many pieces a film is that nobody ends, and its bytes."""
    whole = job.model_copy(update={"output": job.output.model_copy(update={"path": str(folder / "w.mp4")})})
    with fake_cluster(seed=5) as (cluster, ray):
        whole.run(None, Workspace(elsewhere=cluster))
    return ray.done, (folder / "w.mp4").read_bytes()


@pytest.mark.soak
def test_one_machine_goes_on_with_a_film_of_many_and_many_with_that_of_one(
    ray: tuple[Workspace, FakeRay], tmp_path: Path
) -> None:
    workspace, _ = ray
    job = film_of(tmp_path, "a-one.mp4")
    for out, first, second in (("x.mp4", workspace, Workspace()), ("y.mp4", Workspace(), workspace)):
        made = job.model_copy(update={"output": job.output.model_copy(update={"path": str(tmp_path / out)})})
        listener = StopsAfter(3) if first is workspace else Recorder(9)
        assert made.run(listener, first).stopped
        result = made.run(None, second)
        assert 0 < result.before < 15
    job.run()
    assert len({(tmp_path / name).read_bytes() for name in ("a-one.mp4", "x.mp4", "y.mp4")}) == 1


def test_a_piece_that_was_damaged_is_made_again(ray: tuple[Workspace, FakeRay], tmp_path: Path) -> None:
    workspace, _ = ray
    job = film_of(tmp_path, "many.mp4")
    with pytest.raises(KeyboardInterrupt):
        job.run(Dies(4), workspace)
    pieces = sorted((tmp_path / "many.mp4.part").glob("*.made"))
    assert pieces
    pieces[-1].write_bytes(b"cut short")
    job.run(None, workspace)
    film_of(tmp_path, "one.mp4").run()
    assert (tmp_path / "many.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()


def test_errors_of_a_piece_are_those_of_the_film(ray: tuple[Workspace, FakeRay], tmp_path: Path) -> None:
    workspace, _ = ray
    job = film_of(tmp_path, "many.mp4")
    limited = Workspace(elsewhere=workspace.elsewhere, max_pixels=workspace.max_pixels)
    (tmp_path / "a.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:2000])
    with pytest.raises(BadInput, match=r"a\.mp4"):
        job.run(None, limited)
    assert not (tmp_path / "many.mp4").exists()
