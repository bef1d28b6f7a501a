"""The seam: d(score)/d(picture), in bounded memory. Above it canvases and loops, below it engines.

Nothing here knows what an objective is: a goal gives scores at layers (``Reading``) and at the picture
(``Penalty``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.gradient.engine import Engine, PlainEngine
from reverie.gradient.tiles import Tile, Tiling
from reverie.gradient.windows import Window, as_map

__all__ = [
    "Engine",
    "GoalLike",
    "PlainEngine",
    "Tiling",
    "Window",
    "as_map",
    "picture_gradient",
]

TINY = 1e-20
Fields = Mapping[str, Tensor]


class Reading(Protocol):
    """One term of a goal: a sum over the positions of one layer."""

    @property
    def weight(self) -> float: ...
    @property
    def layer(self) -> str: ...
    @property
    def mask(self) -> str | None: ...
    def score(self, activation: Tensor, window: Window, mask: Tensor | None) -> Tensor:
        """Unweighted score (N,) of a map (N, C, h, w), counted in ``window``."""


class PictureTerm(Protocol):
    """One term that reads the picture itself."""

    @property
    def weight(self) -> float: ...
    @property
    def value(self) -> Callable[[Tensor], Tensor]: ...


class GoalLike(Protocol):
    """What ``picture_gradient`` needs of a goal."""

    @property
    def balance(self) -> str: ...
    @property
    def layers(self) -> tuple[str, ...]: ...
    @property
    def penalties(self) -> Sequence[PictureTerm]: ...
    def groups(self) -> Sequence[Sequence[Reading]]: ...
    def fields(self, height: int, width: int, like: Tensor) -> dict[str, Tensor]: ...


def picture_gradient(
    engine: Engine,
    goal: GoalLike,
    picture: Tensor,
    *,
    fields: Fields | None = None,
    tiling: Tiling | None = None,
) -> tuple[Tensor, Tensor]:
    """The score and its gradient at the picture, each item of the batch on its own.

    Args:
        engine: Computes activations and pulls seeds back.
        goal: A bound objective.
        picture: (N, C, H, W) in [0, 1].
        fields: The goal's masks at this size, (1, 1, H, W), moved as the picture was moved.
        tiling: Cut the picture into tiles; None does it whole.

    Returns:
        score (N,), the weighted sum of the terms; gradient (N, C, H, W). With a balance the gradient is the
        balanced one, not the derivative of the score.
    """
    height, width = picture.shape[2:]
    fields = goal.fields(height, width, picture) if fields is None else fields
    groups = goal.groups()
    parts = [torch.zeros_like(picture) for _ in groups]
    score = picture.new_zeros(picture.shape[0])
    norms = _seed_norms(engine, goal, picture, fields, tiling) if goal.balance == "layers" else None
    for tile in _tiles(picture, tiling) if groups else ():
        rows, columns = _seen(tile)
        activations = engine.forward(picture[:, :, rows, columns], goal.layers)
        for i, group in enumerate(groups):
            value, seeds = _seeds(engine, group, activations, tile, picture, fields, norms)
            score = score + value
            gradient = engine.backward(seeds, last=i == len(groups) - 1)
            parts[i][:, :, rows, columns] += gradient.to(parts[i])
    return _combined(goal, groups, parts, fields, picture, score)


def _tiles(picture: Tensor, tiling: Tiling | None) -> Iterator[Tile | None]:
    if tiling is None:
        yield None
    else:
        yield from tiling.tiles(picture.shape[2], picture.shape[3])


def _seen(tile: Tile | None) -> tuple[slice, slice]:
    if tile is None:
        return slice(None), slice(None)
    top, left, bottom, right = tile.seen
    return slice(top, bottom), slice(left, right)


def _term_score(
    engine: Engine,
    term: Reading,
    raw: Tensor,
    tile: Tile | None,
    picture: Tensor,
    fields: Fields,
) -> Tensor:
    activation = as_map(raw)
    height, width = activation.shape[2:]
    if tile is None:
        window = Window.whole(height, width)
    else:
        geometry = engine.net.geometry(term.layer)
        stride = geometry[0] if geometry else 1
        window = Window.of_tile(tile, height, width, stride, picture.shape[2], picture.shape[3])
    mask = None
    if term.mask is not None:
        whole = F.adaptive_avg_pool2d(fields[term.mask], (window.height, window.width))
        mask = window.cut(whole)
    return term.score(activation, window, mask)


def _leaves(group: Sequence[Reading], activations: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {t.layer: activations[t.layer].detach().requires_grad_(True) for t in group}


def _seeds(
    engine: Engine,
    group: Sequence[Reading],
    activations: Mapping[str, Tensor],
    tile: Tile | None,
    picture: Tensor,
    fields: Fields,
    norms: Sequence[Tensor] | None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Scores (N,) of a group of terms and the gradients at their layers."""
    leaves = _leaves(group, activations)
    score = picture.new_zeros(picture.shape[0])
    seeds = {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    for i, term in enumerate(group):
        with torch.enable_grad():
            value = _term_score(engine, term, leaves[term.layer], tile, picture, fields)
            (seed,) = torch.autograd.grad(value.sum(), leaves[term.layer])
        share = term.weight * seed
        if norms is not None:
            share = share / norms[i].view(-1, *[1] * (seed.ndim - 1))
        seeds[term.layer] += share
        score = score + term.weight * value.detach().to(score)
    return score, seeds


def _seed_norms(
    engine: Engine,
    goal: GoalLike,
    picture: Tensor,
    fields: Fields,
    tiling: Tiling | None,
) -> list[Tensor]:
    """The L2 norm (N,) of each term's gradient at its layer, over the whole picture (a pass of its own)."""
    terms = [term for group in goal.groups() for term in group]
    squares = [picture.new_zeros(picture.shape[0]) for _ in terms]
    for tile in _tiles(picture, tiling):
        rows, columns = _seen(tile)
        activations = engine.forward(picture[:, :, rows, columns], goal.layers)
        leaves = _leaves(terms, activations)
        for i, term in enumerate(terms):
            with torch.enable_grad():
                value = _term_score(engine, term, leaves[term.layer], tile, picture, fields)
                (seed,) = torch.autograd.grad(value.sum(), leaves[term.layer])
            squares[i] += seed.flatten(1).square().sum(1).to(squares[i])
    return [s.sqrt().clamp_min(TINY) for s in squares]


def _rms(picture: Tensor) -> Tensor:
    return picture.flatten(1).square().mean(1).sqrt().clamp_min(TINY).view(-1, 1, 1, 1)


def _combined(
    goal: GoalLike,
    groups: Sequence[Sequence[Reading]],
    parts: Sequence[Tensor],
    fields: Fields,
    picture: Tensor,
    score: Tensor,
) -> tuple[Tensor, Tensor]:
    """Add up the groups' gradients and the penalties', each over its RMS where the goal is balanced."""
    balanced = goal.balance != "none" and len(groups) + len(goal.penalties) > 1
    total = torch.zeros_like(picture)
    for group, part in zip(groups, parts, strict=True):
        if not balanced:
            total += part
            continue
        share = sum(abs(t.weight) for t in group)
        mask = group[0].mask if len(group) == 1 else None
        # The same strength a pixel, however small the region.
        area = fields[mask].square().mean().sqrt() if mask else 1.0
        total += part / _rms(part) * share * area
    for penalty in goal.penalties:
        with torch.enable_grad():
            leaf = picture.detach().requires_grad_(True)
            value = penalty.value(leaf)
            (slope,) = torch.autograd.grad(value.sum(), leaf)
        score = score + penalty.weight * value.detach()
        total += penalty.weight * (slope / _rms(slope) if balanced else slope)
    return score, total
