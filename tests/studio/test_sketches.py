"""Quick previews: small, like what they are of, and only the newest is wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reverie.jobs.document import read_job
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.studio.asking import Planned
from reverie.studio.quick import Overtaken
from reverie.studio.sketches import OCTAVES, SIDE, STEPS, Sketches, sketched
from support.endings import run_within


@pytest.mark.parametrize("name", [*PRESETS, "apparition"])
def test_a_sketch_is_small_and_of_the_same_look(name: str) -> None:
    recipe = preset(name, max_size=2000, strength=0.7)
    small = sketched(recipe)
    assert small.max_size == SIDE
    assert small.octaves is not None
    assert small.octaves <= OCTAVES
    assert small.sites is not None or max(small.steps) <= STEPS
    same = {"max_size", "steps", "octaves"}
    assert small.model_dump(exclude=same) == recipe.model_dump(exclude=same)


def test_a_size_that_was_asked_for_keeps_its_shape() -> None:
    assert sketched(preset("classic", size=(3000, 1000))).size == (SIDE, SIDE // 3)
    assert sketched(preset("classic", size=(120, 60))).size == (120, 60)
    assert sketched(preset("classic", max_size=100)).max_size == 100


def planned() -> Planned:
    recipe = preset("classic", max_size=200)
    document: dict[str, Any] = {"kind": "dream", "recipe": recipe.model_dump(mode="json")}
    document["photo"] = {"id": "x", "name": "a.png"}
    return Planned("dream", "a", document, recipe, "x")


def line(data: Path) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(data=data), crew=SimpleNamespace(errands=[]), pump=lambda: None
    )


def test_the_newest_wish_of_a_visitor_counts_and_others_have_theirs(tmp_path: Path) -> None:
    async def three() -> None:
        road = line(tmp_path)
        sketches = Sketches(road)
        first = asyncio.create_task(sketches.make("me", planned()))
        other = asyncio.create_task(sketches.make("you", planned()))
        await asyncio.sleep(0)
        second = asyncio.create_task(sketches.make("me", planned()))
        await asyncio.sleep(0)
        assert [errand.owner for errand in road.crew.errands] == ["me", "you"]
        with pytest.raises(Overtaken):
            await first
        for errand in road.crew.errands:
            read_job(errand.document)
            folder = tmp_path / "made" / errand.id
            folder.mkdir(parents=True)
            (folder / "small.webp").write_bytes(errand.owner.encode())
            errand.done({"outcome": "done"})
            assert not folder.exists(), "it is kept nowhere"
        assert await second == b"me"
        assert await other == b"you"

    run_within(20, three())


def test_one_that_fails_is_told(tmp_path: Path) -> None:
    async def failed() -> None:
        road = line(tmp_path)
        task = asyncio.create_task(Sketches(road).make("me", planned()))
        await asyncio.sleep(0)
        road.crew.errands[0].done({"outcome": "failed"})
        with pytest.raises(Overtaken, match="no time"):
            await task

    run_within(20, failed())
