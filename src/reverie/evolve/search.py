"""The search: MAP-Elites over the classes of any classifier (Nguyen, Yosinski & Clune 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reverie.errors import UsageError
from reverie.evolve.archive import NOBODY, Archive
from reverie.evolve.genome import Brood, Encoding, child_rng
from reverie.evolve.state import PRUNE, Evolution, EvolutionPlan, HistoryRow

#: Pictures (N, C, H, W) in [0, 1] to confidences (N, classes).
Score = Callable[[Tensor], Tensor]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """What was made of some genomes.

    Attributes:
        confidence: (N, cells).
        penalty: (N,), what is taken off the confidences; None where nothing is.
        seconds: In the classifier.
    """

    confidence: Doubles
    penalty: Doubles | None
    seconds: float

    @property
    def fitness(self) -> Doubles:
        """(N, cells), by which pictures compete."""
        return self.confidence if self.penalty is None else self.confidence - self.penalty[:, None]


#: Genomes as they are judged, some at a time and all in their order.
Jury = Callable[[Sequence[Any]], Iterable[Judged]]


@dataclass(frozen=True)
class Generation:
    """What the search yields.

    Attributes:
        index: 0 for the random start.
        evaluations: Of the network so far.
        filled: Cells with an elite.
        improved: Cells that changed hands in this generation.
        median: Of all cells' confidences.
        over: How many elites are surer than .5, .95 and .99.
        network_seconds: In the classifier, for this generation.
        outside_seconds: In everything else, for this generation.
        state: All of the run; complete, and the search's own: save it or copy it, but do not change it.
    """

    index: int
    evaluations: int
    filled: int
    improved: int
    median: float
    over: tuple[int, int, int]
    network_seconds: float
    outside_seconds: float
    state: Evolution


def evolve(
    score: Score,
    encoding: Encoding[Any],
    *,
    size: int = 224,
    seed: int = 0,
    population: int = 400,
    children: int = 400,
    generations: int = 5000,
    classes: Sequence[int] | None = None,
    state: Evolution | None = None,
    batch: int = 50,
    jury: Jury | None = None,
) -> Iterator[Generation]:
    """Pictures that a classifier is ever surer of, one for each class, without a gradient.

    Parents are chosen uniformly from the filled cells; every child competes in all cells. To stop is to leave
    the ``for``: the last generation's state goes on later as if nothing had been. Pictures are judged as
    files of eight bits would hold them.

    Args:
        score: The classifier; it is shown at most ``batch`` pictures at once.
        encoding: How pictures are written down and mutate.
        size: Side of the pictures in pixels.
        seed: Of all chance.
        population: Random genomes to begin with.
        children: Of each generation.
        generations: After the start. A state that has done as many yields nothing.
        classes: Columns of the score to look for; None: all.
        state: Goes on from there; the settings have to be its own.
        batch: Pictures rendered and judged at once; it changes no genome.
        jury: Who judges instead, with the same classifier, encoding and size.

    Yields:
        Each generation, the start first.

    Raises:
        UsageError: A setting out of its range or not the state's; a score of another shape or not finite.
    """
    cells = None if classes is None else tuple(classes)
    plan = EvolutionPlan.of(
        encoding, size=size, seed=seed, population=population, children=children, classes=cells
    )
    if batch < 1:
        raise UsageError(f"batch {batch}: must be at least 1")
    if state is None:
        state = Evolution(plan)
    else:
        state.plan.check_same(plan)

    def here(genomes: Sequence[Any]) -> Iterator[Judged]:
        for first in range(0, len(genomes), batch):
            yield judge(score, encoding, genomes[first : first + batch], plan.size, cells)

    while state.generation <= generations:
        yield _generation(jury or here, encoding, state)


def _generation(jury: Jury, encoding: Encoding[Any], state: Evolution) -> Generation:
    """One generation: all of it is computed before anything of the state changes."""
    began, network = perf_counter(), 0.0
    plan, index = state.plan, state.generation
    genomes, parents, cells = _brood(encoding, state)
    if encoding.cost > 1 and index:
        network += perf_counter() - began  # what breeding asks of the network is the network's time
    judged = list(jury(genomes))
    fitness, confidence = (np.concatenate(found) for found in zip(*map(_both, judged), strict=True))
    network += sum(one.seconds for one in judged)
    archive = state.archive
    if not archive.classes:
        archive = Archive(range(confidence.shape[1]) if plan.classes is None else plan.classes)
    ids = range(plan.first_of(index), plan.first_of(index) + len(genomes))
    better = archive.update(fitness, confidence, genomes, ids)
    for winner in np.unique(archive.ids[better]).tolist():
        place = winner - ids.start
        state.lineage.add(winner, parents[place], cells[place])
    state.archive, state.generation = archive, index + 1
    state.evaluations += len(genomes) * (encoding.cost if index else 1)
    if state.generation % PRUNE == 0:
        state.lineage.prune(archive.elites()[0].tolist())
    over = archive.over(0.5), archive.over(0.95), archive.over(0.99)
    row = HistoryRow(index, state.evaluations, len(archive.filled()), archive.median(), *over)
    state.history.append(row)
    outside = perf_counter() - began - network
    state.network_seconds += network
    state.outside_seconds += outside
    return Generation(
        index, row.evaluations, row.filled, len(better), row.median, over, network, outside, state
    )


def _brood(encoding: Encoding[Any], state: Evolution) -> tuple[list[Any], list[int], list[int]]:
    """The genomes of the next generation, their parents' numbers, and the cells those were chosen from."""
    plan, index, archive = state.plan, state.generation, state.archive
    if index == 0:
        genomes = [encoding.start(child_rng(plan.seed, 0, i)) for i in range(plan.population)]
        return genomes, [NOBODY] * len(genomes), [NOBODY] * len(genomes)
    rngs = [child_rng(plan.seed, index, i) for i in range(plan.children)]
    filled = archive.filled().tolist()
    cells = [filled[int(rng.random() * len(filled))] for rng in rngs]
    parents, classes = [archive.genomes[cell] for cell in cells], [archive.classes[cell] for cell in cells]
    genomes = encoding.breed(Brood(parents, rngs, index, classes))
    if encoding.orphans:
        return genomes, [NOBODY] * len(genomes), [NOBODY] * len(genomes)
    return genomes, archive.ids[cells].tolist(), cells


def _both(judged: Judged) -> tuple[Doubles, Doubles]:
    return judged.fitness, judged.confidence


def judge(
    score: Score,
    encoding: Encoding[Any],
    genomes: Sequence[Any],
    size: int,
    classes: tuple[int, ...] | None = None,
) -> Judged:
    """Render genomes with sides of ``size`` pixels and judge them, all at once; errors as of ``evolve``."""
    pictures = encoding.render(genomes, size, eight_bit=True)
    began = perf_counter()
    scores = score(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    seconds = perf_counter() - began
    return Judged(_columns(scores, len(pictures), classes), encoding.penalty(pictures), seconds)


def _columns(scores: Tensor, count: int, classes: tuple[int, ...] | None) -> Doubles:
    """A score's columns that are cells, (count, cells)."""
    if scores.ndim != 2 or scores.shape[0] != count:
        raise UsageError(f"score: {tuple(scores.shape)} for {count} pictures; needs ({count}, classes)")
    if classes is not None:
        if not all(0 <= c < scores.shape[1] for c in classes):
            raise UsageError(f"classes: the classifier has 0 to {scores.shape[1] - 1}, not {max(classes)}")
        scores = scores[:, list(classes)]
    columns: Doubles = scores.detach().cpu().double().numpy()
    if not np.isfinite(columns).all():
        raise UsageError("score: gave values that are not finite")
    return columns
