"""Zooms and films as files: stopped and gone on with, and what keeps them from going on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import ResourceError, UsageError
from reverie.jobs.moving.film import FilmJob
from reverie.jobs.moving.zoom import ZoomJob
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.workspace import Workspace
from reverie.recipe.presets.preset import preset
from support import films
from support.listeners import again
from support.moving import Viewer, frames_of, left_over, scene

COMMON = {"threads": 1, "octaves": 1, "steps": (2,)}


@pytest.fixture(scope="module")
def loaded():
    """A workspace with a network in it."""
    from reverie.network.zoo import load_net

    return Workspace(networks={"lite0": load_net("lite0")})


def zooming(out, *, zoom=None, overwrite=False, **changes):
    settings = {"duration": 0.6, "fps": 20, "steps": 1, **(zoom or {})}
    recipe = preset("classic", start="clouds", size=(64, 48), zoom=settings, **COMMON, **changes)
    return ZoomJob(recipe=recipe, output={"path": str(out), "overwrite": overwrite})


def filming(video, out, *, allow_flashes=False, **film):
    recipe = preset("classic", film={"steps": 3, **film}, **COMMON)
    output = {"path": str(out), "allow_flashes": allow_flashes}
    return FilmJob(recipe=recipe, video=str(video), output=output)


def stopped(job, workspace, **after):
    """Run a job until it is stopped; how many frames are safe then."""
    viewer = Viewer(**after)
    result = job.run(viewer, workspace)
    assert result.stopped
    assert result.files == ()
    assert viewer.kept == result.frames
    return result


def bytes_of(job, workspace, listener=None):
    """What a job makes if nothing stops it."""
    return Path(job.run(listener, workspace).path).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("stops", [(1,), (5, 1, 3), (11,)])
def test_a_zoom_that_was_stopped_goes_on_to_the_same_bytes(loaded, tmp_path, stops):
    out = tmp_path / "z.mp4"
    whole = bytes_of(zooming(tmp_path / "whole.mp4"), loaded)
    done = 0
    for stop in stops:
        result = stopped(zooming(out), loaded, frames=stop)
        done += stop
        assert (result.frames, result.total, result.stopped) == (done, 12, f"frame {done} of 12")
        assert left_over(tmp_path) == ["z.mp4.part"]
    viewer = Viewer()
    result = zooming(out).run(viewer, loaded)
    assert (result.frames, result.before, result.files) == (12, done, (str(out),))
    assert [int(step.text.split()[1].partition("/")[0]) for step in viewer.frames] == [*range(done + 1, 13)]
    assert out.read_bytes() == whole
    assert not left_over(tmp_path)


@pytest.mark.slow
def test_a_film_that_was_stopped_goes_on_to_the_same_bytes(loaded, tmp_path):
    source = films.film(tmp_path / "a.mp4", pictures=scene(14), sound="aac")
    whole, job = (
        bytes_of(filming(source, tmp_path / "whole.mkv"), loaded),
        filming(source, tmp_path / "d.mkv"),
    )
    assert [stopped(job, loaded, frames=count).frames for count in (4, 6)] == [4, 10]
    result = job.run(workspace=loaded)
    assert (result.frames, result.before) == (14, 10)
    assert (tmp_path / "d.mkv").read_bytes() == whole


@pytest.mark.slow
def test_a_job_is_told_of_in_order_and_made_again_from_its_document(loaded, tmp_path):
    job = zooming(tmp_path / "z.mp4", zoom={"warm_up": 1})
    viewer = Viewer()
    made = bytes_of(job, loaded, viewer)
    assert viewer.in_order()
    assert [kind for kind in viewer.kinds if kind != "Warned"][-2:] == ["ItemFinished", "Finished"]
    assert len(viewer.openings) > 2
    assert viewer.steps.index(viewer.frames[0]) == len(viewer.openings)
    assert viewer.frames[0].text.startswith("frame 1/12, score ")
    assert "frames/s, score" in viewer.frames[-1].text
    assert [step.ends for step in viewer.frames] == [True, *[False] * 10, True]
    assert viewer.frames[-1].share == 1
    assert viewer.kept is None
    assert again(job) == job
    (tmp_path / "z.mp4").unlink()
    source = films.film(tmp_path / "a.mp4", pictures=scene(4))
    film = filming(source, tmp_path / "d.mp4")
    assert again(film) == film
    assert bytes_of(again(job), loaded) == made


def test_frames_have_a_picture_when_it_is_asked_for(loaded, tmp_path):
    seen = []

    class Looks(Viewer):
        def on_event(self, event):
            super().on_event(event)
            if self.steps and event is self.steps[-1]:
                seen.append(event.picture)

    zooming(tmp_path / "z.apng", zoom={"duration": 0.1, "warm_up": 0}).run(Looks(), loaded)
    shown = [picture for picture in seen if picture is not None]
    assert len(shown) == 2
    for picture, written in zip(shown, frames_of(tmp_path / "z.apng"), strict=True):
        assert np.abs(picture.pixels * 255 - written).max() < 0.51


@pytest.mark.slow
def test_a_zoom_stops_within_its_opening_dream(loaded, tmp_path):
    viewer, out = Viewer(), tmp_path / "z.mp4"
    whole = bytes_of(zooming(tmp_path / "whole.mp4"), loaded, viewer)
    steps = [step.text for step in viewer.openings]
    # The dream itself, and then the frames that warm it up.
    assert [text.endswith("/2") for text in steps[:3]] == [True, True, False]
    assert len(steps) > 2 + 1
    for count in (1, 5):
        result = stopped(zooming(out), loaded, openings=count)
        assert "a scene opens with" in result.stopped
        assert result.frames == 0
    assert zooming(out).run(workspace=loaded).before == 0
    assert out.read_bytes() == whole


@pytest.mark.slow
def test_a_film_stops_where_a_scene_opens_with_all_before_it_safe(loaded, tmp_path):
    """In the opening's own dream, and in the rounds behind it."""
    pictures = [*scene(6), *(255 - picture for picture in scene(5))]
    source = films.film(tmp_path / "a.mp4", pictures=pictures)
    viewer = Viewer()
    whole = bytes_of(filming(source, tmp_path / "whole.mp4"), loaded, viewer)
    steps = [viewer.steps[: viewer.steps.index(step)] for step in viewer.openings]
    before = [sum(step in viewer.frames for step in earlier) for earlier in steps]
    assert set(before) == {0, 6}
    assert before.count(0) == before.count(6) > 2
    job = filming(source, tmp_path / "d.mp4")
    for count in (before.count(0) + 1, before.count(6)):
        assert stopped(job, loaded, openings=count).frames == 6
    assert job.run(workspace=loaded).before == 6
    assert (tmp_path / "d.mp4").read_bytes() == whole


@pytest.mark.slow
def test_another_film_under_the_name_is_not_gone_on_with(loaded, tmp_path):
    out = tmp_path / "z.mp4"
    stopped(zooming(out), loaded, frames=3)
    with pytest.raises(UsageError, match=r"another film was begun under this name.*seed.*--overwrite"):
        zooming(out, seed=5).run(workspace=loaded)
    assert left_over(tmp_path) == ["z.mp4.part"]
    result = zooming(out, seed=5, overwrite=True).run(workspace=loaded)
    assert (result.frames, result.before) == (12, 0)


@pytest.mark.slow
def test_the_same_film_goes_on_though_it_may_be_overwritten(loaded, tmp_path):
    out = tmp_path / "z.mp4"
    stopped(zooming(out), loaded, frames=7)
    result = zooming(out, overwrite=True).run(workspace=loaded)
    assert (result.frames, result.before) == (12, 7)


@pytest.mark.slow
def test_it_goes_on_with_the_tiles_that_it_began_with(loaded, tmp_path, monkeypatch):
    """A machine with less free memory would choose others, and other bytes."""
    out = tmp_path / "z.mp4"
    stopped(zooming(out), loaded, frames=3)
    monkeypatch.setattr("reverie.ascent.cutting.free_memory", lambda device: 1 << 20)
    assert zooming(out).run(workspace=loaded).before == 3
    assert of_picture(out).engine.tile == 0


@pytest.mark.slow
def test_a_source_that_vanishes_leaves_what_is_safe(loaded, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for index, picture in enumerate(scene(30)):
        Image.fromarray(picture).save(folder / f"{index:02d}.png")
    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    job = filming(folder, tmp_path / "d.mp4")

    class Vanishes(Viewer):
        def on_event(self, event):
            super().on_event(event)
            if len(self.frames) == 5 and folder.exists():
                shutil.rmtree(folder)

    viewer = Vanishes()
    with pytest.raises(ResourceError, match="in"):
        job.run(viewer, loaded)
    assert 5 <= viewer.kept < 30
    shutil.move(kept, folder)
    assert job.run(workspace=loaded).frames == 30
    assert len(frames_of(tmp_path / "d.mp4")) == 30


@pytest.mark.slow
def test_flashing_light_is_damped_and_said(loaded, tmp_path):
    dark, light = (np.full((48, 64, 3), value, np.uint8) for value in (20, 235))
    strobe = [light if i // 2 % 2 else dark for i in range(40)]  # 6.25 Hz at 25 frames a second
    source = films.film(tmp_path / "s.mp4", pictures=strobe)
    swing = {}
    for allow in (False, True):
        out = tmp_path / f"{allow}.mp4"
        result = filming(source, out, strength="0", allow_flashes=allow).run(workspace=loaded)
        assert result.flashes.flashing
        assert result.flashes.safe != allow
        assert any("flash" in words for words in result.warnings)
        means = [frame.mean() for frame in frames_of(out)[15:]]
        swing[allow] = max(means) - min(means)
    assert swing[True] > 180
    assert swing[False] < 60


@pytest.mark.slow
def test_what_is_begun_and_fails_at_once_leaves_nothing(loaded, tmp_path):
    class Fails(Viewer):
        def on_event(self, event):
            super().on_event(event)
            if self.frames and self.kept is None:
                raise RuntimeError("mine")

    viewer = Fails()
    with pytest.raises(RuntimeError, match="mine"):
        zooming(tmp_path / "z.mp4").run(viewer, loaded)
    assert viewer.kept == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_it_would_cost_is_measured_and_nothing_is_written(loaded, tmp_path):
    estimate = zooming(tmp_path / "z.mp4").estimate(loaded)
    assert estimate.text.startswith("zoom from clouds: 64 x 48, 12 frames, plays 0.60 s, block5c\n")
    assert estimate.details["frames"] == 12
    assert estimate.seconds > 0
    assert list(tmp_path.iterdir()) == []
