"""Zooms and films as files: stopped and gone on with, and what keeps them from going on."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from reverie.errors import Interrupted, ResourceError, UsageError
from reverie.jobs.moving import Moving, MovingOutput
from reverie.jobs.moving_source import Film, Zoom
from reverie.media.video.write.formats import encoding_for
from reverie.recipe.presets.preset import preset
from support import films
from support.moving import frames_of, left_over, scene
from support.slow import mostly_slow

COMMON = {"threads": 1, "octaves": 1, "steps": (2,)}


@pytest.fixture(scope="module")
def net():
    from reverie.network.zoo import load_net

    return load_net("lite0")


def zooming(net, out, **changes):
    settings = {"duration": 0.6, "fps": 20, "steps": 1, **changes.pop("zoom", {})}
    recipe = preset("reverie", start="clouds", size=(64, 48), zoom=settings, **COMMON, **changes)
    return Moving(Zoom(recipe, None, encoding_for(out)), net=net)


def filming(net, path, out, **film):
    recipe = preset("reverie", film={"steps": 3, **film}, **COMMON)
    return Moving(Film(recipe, str(path), encoding_for(out)), net=net)


def after(count):
    """Asks to stop after so many frames of a sitting."""
    seen = []
    return {"each": seen.append, "stop": lambda: len(seen) >= count}


def at_opening(count):
    """Asks to stop after so many steps of dreams that scenes open with."""
    seen = []
    return {"opening": seen.append, "stop": lambda: len(seen) >= count}


@mostly_slow("stops", [(1,), (5, 1, 3), (11,)])
def test_a_zoom_that_was_stopped_goes_on_to_the_same_bytes(net, tmp_path, stops):
    whole, out = str(tmp_path / "whole.mp4"), str(tmp_path / "z.mp4")
    zooming(net, whole).carry_out(whole)
    done = 0
    for stop in stops:
        moving = zooming(net, out)
        with pytest.raises(Interrupted, match="stopped after frame"):
            moving.carry_out(out, **after(stop))
        done += stop
        assert moving.kept == done
        assert left_over(tmp_path) == ["z.mp4.part"]
    seen = []
    result = zooming(net, out).carry_out(out, each=seen.append)
    assert (result.frames, result.before) == (12, done)
    assert [p.made.index for p in seen] == list(range(done, 12))
    assert (tmp_path / "z.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not left_over(tmp_path)


@pytest.mark.slow
def test_a_film_that_was_stopped_goes_on_to_the_same_bytes(net, tmp_path):
    source = films.film(tmp_path / "a.mp4", pictures=scene(14), sound="aac")
    outs = [str(tmp_path / name) for name in ("whole.mkv", "d.mkv")]
    with filming(net, source, outs[0]).work as work:
        Moving(work, net=net).carry_out(outs[0])
    for stop in (4, 6):
        moving = filming(net, source, outs[1])
        with moving.work, pytest.raises(Interrupted):
            moving.carry_out(outs[1], **after(stop))
    moving = filming(net, source, outs[1])
    with moving.work:
        result = moving.carry_out(outs[1])
    assert (result.frames, result.before) == (14, 10)
    assert (tmp_path / "d.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


@pytest.mark.slow
def test_a_zoom_stops_within_its_opening_dream(net, tmp_path):
    whole, out = str(tmp_path / "whole.mp4"), str(tmp_path / "z.mp4")
    steps = []
    zooming(net, whole).carry_out(whole, opening=steps.append)
    first = next(i for i, frame in enumerate(steps) if frame.octave.steps == 1)
    assert (first, steps[0].octave.steps) == (2, 2)  # the dream itself, and then the frames that warm it up
    assert len(steps) > 2 + 1
    for count in (1, 5):
        moving = zooming(net, out)
        with pytest.raises(Interrupted, match="a scene opens with"):
            moving.carry_out(out, **at_opening(count))
        assert moving.kept == 0
    assert zooming(net, out).carry_out(out).before == 0
    assert (tmp_path / "z.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.slow
def test_a_film_stops_where_a_scene_opens_with_all_before_it_safe(net, tmp_path):
    """In the opening's own dream, and in the rounds behind it."""
    pictures = [*scene(6), *(255 - picture for picture in scene(5))]
    source = films.film(tmp_path / "a.mp4", pictures=pictures)
    whole, out = str(tmp_path / "whole.mp4"), str(tmp_path / "d.mp4")
    steps, frames = [], []
    with filming(net, source, whole).work as work:
        Moving(work, net=net).carry_out(
            whole, each=frames.append, opening=lambda step: steps.append(len(frames))
        )
    assert set(steps) == {0, 6}
    assert steps.count(0) == steps.count(6) > 2
    for count in (steps.count(0) + 1, steps.count(6)):
        moving = filming(net, source, out)
        with moving.work, pytest.raises(Interrupted):
            moving.carry_out(out, **at_opening(count))
        assert moving.kept == 6
    moving = filming(net, source, out)
    with moving.work:
        assert moving.carry_out(out).before == 6
    assert (tmp_path / "d.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.slow
def test_another_film_under_the_name_is_not_gone_on_with(net, tmp_path):
    out = str(tmp_path / "z.mp4")
    with pytest.raises(Interrupted):
        zooming(net, out).carry_out(out, **after(3))
    with pytest.raises(UsageError, match=r"another film was begun under this name.*seed.*--overwrite"):
        zooming(net, out, seed=5).carry_out(out)
    assert left_over(tmp_path) == ["z.mp4.part"]
    result = zooming(net, out, seed=5).carry_out(out, MovingOutput(overwrite=True))
    assert (result.frames, result.before) == (12, 0)


@pytest.mark.slow
def test_the_same_film_goes_on_though_it_may_be_overwritten(net, tmp_path):
    out = str(tmp_path / "z.mp4")
    with pytest.raises(Interrupted):
        zooming(net, out).carry_out(out, **after(7))
    result = zooming(net, out).carry_out(out, MovingOutput(overwrite=True))
    assert (result.frames, result.before) == (12, 7)


def test_it_goes_on_with_the_tiles_that_it_began_with(net, tmp_path, monkeypatch):
    """A machine with less free memory would choose others, and other bytes."""
    out = str(tmp_path / "z.mp4")
    with pytest.raises(Interrupted):
        zooming(net, out).carry_out(out, **after(3))
    monkeypatch.setattr("reverie.ascent.session.free_memory", lambda device: 1 << 20)
    moving = zooming(net, out)
    assert moving.carry_out(out).before == 3
    assert moving.session.path().tile == 0


@pytest.mark.slow
def test_a_source_that_vanishes_leaves_what_is_safe(net, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for index, picture in enumerate(scene(30)):
        Image.fromarray(picture).save(folder / f"{index:02d}.png")
    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    out = str(tmp_path / "d.mp4")

    def vanish(progress):
        if progress.made.index == 4:
            shutil.rmtree(folder)

    moving = filming(net, folder, out)
    with moving.work, pytest.raises(ResourceError, match="in"):
        moving.carry_out(out, each=vanish)
    assert 5 <= moving.kept < 30
    shutil.move(kept, folder)
    again = filming(net, folder, out)
    with again.work:
        assert again.carry_out(out).frames == 30
    assert len(frames_of(tmp_path / "d.mp4")) == 30


def test_flashing_light_is_damped_and_said(net, tmp_path):
    dark, light = (np.full((48, 64, 3), value, np.uint8) for value in (20, 235))
    strobe = [light if i // 2 % 2 else dark for i in range(40)]  # 6.25 Hz at 25 frames a second
    source = films.film(tmp_path / "s.mp4", pictures=strobe)
    swing = {}
    for allow in (False, True):
        out = str(tmp_path / f"{allow}.mp4")
        moving = filming(net, source, out, strength="0")
        with moving.work, pytest.warns(match="flash"):
            result = moving.carry_out(out, MovingOutput(allow_flashes=allow))
        assert result.flashes.flashing
        assert result.flashes.safe != allow
        assert any("flash" in words for words in result.warnings)
        means = [frame.mean() for frame in frames_of(tmp_path / f"{allow}.mp4")[15:]]
        swing[allow] = max(means) - min(means)
    assert swing[True] > 180
    assert swing[False] < 60


def test_what_is_begun_and_fails_at_once_leaves_nothing(net, tmp_path):
    out = str(tmp_path / "z.mp4")
    moving = zooming(net, out)

    def fail(progress):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        moving.carry_out(out, each=fail)
    assert list(tmp_path.iterdir()) == []
