"""The job of a zoom: steered while it runs, and the same bytes from what was recorded of it."""

from __future__ import annotations

import pytest

from reverie.errors import BadInput, UsageError
from reverie.jobs.moving.zoom import ZoomJob, too_little
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.rerun import RerunJob
from reverie.jobs.workspace import Workspace
from reverie.recipe.presets.preset import preset
from support import films
from support.moving import Viewer, frames_of


@pytest.fixture(scope="module")
def loaded():
    """A workspace with a network in it."""
    from reverie.network.zoo import load_net

    return Workspace(networks={"lite0": load_net("lite0")})


def zooming(out, **zoom):
    settings = {"duration": 0.6, "fps": 10, "steps": 1, "warm_up": 1, **zoom}
    recipe = preset("classic", start="clouds", size=(64, 48), zoom=settings, threads=1, octaves=1, steps=(2,))
    return ZoomJob(recipe=recipe, output=str(out))


class Pilot(Viewer):
    """Steers before frames, by their number from 0."""

    def __init__(self, changes, **more):
        super().__init__(**more)
        self.changes = changes
        self.asked = 0

    def steer(self, recipe):
        changes = self.changes.get(self.asked)
        self.asked += 1
        return None if changes is None else recipe.but(**changes)


#: Another objective from frame 2 on, and more of it from frame 4 on.
CHANGES = {2: {"objective": ("block4c",)}, 4: {"strength": 0.4}}


@pytest.mark.slow
def test_a_steered_zoom_is_made_again_from_what_is_in_it(loaded, tmp_path):
    straight, out = tmp_path / "straight.apng", tmp_path / "z.apng"
    zooming(straight).run(workspace=loaded)
    result = zooming(out).run(Pilot(CHANGES), loaded)
    note = of_picture(out)
    assert [one.model_dump(exclude_none=True) for one in note.steered] == [
        {"frame": 2, "changes": {"objective": ["block4c"]}},
        {"frame": 4, "changes": {"objective": ["block4c"], "strength": 0.4}},
    ]
    assert result.steered == note.steered
    assert note.recipe.objective == result.recipe.objective == ("block5c",)
    same = [(a == b).all() for a, b in zip(frames_of(straight), frames_of(out), strict=True)]
    assert same == [True, True, False, False, False, False]
    RerunJob(result=str(out), output=str(tmp_path / "again.apng")).run(Pilot({0: CHANGES[4]}), loaded)
    assert (tmp_path / "again.apng").read_bytes() == out.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_steered_zoom_that_was_stopped_goes_on_as_it_was_steered(loaded, tmp_path, stop):
    whole, out = tmp_path / "whole.mp4", tmp_path / "z.mp4"
    zooming(whole).run(Pilot(CHANGES), loaded)
    assert zooming(out).run(Pilot(CHANGES, frames=stop), loaded).frames == stop
    later = {at - stop: changes for at, changes in CHANGES.items() if at >= stop}
    assert zooming(out).run(Pilot(later), loaded).before == stop
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_what_is_steered_to_goes_before_the_scenes_and_back(loaded, tmp_path):
    """And the opening dream is the first frame's."""
    scenes = ("block4a", "block5a")
    straight, steered = tmp_path / "straight.apng", tmp_path / "z.apng"
    zooming(straight, scenes=scenes).run(workspace=loaded)
    back = {3: {"objective": ("block6a",)}, 4: {"objective": ("block5c",)}}
    zooming(steered, scenes=scenes).run(Pilot(back), loaded)
    same = [(a == b).all() for a, b in zip(frames_of(straight), frames_of(steered), strict=True)]
    assert same == [True, True, True, False, False, False]
    assert [one.changes for one in of_picture(steered).steered] == [{"objective": ["block6a"]}, {}]
    first = tmp_path / "first.apng"
    zooming(first, scenes=scenes).run(Pilot({0: {"objective": ("block6a",)}}), loaded)
    assert (frames_of(first)[0] != frames_of(straight)[0]).any()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 3}, "seed: cannot change while a dream runs"),
        ({"zoom": {"duration": 9}}, r"zoom\.duration, .*: cannot change"),
        ({"objective": ('guide("new.png", block4a)',)}, "new.png"),
    ],
)
def test_what_cannot_be_steered_is_said(loaded, tmp_path, changes, says):
    pilot = Pilot({2: changes})
    with pytest.raises(UsageError, match=says):
        zooming(tmp_path / "z.mp4").run(pilot, loaded)
    assert pilot.kept == 0


def test_a_film_is_no_photograph_to_begin_with(loaded, tmp_path):
    source = films.film(tmp_path / "a.mp4", count=3)
    job = ZoomJob(recipe=preset("zoom"), photo=str(source), output=str(tmp_path / "z.mp4"))
    with pytest.raises(BadInput, match="reverie film takes it"):
        job.run(workspace=loaded)


def test_a_recipe_that_does_not_say_how_moves_as_usual(loaded, tmp_path):
    recipe = preset("classic", start="clouds", size=(64, 48), threads=1, octaves=1, steps=(2,))
    viewer = Viewer(frames=1)
    result = ZoomJob(recipe=recipe, output=str(tmp_path / "z.mp4")).run(viewer, loaded)
    assert (result.frames, result.total, result.recipe.zoom) == (1, 250, preset("classic", zoom={}).zoom)


@pytest.mark.parametrize(
    ("scenes", "size", "said"),
    [
        (('class("castle")', 'class("peacock")'), (192, 112), ["192 x 112 is small"]),
        (
            ('0s:class("castle")', '1.5s:class("peacock")'),
            (192, 112),
            ['scene class("peacock"): lasts 0.5 s', "is small"],
        ),
        (('class("castle")',), (96, 64), ["96 x 64 is small"]),
        (('class("castle")',), (384, 216), []),
        (('class("castle")', 'class("peacock")'), (384, 216), []),
        (('0s:class("castle")', '1.5s:class("peacock")'), (384, 216), ["lasts 0.5 s (5 frames)"]),
        (("block4b", "block5c"), (96, 64), []),
    ],
)
def test_a_class_that_is_over_before_it_is_seen_is_said(scenes, size, said):
    recipe = preset("zoom", size=size, zoom={"duration": 2.0, "fps": 10, "scenes": scenes})
    words = too_little(recipe)
    assert [expected in one for expected, one in zip(said, words, strict=True)] == [True] * len(said)
