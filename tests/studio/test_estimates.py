"""Times told before anything begins: tried once, remembered, and dropped where a newer one is wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reverie.recipe.presets.preset import preset
from reverie.studio.asking import Planned
from reverie.studio.estimates import Estimates
from reverie.studio.quick import Overtaken
from support.endings import run_within


def planned(seed: int = 0, **changes: Any) -> Planned:
    recipe = preset("zoom", start="clouds", size=(64, 48), seed=seed, **changes)
    document = {"kind": "zoom", "recipe": recipe.model_dump(mode="json"), "output": {"path": f"{seed}.mp4"}}
    return Planned("zoom", "a", document, recipe, None)


@pytest.fixture
def line(tmp_path: Path) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(data=tmp_path), crew=SimpleNamespace(errands=[]), pump=lambda: None
    )


def test_it_is_tried_once_for_all_chances(line: Any) -> None:
    async def twice() -> None:
        estimates = Estimates(line)
        asked = asyncio.create_task(estimates.of("me", [planned(1), planned(2), planned(3)]))
        await asyncio.sleep(0)
        (errand,) = line.crew.errands
        assert (errand.do, errand.idle, errand.again) == ("estimate", True, False)
        errand.done({"outcome": "done", "seconds": 20.0})
        assert await asked == 60.0
        assert await estimates.of("you", [planned(7)]) == 20.0
        assert line.crew.errands == []

    run_within(20, twice())


@pytest.mark.parametrize("end", [{"outcome": "made way"}, {"outcome": "failed"}, {"outcome": "done"}])
def test_what_could_not_be_tried_is_not_known_and_tried_again(line: Any, end: dict[str, Any]) -> None:
    async def fails() -> None:
        estimates = Estimates(line)
        for _ in range(2):
            asked = asyncio.create_task(estimates.of("me", [planned()]))
            await asyncio.sleep(0)
            line.crew.errands[0].done(end)
            with pytest.raises(Overtaken, match="no time"):
                await asked

    run_within(20, fails())


def test_what_comes_too_late_is_known_the_next_time(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.studio.estimates.PATIENCE", 0.05)

    async def late() -> None:
        estimates = Estimates(line)
        asked = asyncio.create_task(estimates.of("me", [planned()]))
        await asyncio.sleep(0)
        (errand,) = line.crew.errands
        with pytest.raises(Overtaken):
            await asked
        errand.done({"outcome": "done", "seconds": 9.0})
        assert await estimates.of("me", [planned()]) == 9.0

    run_within(20, late())


def test_the_newest_of_a_visitor_counts(line: Any) -> None:
    async def two() -> None:
        estimates = Estimates(line)
        first = asyncio.create_task(estimates.of("me", [planned()]))
        await asyncio.sleep(0)
        second = asyncio.create_task(estimates.of("me", [planned(octaves=1)]))
        await asyncio.sleep(0)
        with pytest.raises(Overtaken):
            await first
        (errand,) = line.crew.errands
        errand.done({"outcome": "done", "seconds": 3.0})
        assert await second == 3.0

    run_within(20, two())
