"""Children that are judged elsewhere, in any order: the bytes of one process, each batch once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from reverie.jobs.fooling import results
from reverie.jobs.fooling.run import EvolutionRun
from reverie.jobs.fooling.settings import make_settings
from reverie.jobs.workspace import Workspace
from support.fake_ray import FakeRay, fake_cluster
from support.fooling import tree
from support.listeners import Recorder

pytestmark = pytest.mark.slow


@pytest.fixture
def ray() -> Iterator[tuple[Workspace, FakeRay]]:
    with fake_cluster() as (cluster, ray):
        yield Workspace(elsewhere=cluster), ray


@pytest.fixture
def one_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other networks say of the results takes longer than all of these evolutions."""
    monkeypatch.setattr(results, "_others", lambda run: [])


@pytest.mark.usefixtures("one_judge")
@pytest.mark.parametrize("encoding", ["cppn", "direct"])
def test_children_are_judged_in_shards(ray: tuple[Workspace, FakeRay], tmp_path: Path, encoding: str) -> None:
    """A generation is as many batches as on one machine; the last is a short one."""
    workspace, fake = ray
    settings = make_settings(encoding=encoding, size=32, population=60, children=110, generations=3, seed=2)
    for name, place in (("many", workspace), ("one", None)):
        run = EvolutionRun(tmp_path / name, settings, threads=1, sheet_every=math.inf, workspace=place)
        assert not run.carry_out(["zebra", "tabby"]).stopped
    assert fake.done == 2 + 3 * 3
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


class StopsWithin(Recorder):
    """Stops while the third generation is judged."""

    def should_stop(self) -> bool:
        return len(self.steps) >= 3 and self.asked() > 4

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def asked(self) -> int:
        self.count += 1
        return self.count


@pytest.mark.usefixtures("one_judge")
def test_an_evolution_that_is_stopped_within_a_generation_goes_on(
    ray: tuple[Workspace, FakeRay], tmp_path: Path
) -> None:
    workspace, fake = ray
    settings = make_settings(size=32, population=110, children=110, generations=4, seed=2)
    run = EvolutionRun(tmp_path / "many", settings, threads=1, sheet_every=math.inf, workspace=workspace)
    outcome = run.carry_out(["zebra"], StopsWithin())
    assert outcome.stopped == f"generation {outcome.generation} of 4"
    assert 2 <= outcome.generation < 4
    made = fake.done
    run = EvolutionRun(tmp_path / "many", resume=True, threads=1, sheet_every=math.inf, workspace=workspace)
    assert not run.carry_out(["zebra"]).stopped
    assert fake.done - made == 3 * (4 - outcome.generation)
    alone = EvolutionRun(tmp_path / "one", settings, threads=1, sheet_every=math.inf)
    alone.carry_out(["zebra"])
    assert tree(tmp_path / "many") == tree(tmp_path / "one")
