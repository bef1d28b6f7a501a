"""The archive: never loses an elite, strictly higher replaces, confidences only rise; lineage."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reverie.evolve.archive import NOBODY, Archive, Lineage

#: Few values, so that many are equal.
VALUES = st.sampled_from([0.0, 0.1, 0.25, 0.25000000000000006, 0.5, 0.999, 1.0])


def batches(cells: int = 5) -> st.SearchStrategy[list[np.ndarray]]:
    one = st.integers(0, 6).flatmap(lambda n: arrays(np.float64, (n, cells), elements=VALUES))
    return st.lists(one, min_size=1, max_size=6)


class OneByOne:
    """The plain thing: children come one at a time, each to all cells."""

    def __init__(self, cells: int) -> None:
        self.best: list[tuple[float, int] | None] = [None] * cells

    def add(self, child: int, row: np.ndarray) -> None:
        for cell, value in enumerate(row):
            holder = self.best[cell]
            if holder is None or value > holder[0]:
                self.best[cell] = (float(value), child)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(batches())
def test_a_batch_is_its_children_one_by_one(given_batches: list[np.ndarray]) -> None:
    archive, plain, number = Archive(range(5)), OneByOne(5), 0
    for fitness in given_batches:
        before = archive.fitness.copy(), archive.ids.copy(), list(archive.genomes)
        ids = range(number, number + len(fitness))
        better = archive.update(fitness, fitness / 2, [f"genome {i}" for i in ids], ids)
        for child, row in zip(ids, fitness, strict=True):
            plain.add(child, row)
        number += len(fitness)
        assert (archive.fitness >= before[0]).all()
        for cell in range(5):
            if cell in better:
                assert archive.fitness[cell] > before[0][cell]
            else:
                assert archive.fitness[cell] == before[0][cell]
                assert archive.ids[cell] == before[1][cell]
                assert archive.genomes[cell] is before[2][cell]
            holder = plain.best[cell]
            if holder is None:
                assert archive.ids[cell] == NOBODY
                assert archive.genomes[cell] is None
                assert archive.confidence[cell] == 0
            else:
                assert (archive.fitness[cell], archive.ids[cell]) == holder
                assert archive.genomes[cell] == f"genome {holder[1]}"
                assert archive.confidence[cell] == holder[0] / 2
        filled = [cell for cell, holder in enumerate(plain.best) if holder]
        assert archive.filled().tolist() == filled


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(batches())
def test_what_is_counted(given_batches: list[np.ndarray]) -> None:
    archive, number = Archive(range(5)), 0
    for fitness in given_batches:
        archive.update(fitness, fitness, [object() for _ in fitness], range(number, number + len(fitness)))
        number += len(fitness)
    assert archive.median() == sorted(archive.confidence)[2]
    assert archive.over(0.25) == sum(c > 0.25 for c in archive.confidence)
    ids, genomes = archive.elites()
    assert ids.tolist() == sorted(set(archive.ids[archive.filled()].tolist()))
    for i, genome in zip(ids, genomes, strict=True):
        assert all(archive.genomes[cell] is genome for cell in np.flatnonzero(archive.ids == i))


def test_one_picture_in_many_cells_is_one_object() -> None:
    archive, genome = Archive(range(3)), object()
    archive.update(np.ones((1, 3)), np.ones((1, 3)), [genome], [0])
    assert all(held is genome for held in archive.genomes)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.sets(st.integers(0, 29), max_size=4))
def test_lineage_keeps_the_lines_of_the_living(choices: list[int], living: set[int]) -> None:
    lineage, parents = Lineage(), {}
    for child, choice in enumerate(choices):
        parents[child] = choice - 1 if choice <= child else NOBODY
        lineage.add(child, parents[child], 0 if parents[child] >= 0 else NOBODY)
    living = {i for i in living if i < len(choices)}
    chains = {i: lineage.chain(i) for i in living}
    lineage.prune(living)
    for i in living:
        line = [child for child, _ in lineage.chain(i)]
        assert lineage.chain(i) == chains[i]
        assert line[-1] == i
        assert parents[line[0]] == NOBODY
        assert all(parents[b] == a for a, b in pairwise(line))
    assert len(lineage) == len({child for chain in chains.values() for child, _ in chain})
    again = Lineage.of_array(lineage.as_array())
    assert np.array_equal(again.as_array(), lineage.as_array())


def test_nobody_has_no_line() -> None:
    with pytest.raises(KeyError):
        Lineage().chain(3)
