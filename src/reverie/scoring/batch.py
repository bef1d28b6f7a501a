"""A batch of portraits, each with its own objective: activations in, scores and seeds for every item out.

Each item is computed alone, from a copy of its own activations, so that what it becomes cannot depend on who
its neighbours are: not even in the last bit, which the order of a sum over a batch would decide. Only terms
that ask for it (diversity, alignment) see the other items, and of those only their own family.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import torch
from torch import Tensor

from reverie.errors import UsageError
from reverie.gradient.cells import Window, as_map
from reverie.gradient.picture_gradient import slope_by_autograd
from reverie.scoring.bind import BoundObjective
from reverie.scoring.terms import BoundCode, BoundTerm

#: Gradients shorter than this are not made longer where terms are balanced.
TINY = 1e-20
Maps = Mapping[str, Tensor]  # layer -> (V, N, C, h, w)


class BatchObjective:
    """One objective for each item of a batch.

    Args:
        objectives: In the order of the items, as ``bind(..., portrait=True)`` makes them; one may stand in
            several places.
        families: For each item whose facets it is one of: ``diversity`` and ``alignment`` compare an item
            with the others of its family. By default all are one family.

    Raises:
        UsageError: There is no objective, a term is confined to a region, a balance is not "none" or "layers"
            where there is something to balance, or not every item has a family.
    """

    def __init__(
        self, objectives: Sequence[BoundObjective], *, families: Sequence[Hashable] | None = None
    ) -> None:
        self.objectives = tuple(objectives)
        families = [0] * len(self.objectives) if families is None else families
        if not self.objectives:
            raise UsageError("portraits: at least one objective is needed")
        if len(families) != len(self.objectives):
            raise UsageError(f"portraits: {len(families)} families for {len(self.objectives)} objectives")
        for objective in self.objectives:
            _check(objective)
        self._families: dict[tuple[Hashable, str], list[int]] = {}
        for i, (objective, family) in enumerate(zip(self.objectives, families, strict=True)):
            for key in dict.fromkeys(term.key for term in objective.pairwise):
                self._families.setdefault((family, key), []).append(i)

    def __len__(self) -> int:
        return len(self.objectives)

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that any item reads, each once."""
        return tuple(dict.fromkeys(name for objective in self.objectives for name in objective.layers))

    def evaluate(self, activations: Mapping[str, Tensor], views: int = 1) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores of all items and the gradients at the layers; an item's score is the mean over its views.

        Args:
            activations: Of every one of ``layers``, (views * N, ...): maps, tokens or vectors of the first
                view of every item, then of the second, and so on.
            views: How many views of each item there are.

        Returns:
            Scores (N,), weighted sums of the terms at layers; seeds of the activations' shapes, zero where
            an item does not read a layer. With a balance the seeds are the balanced ones.

        Raises:
            UsageError: A neuron's cell is not in the map.
        """
        maps = {k: _by_item(activations[k], views) for k in self.layers}
        seeds = {k: activations[k].new_zeros(activations[k].shape) for k in self.layers}
        slopes = {k: _by_item(seed, views) for k, seed in seeds.items()}  # writing here fills the seeds
        scores = [_item(objective, i, maps, slopes) for i, objective in enumerate(self.objectives)]
        for i, objective in enumerate(self.objectives):
            for code in objective.codes:
                scores[i] = scores[i] + _call(objective, code, i, activations, seeds, views)
        for (_, key), items in self._families.items():
            for i, score in zip(items, self._compare(key, items, maps, slopes), strict=True):
                scores[i] = scores[i] + score
        return torch.stack(scores), seeds

    def _compare(self, key: str, items: Sequence[int], maps: Maps, slopes: Maps) -> list[Tensor]:
        """Add a family's comparison of one kind to its items' slopes; returns their scores."""
        term = next(t for t in self.objectives[items[0]].pairwise if t.key == key)
        family = torch.stack([maps[term.layer][:, i] for i in items], 1)  # (V, n, C, h, w)
        values, found = term.of_maps(family)
        scores = []
        for place, i in enumerate(items):
            weight = sum(t.weight for t in self.objectives[i].pairwise if t.key == key)
            _add(self.objectives[i], weight, found[:, place], slopes[term.layer][:, i])
            scores.append(weight * values[:, place].mean())
        return scores

    def penalise(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (N,) of the penalties and their gradient (N, C, H, W) at pictures of that shape in [0, 1].

        They are as weighted, whatever the balance.
        """
        scores, gradient = [], torch.zeros_like(picture)
        for i, objective in enumerate(self.objectives):
            score = picture.new_zeros(())
            for penalty in objective.penalties:
                with torch.enable_grad():
                    leaf = picture[i : i + 1].detach().clone().requires_grad_(True)
                    value = penalty.piece(leaf, leaf.shape[2], leaf.shape[2])
                    (slope,) = torch.autograd.grad(value.sum(), leaf)
                gradient[i] += penalty.weight * slope[0]
                score = score + penalty.weight * value.detach()[0]
            scores.append(score)
        return torch.stack(scores), gradient


def _by_item(activation: Tensor, views: int) -> Tensor:
    """An activation (V * N, ...) as (V, N, C, h, w), in the same memory."""
    cells = as_map(activation)
    return cells.view(views, -1, *cells.shape[1:])


def _item(objective: BoundObjective, i: int, maps: Maps, slopes: Maps) -> Tensor:
    """Add the slopes of one item's terms to its own; returns its score."""
    cells: dict[str, Tensor] = {}
    score = next(iter(maps.values())).new_zeros(()) if maps else torch.zeros(())
    for term in objective.terms:
        if term.layer not in cells:  # in memory as it would be if the item were alone
            cells[term.layer] = maps[term.layer][:, i].clone(memory_format=torch.contiguous_format)
        value, slope = _slope(term, cells[term.layer])
        _add(objective, term.weight, slope, slopes[term.layer][:, i])
        score = score + term.weight * value.mean()
    for prior in objective.priors:
        mine = {name: maps[name][:, i] for name in prior.layers}
        score = score + prior.add(mine, {name: slopes[name][:, i] for name in prior.layers}).to(score)
    return score


def _call(
    objective: BoundObjective,
    code: BoundCode,
    i: int,
    activations: Mapping[str, Tensor],
    seeds: Mapping[str, Tensor],
    views: int,
) -> Tensor:
    """Add the slopes of a function of somebody's own to those of an item, view by view; returns its score."""
    mine = {name: _of_item(activations[name], views, i).clone() for name in code.layers}
    values, slopes = code.slopes(mine)
    share = torch.full_like(values, code.weight / views)
    if objective.balance == "layers":
        squares = sum(slope.flatten(1).square().sum(1) for slope in slopes.values())
        share = share / torch.as_tensor(squares).sqrt().clamp_min(TINY).to(share)
    for name, slope in slopes.items():
        seed = _of_item(seeds[name], views, i)
        seed += slope * share.to(slope).view(-1, *[1] * (slope.ndim - 1))
    return code.weight * values.mean()


def _of_item(activation: Tensor, views: int, i: int) -> Tensor:
    """The views of one item of an activation (V * N, ...), in the same memory (V, ...)."""
    return activation.view(views, -1, *activation.shape[1:])[:, i]


def _slope(term: BoundTerm, cells: Tensor) -> tuple[Tensor, Tensor]:
    """A term's unweighted score (V,) of one item's views and its gradient there (V, C, h, w)."""
    window = Window.whole(*cells.shape[2:])
    return term.slope(cells, window, None) or slope_by_autograd(term, cells, window, None)


def _add(objective: BoundObjective, weight: float, slope: Tensor, out: Tensor) -> None:
    """Add a term's share of an item's gradient (V, C, h, w), for a score that is the mean over the views."""
    if objective.balance == "layers":
        norm: Tensor = torch.linalg.vector_norm(slope, dim=(1, 2, 3), keepdim=True)
        slope = slope / norm.clamp_min(TINY)
    out += slope * (weight / len(slope))


def _check(objective: BoundObjective) -> None:
    for term in objective.terms:
        if term.mask is not None:
            raise UsageError(f'objective "{term.text}": a portrait has no regions; drop the @')
    kinds = objective.terms, objective.codes, objective.pairwise, objective.priors, objective.penalties
    parts = sum(map(len, kinds))
    if objective.balance not in ("none", "layers") and parts > 1:
        raise UsageError(f"portraits: balance {objective.balance} is not for portraits; use layers or none")
