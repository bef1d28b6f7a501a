"""Complaints in the words of the command line."""

from __future__ import annotations

import pytest

from reverie.cli.recipe_options import as_typed, given_as, told_as_typed
from reverie.errors import BadInput, UsageError
from reverie.jobs.moving.zoom import ZoomJob
from reverie.recipe.presets.preset import preset

OPTIONS = {
    "duration": "--duration",
    "zoom": "--zoom",
    "scenes": "--objective",
    "pulse_depth": "--pulse-depth",
}
ALL = given_as(OPTIONS, dict.fromkeys(OPTIONS, 1), "zoom")


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("duration: too long", "--duration: too long"),
        ("zoom.duration: too long; zoom.zoom: no curve", "--duration: too long; --zoom: no curve"),
        ("zoom.scenes.1: no objective", "--objective: no objective"),
        ("duration", "duration"),
        ("the duration: is long", "the duration: is long"),
        ("levels: at most 12; duration: too long", "levels: at most 12; --duration: too long"),
        ("pulse_depth: at most 1", "--pulse-depth: at most 1"),
        ("a.mp4: duration: too long", "a.mp4: duration: too long"),
    ],
)
def test_fields_are_called_as_they_are_typed(said, typed):
    assert as_typed(said, ALL) == typed
    assert as_typed(said, {}) == said


def test_only_those_that_were_given():
    typed = given_as(OPTIONS, {"zoom": "3", "duration": None}, "zoom")
    assert as_typed("zoom.duration: no; zoom.zoom: no", typed) == "zoom.duration: no; --zoom: no"
    assert given_as(OPTIONS, {}) == {}


def test_what_no_job_can_be_made_of_is_used_wrongly():
    with (
        pytest.raises(UsageError, match=r"^-o: string should have at least 1 character"),
        told_as_typed({"output": "-o"}),
    ):
        ZoomJob(recipe=preset("zoom"), output="")
    with pytest.raises(BadInput, match=r"^zoom: none$"), told_as_typed(ALL):
        raise BadInput("zoom: none")
