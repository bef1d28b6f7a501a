"""The text form of scenes."""

import pytest

from reverie.recipe.scenes import Scene
from reverie.recipe.zoom import Zoom


@pytest.mark.parametrize(
    ("text", "objective", "begins"),
    [
        ("block5c", "block5c", None),
        ("5s:block5c", "block5c", "5s"),
        ("120:block5c", "block5c", "120"),
        ("2.5s: 0.5*block5c + block4b:17", "0.5*block5c + block4b:17", "2.5s"),
        ('3s:class("golden retriever")', 'class("golden retriever")', "3s"),
        ("block4b:17", "block4b:17", None),
    ],
)
def test_scenes_read_and_write(text, objective, begins):
    scene = Scene.parse(text)
    assert scene.objective == objective
    assert (None if scene.begins is None else str(scene.begins)) == begins
    assert Scene.parse(str(scene)) == scene


@pytest.mark.parametrize(
    ("scenes", "words"),
    [
        (("block5c", "5s:block5b"), "has no beginning"),
        (("5s:block5c", "3s:block5b"), "does not begin after"),
        (("0s:block5c", "30:block5b"), "both in frames, or both in seconds"),
        (("0s:block5c", "12s:block5b"), "begins after the end"),
        (("block5c +",), "column"),
    ],
)
def test_scenes_that_cannot_be_are_said(scenes, words):
    with pytest.raises(ValueError, match=words):
        Zoom.model_validate({"scenes": scenes, "duration": 12})
