"""MAP-Elites (Mouret & Clune 2015) over classes: the fittest picture of each, and where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ids = NDArray[np.int64]

#: The id of nobody: an empty cell, or the parent of a first genome.
NOBODY = -1


class Archive:
    """One elite for each class. Every child competes in every cell; only a strictly fitter one takes it.

    Attributes:
        classes: The columns of the score that are cells.
        fitness: (C,), -inf where a cell is empty.
        confidence: (C,): the elite's score for the class, without any penalty; 0 where empty.
        ids: (C,): the elite's number in the run, ``NOBODY`` where empty.
        genomes: Of the elites; cells that one picture holds share one object. None where empty.
    """

    def __init__(self, classes: Iterable[int] = ()) -> None:
        self.classes = tuple(classes)
        count = len(self.classes)
        self.fitness: Doubles = np.full(count, -np.inf)
        self.confidence: Doubles = np.zeros(count)
        self.ids: Ids = np.full(count, NOBODY, np.int64)
        self.genomes: list[Any] = [None] * count

    def filled(self) -> NDArray[np.int64]:
        """The cells that are not empty, in order."""
        return np.flatnonzero(self.ids != NOBODY)

    def update(
        self, fitness: Doubles, confidence: Doubles, genomes: Sequence[Any], ids: Sequence[int]
    ) -> NDArray[np.int64]:
        """Let N children compete in all cells: one maximum over the batch, as if they had come one by one.

        Args:
            fitness: (N, C). Of equals, the first wins.
            confidence: (N, C).
            genomes: (N,).
            ids: (N,).

        Returns:
            The cells that changed hands.
        """
        if not len(genomes):
            return np.empty(0, np.int64)
        best = fitness.argmax(0)  # (C,)
        columns = np.arange(len(self.classes))
        better = np.flatnonzero(fitness[best, columns] > self.fitness)
        winners = best[better]
        self.fitness[better] = fitness[winners, better]
        self.confidence[better] = confidence[winners, better]
        self.ids[better] = np.asarray(ids, np.int64)[winners]
        for cell, winner in zip(better.tolist(), winners.tolist(), strict=True):
            self.genomes[cell] = genomes[winner]
        return better

    def elites(self) -> tuple[Ids, list[Any]]:
        """The numbers (K,) of the elites, each once and in order, and their genomes."""
        ids, cells = np.unique(self.ids[self.filled()], return_index=True)
        places = self.filled()[cells].tolist()
        return ids, [self.genomes[place] for place in places]

    def over(self, confidence: float) -> int:
        """How many elites are surer than that."""
        return int((self.confidence > confidence).sum())

    def median(self) -> float:
        """Of the confidences of all cells; empty ones count as 0."""
        return float(np.median(self.confidence)) if self.classes else 0.0


class Lineage:
    """Who descends from whom, of all that ever were elites, in a few numbers each.

    A child is decided by its parent's genome and by its own number in the run, so it can be born again, and
    no genome is kept but the elites'.
    """

    def __init__(self) -> None:
        self._born: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._born)

    def add(self, child: int, parent: int, cell: int) -> None:
        """Note the parent of a new elite, and the cell that the parent was chosen from (both -1: none)."""
        self._born[child] = (parent, cell)

    def chain(self, elite: int) -> list[tuple[int, int]]:
        """(id, cell of its parent) from the first ancestor to ``elite``; KeyError for one never noted."""
        found = []
        while elite != NOBODY:
            parent, cell = self._born[elite]
            found.append((elite, cell))
            elite = parent
        return found[::-1]

    def prune(self, elites: Iterable[int]) -> None:
        """Forget whoever has no descendants among these."""
        keep: dict[int, tuple[int, int]] = {}
        for elite in elites:
            while elite != NOBODY and elite not in keep:
                keep[elite] = self._born[elite]
                elite = keep[elite][0]
        self._born = keep

    def as_array(self) -> Ids:
        """(K, 3): id, parent, cell; in the order of the ids."""
        rows = [(i, *self._born[i]) for i in sorted(self._born)]
        return np.array(rows, np.int64).reshape(-1, 3)

    @staticmethod
    def of_array(rows: Ids) -> Lineage:
        """What ``as_array`` wrote."""
        lineage = Lineage()
        lineage._born = {i: (parent, cell) for i, parent, cell in rows.tolist()}
        return lineage
