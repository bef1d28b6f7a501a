"""What a job can go on with of what changed, and what counts for another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reverie.studio.asking import Asking, Wish
from reverie.studio.changing import Changed, Changes, changed, merged
from reverie.studio.settings import StudioSettings
from reverie.studio.store.database import Database
from reverie.studio.store.given import GivenFiles
from reverie.studio.store.jobs import JobRow, Jobs

ZOOM: dict[str, Any] = {"size": [64, 48], "zoom": {"duration": 5, "zoom": 1.25}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path)
    yield found
    found.close()


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


@pytest.fixture
def asking(database: Database, tmp_path: Path) -> Asking:
    return Asking(StudioSettings(data=tmp_path), GivenFiles(database), "me")


def begun(jobs: Jobs, asking: Asking, kind: Any, recipe: dict[str, Any], **more: Any) -> JobRow:
    wish = Wish(kind=kind, recipe=recipe, **more)
    (planned,) = asking.plan(wish)
    asked = wish.model_dump(mode="json", exclude_defaults=True)
    return jobs.add("me", kind, "a", planned.document, files={}, asked=asked, photo=None)


def wanted(row: JobRow, asking: Asking, **recipe: Any) -> Changed:
    return changed(row, Changes(recipe=recipe), asking)


def test_a_zoom_goes_on_with_how_it_moves_and_what_it_sees(jobs: Jobs, asking: Asking) -> None:
    row = begun(jobs, asking, "zoom", ZOOM)
    found = wanted(row, asking, zoom={"zoom": 1.6, "rotate": 20, "scenes": ["block4b"]}, strength=0.9)
    assert found.fixed == []
    assert {*found.differs} == {"zoom", "strength"}
    assert (found.differs["zoom"]["zoom"], found.differs["zoom"]["duration"]) == ("1.6", 5)


def test_what_it_cannot_go_on_with_is_named_and_can_be_left_out(jobs: Jobs, asking: Asking) -> None:
    row = begun(jobs, asking, "zoom", ZOOM)
    changes = Changes(recipe={"size": [96, 64], "zoom": {"duration": 9, "vivid": 2, "zoom": 1.6}})
    fixed = changed(row, changes, asking).fixed
    assert {*fixed} == {"size", "zoom.duration", "zoom.vivid"}
    rest = changes.without(fixed)
    assert rest.recipe == {"zoom": {"zoom": 1.6}}
    assert changed(row, rest, asking).fixed == []
    assert changes.without([*fixed, "zoom.zoom"]).recipe == {}


def test_what_was_steered_before_is_said_again(jobs: Jobs, asking: Asking) -> None:
    """A worker that was begun again may know it as what it began with."""
    row = begun(jobs, asking, "zoom", ZOOM)
    jobs.change(row.id, steered=[{"at": [3], "changes": {"strength": 0.9}}])
    found = wanted(jobs.by_id(row.id), asking, jitter=4)
    assert {*found.differs} == {"strength", "jitter"}
    assert found.differs["strength"] == row.document["recipe"]["strength"]


@pytest.mark.parametrize(("kind", "fixed"), [("dream", []), ("zoom", ["steps"])])
def test_steps_are_steered_in_dreams_alone(jobs: Jobs, asking: Asking, kind: str, fixed: list[str]) -> None:
    row = begun(jobs, asking, kind, {"start": "clouds", "size": [64, 48]})
    assert wanted(row, asking, steps=[3]).fixed == fixed


def test_nothing_of_a_portrait_changes_in_the_middle(jobs: Jobs, asking: Asking) -> None:
    row = begun(jobs, asking, "portrait", {}, targets=["tabby"])
    assert wanted(row, asking, jitter=9).fixed == ["jitter"]


def test_parts_are_merged_name_by_name() -> None:
    assert merged({"zoom": {"fps": 4, "loop": True}, "seed": 1}, {"zoom": {"fps": 5}, "seed": 2}) == {
        "zoom": {"fps": 5, "loop": True},
        "seed": 2,
    }
