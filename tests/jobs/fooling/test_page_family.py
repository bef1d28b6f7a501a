"""Whom the page shows of a family."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.jobs.fooling.judge import Arena
from reverie.jobs.fooling.page_family import STEPS, chosen, reborn
from support.fooling import five, small


@st.composite
def families(draw):
    """Lines of a random tree whose members are born later than their parents."""
    parent, when = {}, {}
    for i in range(draw(st.integers(1, 80))):
        parent[i] = draw(st.integers(-1, i - 1))
        when[i] = when.get(parent[i], -1) + 1 + draw(st.integers(0, 3))
    lines = {}
    for index in range(draw(st.integers(1, 12))):
        member, line = draw(st.integers(0, len(parent) - 1)), []
        while member >= 0:
            line.append(member)
            member = parent[member]
        lines[index] = line[::-1]
    return lines, when


@pytest.mark.slow
@given(families(), st.integers(1, 60))
def test_some_of_each_line_are_chosen(family, budget):
    lines, when = family
    found = chosen(lines, when, budget=budget)
    assert set(found) == set(lines)
    for index, line in found.items():
        assert line == [member for member in lines[index] if member in set(line)]
        assert (line[0], line[-1]) == (lines[index][0], lines[index][-1])
        assert len(line) <= STEPS[0] + 2
    total = len({member for line in found.values() for member in line})
    least = {end for line in lines.values() for end in (line[0], line[-1])}
    assert total <= max(budget, 2 * len(least) + 2 * len(lines))
    if (
        len({member for line in lines.values() for member in line}) <= budget
        and max(when.values()) < STEPS[0]
    ):
        assert found == lines


def test_a_long_line_keeps_no_more_than_fit():
    lines = {0: list(range(5000)), 1: [*range(4000), *range(6000, 7000)]}
    found = chosen(lines, {i: i for i in range(7000)}, budget=60)
    assert len({member for line in found.values() for member in line}) <= 60
    assert set(found[0][:-10]) & set(found[1][:-10])


@pytest.mark.parametrize("name", ["cppn", "smooth", "direct", "natural"])
def test_ancestors_are_born_again_as_they_were(name):
    arena = Arena(small(encoding=name), net=five())
    made = {}
    draw = arena.encoding.breed

    def noted(brood):
        children = draw(brood)
        for place, child in enumerate(children):
            made[12 + 8 * (brood.generation - 1) + place] = child
        return children

    arena.encoding.breed = noted
    for last in arena.evolve(population=12, children=8, generations=12):
        state = last.state
    del arena.encoding.breed
    lines = [[i for i, _ in state.lineage.chain(int(number))] for number in state.archive.ids]
    wanted = {i for line in lines for i in line if i >= 12}
    found = dict(reborn(state, arena.encoding, wanted))
    assert set(found) == wanted
    for number, genome in found.items():
        assert arena.encoding.encode(genome) == arena.encoding.encode(made[number])
