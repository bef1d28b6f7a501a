"""Which job makes the dreams of photographs, and where they go."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.errors import BadInput, UsageError
from reverie.jobs.dreaming.dreams_of import job_of, photographs, usual_output
from reverie.jobs.output import Output
from reverie.recipe.presets.preset import preset


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name in ("a.jpg", "b.png", "notes.txt"):
        (folder / name).touch()
    return folder


def test_folders_and_patterns_stand_for_the_pictures_in_them(holiday: Path) -> None:
    both = [str(holiday / "a.jpg"), str(holiday / "b.png")]
    assert photographs([str(holiday)], "", dry_run=False) == (both, True)
    assert photographs([str(holiday / "*.???")], "", dry_run=True)[0] == [*both, str(holiday / "notes.txt")]
    assert photographs(both[:1], "", dry_run=False) == (both[:1], False)
    assert photographs(both[:1], str(holiday), dry_run=False) == (both[:1], True)
    with pytest.raises(BadInput, match="is a folder"):
        photographs([str(holiday)], "dream.png", dry_run=False)


def test_one_photograph_is_a_dream_and_several_are_a_batch() -> None:
    recipe, output = preset("reverie"), Output(path="out")
    assert job_of(recipe, [], output, None, batch=False).kind == "dream"
    assert job_of(recipe, ["a.jpg"], output, None, batch=True).kind == "batch"
    assert job_of(recipe, ["a.jpg"], output, 3, batch=False).total() == 3
    with pytest.raises(UsageError, match="--variations 0: 1 to 1000"):
        job_of(recipe, ["a.jpg"], output, 0, batch=False)
    with pytest.raises(UsageError, match="one photograph"):
        job_of(recipe, ["a.jpg", "b.jpg"], output, 3, batch=True)


def test_results_lie_beside_what_they_are_of(holiday: Path) -> None:
    assert usual_output([], batch=False) == ("dream.png", None)
    assert usual_output(["a.jpg"], batch=False) == ("dream.png", "a.jpg")
    assert usual_output([str(holiday)], batch=True) == ("dreams", str(holiday))
    assert usual_output(["x/a.jpg", "x/b.jpg"], batch=True) == (str(Path("x", "dreams")), None)
