"""The families of a page: which ancestors it shows of each line, and how they are born again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from reverie.errors import BadInput
from reverie.evolve import Encoding, Evolution
from reverie.evolve.archive import NOBODY
from reverie.evolve.state import born

#: How many of a line are shown at most; the largest of these for which the page stays in its budget.
STEPS = (64, 48, 36, 28, 22, 16, 12, 9, 6, 4, 2)
#: How many ancestors a page holds at most, of all lines together.
BUDGET = 5000


def chosen(
    lines: Mapping[int, Sequence[int]], when: Mapping[int, int], *, budget: int = BUDGET
) -> dict[int, list[int]]:
    """Of every line the members that are shown: always the first and the last.

    Time is cut into spans of equal length, and of each the last member born in it stays. Lines that were one
    until some generation then keep the same members of it, and a page holds each once.

    Args:
        lines: Ids from the first ancestor to the picture itself, by class.
        when: The generation of every id.
        budget: How many members there may be in all.
    """
    end = max((when[line[-1]] for line in lines.values()), default=0) + 1
    kept: dict[int, list[int]] = {}
    for steps in STEPS:
        kept = {index: _of_spans(line, when, end / steps) for index, line in lines.items()}
        if len({member for line in kept.values() for member in line}) <= budget:
            break
    return kept


def _of_spans(line: Sequence[int], when: Mapping[int, int], span: float) -> list[int]:
    last = {int(when[member] / span): member for member in line}
    last[-1] = line[0]
    return list(dict.fromkeys([line[0], *(last[key] for key in sorted(last)), line[-1]]))


def reborn(state: Evolution, encoding: Encoding[Any], wanted: Collection[int]) -> Iterator[tuple[int, Any]]:
    """Ancestors of elites, each born again from its parent: (id, genome) of those that are wanted.

    Lines that share ancestors share their births, and no genome is held longer than its children need it.

    Raises:
        BadInput: An elite is not born as the run holds it: another version made it.
    """
    held = dict(zip(state.archive.ids.tolist(), state.archive.genomes, strict=True))
    children: dict[int, dict[int, int]] = {}  # of a parent: each child, and the cell that it was chosen from
    for member in sorted(wanted):
        parent = NOBODY
        for i, cell in state.lineage.chain(member):
            children.setdefault(parent, {})[i] = cell
            parent = i
    waiting: list[tuple[int, int, Any]] = [(i, cell, None) for i, cell in children.pop(NOBODY, {}).items()]
    while waiting:
        i, cell, parent_genome = waiting.pop()
        generation, place = state.plan.born_in(i)
        genome = born(state.plan, encoding, generation, place, parent_genome, state.archive.classes, cell)
        if i in held and encoding.encode(genome) != encoding.encode(held[i]):
            raise BadInput("ancestors cannot be born again; another version of reverie or numpy made them")
        if i in wanted:
            yield i, genome
        waiting += [(child, place_of, genome) for child, place_of in children.get(i, {}).items()]
