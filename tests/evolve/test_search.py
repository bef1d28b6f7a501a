"""The search: what is yielded, chance, breaks, families."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reverie.errors import BadInput, UsageError
from reverie.evolve import (
    ENCODINGS,
    EvolutionPlan,
    ancestry,
    evolve,
    load_checkpoint,
    make_encoding,
    save_checkpoint,
)
from reverie.evolve.state import PRUNE
from support.evolution import CLASSES, SETTINGS, Small, arrays, encoding, finished
from support.slow import mostly_slow


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_evolves_and_says_so(name: str) -> None:
    kind, score = encoding(name), Small()
    medians, evaluations, fittest = [], [], []
    for index, generation in enumerate(evolve(score, kind, generations=6, **SETTINGS)):
        state = generation.state
        assert generation.index == index
        assert generation.filled == CLASSES
        assert generation.over == tuple(
            sum(c > limit for c in state.archive.confidence) for limit in (0.5, 0.95, 0.99)
        )
        assert generation.median == float(np.median(state.archive.confidence))
        assert generation.network_seconds > 0
        assert generation.outside_seconds > 0
        medians.append(generation.median)
        fittest.append(state.archive.fitness.copy())
        evaluations.append(generation.evaluations)
    assert index == 6
    assert all((after >= before).all() for before, after in pairwise(fittest))
    assert (fittest[-1] > fittest[0]).sum() > CLASSES / 2
    assert evaluations == [15 + 12 * kind.cost * i for i in range(7)]
    assert max(score.seen) == 7
    assert [row.median for row in state.history] == medians
    if name != "natural":  # there, smoothness may be worth more than confidence
        assert medians == sorted(medians)
        assert medians[-1] > medians[0]
    # What the archive holds is what the pictures really score, read from eight bits.
    pictures = kind.render(state.archive.genomes, 16, eight_bit=True)
    stored = np.rint(pictures * 255).astype(np.uint8).astype(np.float32) / np.float32(255)
    scores = Small()(torch.from_numpy(stored).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_array_equal(scores[np.arange(CLASSES), np.arange(CLASSES)], state.archive.confidence)


def test_the_prior_is_in_the_fitness_alone() -> None:
    state, kind = finished("natural")
    penalties = kind.penalty(kind.render(state.archive.genomes, 16, eight_bit=True))
    np.testing.assert_allclose(state.archive.fitness, state.archive.confidence - penalties, atol=1e-12)
    assert (penalties > 0).all()


@mostly_slow("name", ENCODINGS, quick=3)
def test_neither_a_break_nor_a_batch_changes_a_byte(name: str, tmp_path: Path) -> None:
    whole = arrays(*finished(name))
    assert arrays(*finished(name, batch=50)) == whole
    broken, kind = None, encoding(name)
    others = {"climb": Small().climb} if name == "gradient" else {}
    for until in (0, 1, 3, 8):
        for generation in evolve(Small(), kind, generations=until, state=broken, **SETTINGS):
            broken = generation.state
        save_checkpoint(tmp_path / "c", generation.state, kind)
        broken, kind = load_checkpoint(tmp_path / "c", **others)
    assert arrays(broken, kind) == whole


def test_a_seed_decides_and_another_differs() -> None:
    assert arrays(*finished()) == arrays(*finished())
    assert arrays(*finished(seed=6))["ids"] != arrays(*finished())["ids"]


def test_leaving_the_loop_leaves_a_state_to_go_on_from() -> None:
    kind = encoding("cppn")
    for generation in evolve(Small(), kind, generations=8, **SETTINGS):
        if generation.index == 4:
            break
    rest = list(evolve(Small(), kind, generations=8, state=generation.state, **SETTINGS))
    assert [g.index for g in rest] == [5, 6, 7, 8]
    assert arrays(rest[-1].state, kind) == arrays(*finished())
    assert not list(evolve(Small(), kind, generations=8, state=rest[-1].state, **SETTINGS))


def test_a_classifier_that_fails_leaves_the_state_as_it_was() -> None:
    kind, score = encoding("cppn"), Small()
    search = evolve(score, kind, generations=8, **SETTINGS)
    state = [next(search) for _ in range(3)][-1].state
    before = arrays(state, kind)

    def fails(pictures: torch.Tensor) -> torch.Tensor:
        if len(pictures) < 7:
            raise KeyboardInterrupt
        return score(pictures)

    with pytest.raises(KeyboardInterrupt):
        next(evolve(fails, kind, generations=8, state=state, **SETTINGS))
    assert arrays(state, kind) == before


def test_only_the_classes_that_are_asked_for() -> None:
    state, _ = finished(classes=(7, 2))
    assert state.archive.classes == (7, 2)
    pictures = encoding("cppn").render(state.archive.genomes, 16, eight_bit=True)
    scores = Small()(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    assert [float(scores[0, 7]), float(scores[1, 2])] == state.archive.confidence.tolist()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"classes": (12,)}, "classes"),
        ({"classes": ()}, "classes"),
        ({"classes": (1, 1)}, "classes"),
        ({"population": 0}, "population"),
        ({"children": 0}, "children"),
        ({"size": 1}, "size"),
        ({"seed": -1}, "seed"),
        ({"batch": 0}, "batch"),
    ],
)
def test_settings_out_of_range(changed: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        finished(**changed)


@pytest.mark.parametrize(
    "answer",
    [lambda n: torch.full((n, 3), torch.nan), lambda n: torch.ones(n), lambda n: torch.ones(n + 1, 3)],
)
def test_a_score_that_is_none_is_refused(answer: Any) -> None:
    with pytest.raises(UsageError, match="score"):
        next(evolve(lambda pictures: answer(len(pictures)), encoding("cppn"), **SETTINGS))


def test_another_run_is_not_gone_on_with() -> None:
    state, kind = finished()
    for changed, word in (
        ({"seed": 9}, "seed 9 .was 5."),
        ({"children": 3}, "children"),
        ({"size": 17}, "size"),
    ):
        with pytest.raises(UsageError, match=word):
            next(evolve(Small(), kind, generations=9, state=state, **{**SETTINGS, **changed}))
    with pytest.raises(UsageError, match="encoding"):
        next(evolve(Small(), encoding("smooth"), generations=9, state=state, **SETTINGS))
    with pytest.raises(UsageError, match="settings"):
        next(evolve(Small(), make_encoding("cppn", span=2), generations=9, state=state, **SETTINGS))


@mostly_slow("name", ENCODINGS, quick=2)
def test_a_family_is_born_again_to_the_last_byte(name: str) -> None:
    state, kind = finished(name, generations=PRUNE + 5 if name == "cppn" else 8)
    score, depths = Small(), set()
    for number in set(state.archive.ids.tolist()):
        line = ancestry(state, kind, number)
        depths.add(len(line))
        assert line[-1].id == number
        assert [a.generation for a in line] == [state.plan.born_in(a.id)[0] for a in line]
        assert all(a.id < b.id and a.generation < b.generation for a, b in pairwise(line))
        pictures = kind.render([a.genome for a in line], 16, eight_bit=True)
        best = score(torch.from_numpy(pictures).permute(0, 3, 1, 2))[-1].numpy()
        cells = np.flatnonzero(state.archive.ids == number)
        np.testing.assert_array_equal(best[cells], state.archive.confidence[cells])
    if name == "random":
        assert depths == {1}
    else:
        assert max(depths) > 2
    with pytest.raises(UsageError, match="no elite"):
        ancestry(state, kind, 10**9)


def test_a_family_of_another_version_is_not_made_up() -> None:
    state, kind = finished()
    cell = int(np.argmax(state.archive.ids))
    genome = kind.start(np.random.default_rng(99))
    number = int(state.archive.ids[cell])
    state.archive.genomes = [
        genome if i == number else g for i, g in zip(state.archive.ids, state.archive.genomes, strict=True)
    ]
    with pytest.raises(BadInput, match="another version"):
        ancestry(state, kind, number)


def test_numbers_say_where_children_were_born() -> None:
    plan = EvolutionPlan("cppn", {}, population=15, children=12)
    assert [plan.born_in(i) for i in (0, 14, 15, 26, 27)] == [(0, 0), (0, 14), (1, 0), (1, 11), (2, 0)]
    assert [plan.first_of(g) for g in (0, 1, 2)] == [0, 15, 27]
