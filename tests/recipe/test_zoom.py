"""Settings of zooms."""

import pytest

from reverie.recipe.zoom import Zoom


def test_objectives_are_renamed_where_they_stand():
    zoom = Zoom.model_validate({"scenes": ('0s:block5c@mask("a/sky.png")', "4s:block5b")})
    assert zoom.objectives == ('block5c@mask("a/sky.png")', "block5b")
    named = zoom.with_objectives(text.replace("a/", "") for text in zoom.objectives)
    assert named.scenes == ('0s:block5c@mask("sky.png")', "4s:block5b")


def test_rates_of_films_are_exact():
    rates = [Zoom.model_validate({"fps": fps}).rate for fps in (25, 29.97, 23.976, 59.94, 12.5)]
    assert [(r.numerator, r.denominator) for r in rates] == [
        (25, 1),
        (30000, 1001),
        (24000, 1001),
        (60000, 1001),
        (25, 2),
    ]


def test_too_many_frames_are_refused():
    with pytest.raises(ValueError, match="frames"):
        Zoom.model_validate({"duration": 300_000, "fps": 100})
