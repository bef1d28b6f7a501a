"""What to type instead, for a complaint of the command line's parser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.provenance.command_line import like_it
from reverie.recipe.presets.preset import preset
from support.commands import Ran

Reverie = Callable[..., Ran]


@pytest.mark.slow
def test_each_complaint_names_what_works(here: Path, inside: Reverie) -> None:
    done = inside("show", "a.jpg", "b.jpg")
    done.refused(2, "reverie show takes one RESULT")
    assert "-o" not in done.stderr
    inside("rerun", "chelsea.png", "--strength", "30%").refused(
        2, "reverie dream PHOTO --recipe chelsea.png --strength 30%"
    )
    inside("see", "-block4b:3 + block4a:2").refused(2, "reverie see -- '-block4b:3 + block4a:2'")
    inside("dream", "chelsea.png", "-block4b:3 + block4a:2").refused(
        2, "'--objective=-block4b:3 + block4a:2'"
    )
    inside("rerun", "chelsea.png", "--qwertz").refused(2, "--help lists what there is")


def test_one_like_it_is_made_by_the_verb_that_makes_such() -> None:
    assert like_it(preset("classic"), "a.png") == ["reverie", "dream", "PHOTO", "--recipe", "a.png"]
    code = preset("portrait", network="py:net.py:make")
    assert like_it(code, "a.png") == ["reverie", "see", "TARGET", "--recipe", "a.png", "--trust"]
