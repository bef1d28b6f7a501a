"""Jobs whose parts are carried out elsewhere, in any order: the bytes of one process, each part once."""

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
from reverie.jobs.fooling import results
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
        films.film(source, pictures=five_scenes(3), rate=4, sound="aac")
    recipe = preset("classic", film={"steps": 2, **more}, threads=1, octaves=1, steps=(2,))
    return FilmJob(recipe=recipe, video=str(source), output=str(folder / out))


def test_a_film_by_scenes(ray: tuple[Workspace, FakeRay], tmp_path: Path) -> None:
    workspace, fake = ray
    listener = Recorder()
    result = film_of(tmp_path, "many.mp4").run(listener, workspace)
    assert result.frames == 15
    assert listener.in_order()
    assert fake.sent == fake.done == 8  # five scenes of 0.75 s; three of them go over a whole second
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


@pytest.fixture
def one_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other networks say of the results takes longer than all of these evolutions."""
    monkeypatch.setattr(results, "_others", lambda run: [])


@pytest.mark.usefixtures("one_judge")
@pytest.mark.parametrize("encoding", ["cppn", "direct"])
def test_children_are_judged_in_shards(ray: tuple[Workspace, FakeRay], tmp_path: Path, encoding: str) -> None:
    """A generation is as many batches as on one machine; the last is a short one."""
    workspace, fake = ray
    settings = make_settings(encoding=encoding, size=32, population=60, children=110, generations=3, seed=2)
    for name, place in (("many", workspace), ("one", None)):
        run = EvolutionRun(tmp_path / name, settings, threads=1, sheet_every=math.inf, workspace=place)
        assert not run.carry_out(["zebra", "tabby"]).stopped
    assert fake.done == 2 + 3 * 3
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


class StopsWithin(Recorder):
    """Stops while the third generation is judged."""

    def should_stop(self) -> bool:
        return len(self.steps) >= 3 and self.asked() > 4

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def asked(self) -> int:
        self.count += 1
        return self.count


@pytest.mark.usefixtures("one_judge")
def test_an_evolution_that_is_stopped_within_a_generation_goes_on(
    ray: tuple[Workspace, FakeRay], tmp_path: Path
) -> None:
    workspace, fake = ray
    settings = make_settings(size=32, population=110, children=110, generations=4, seed=2)
    run = EvolutionRun(tmp_path / "many", settings, threads=1, sheet_every=math.inf, workspace=workspace)
    outcome = run.carry_out(["zebra"], StopsWithin())
    assert outcome.stopped == f"generation {outcome.generation} of 4"
    assert 2 <= outcome.generation < 4
    made = fake.done
    run = EvolutionRun(tmp_path / "many", resume=True, threads=1, sheet_every=math.inf, workspace=workspace)
    assert not run.carry_out(["zebra"]).stopped
    assert fake.done - made == 3 * (4 - outcome.generation)
    alone = EvolutionRun(tmp_path / "one", settings, threads=1, sheet_every=math.inf)
    alone.carry_out(["zebra"])
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


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


def test_errors_of_a_piece_are_those_of_the_film(ray: tuple[Workspace, FakeRay], tmp_path: Path) -> None:
    workspace, _ = ray
    job = film_of(tmp_path, "many.mp4")
    limited = Workspace(elsewhere=workspace.elsewhere, max_pixels=workspace.max_pixels)
    (tmp_path / "a.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:2000])
    with pytest.raises(BadInput, match=r"a\.mp4"):
        job.run(None, limited)
    assert not (tmp_path / "many.mp4").exists()
