"""Where something is most nearly seen already: squares of a photograph, found by looking at all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.ascent.session import Session
from reverie.ops.filters import resize
from reverie.recipe.recipe import Recipe
from reverie.recipe.sites import Sites
from reverie.scoring.batch import BatchObjective

#: So many squares are looked at at once.
AT_ONCE = 16
#: Squares lie so much of their side apart.
STRIDE = 0.25
#: Two sites' centres are at least this much of the sum of their sides apart.
APART = 0.46
#: Where no more sites fit they are made smaller, down to this share of the short side.
SHRINK, SMALLEST = 0.8, 0.18
#: A square is worth less by so many times the logarithm of its share of white, and black counts as this much.
AVOIDED, BLACK = 4.0, 1e-3


@dataclass(frozen=True)
class Site:
    """A square of a picture: its centre as shares of width and height, its side as one of the short side.

    ``target`` is the place of its objective among those of the recipe.
    """

    x: float
    y: float
    side: float
    target: int = 0

    def pixels(self, size: tuple[int, int]) -> tuple[float, float, float]:
        """Centre and side in pixels of a picture of a (width, height)."""
        return self.x * size[0], self.y * size[1], self.side * min(size)


def squares(size: tuple[int, int], side: float) -> list[tuple[float, float]]:
    """Centres of squares that lie on a grid and cover a picture, in shares of its (width, height).

    ``side`` is a share of the short side; neighbours are about ``STRIDE`` of it apart.
    """
    width, height = size
    length = side * min(size)

    def places(whole: int) -> list[float]:
        room = whole - length
        count = round(room / (length * STRIDE)) + 1 if room > 0.02 * whole else 1
        return [0.5] if count == 1 else [(length / 2 + room * i / (count - 1)) / whole for i in range(count)]

    return [(x, y) for y in places(height) for x in places(width)]


def find_sites(
    score: Callable[[float, Sequence[tuple[float, float]]], Tensor],
    size: tuple[int, int],
    settings: Sites,
    targets: int,
) -> list[Site]:
    """The best squares, one after another, each apart from those before; targets take turns.

    The first of one target is the largest; several share the room. Where none fits any more the squares are
    made smaller, and at last there are fewer than asked for.

    Args:
        score: Of a side and the centres of so many squares: (targets, squares), more is better.
        size: (width, height) in pixels.
        settings: ``count`` and ``sides``.
        targets: How many there are; each gets one site at least, if they fit.
    """
    first, second = (max(SMALLEST, side / math.sqrt(targets)) for side in settings.sides)
    found: list[Site] = []
    known: dict[float, tuple[list[tuple[float, float]], list[list[float]]]] = {}
    side = first
    for turn in range(max(settings.count, targets)):
        if turn == targets:
            side = min(side, second)
        while side >= SMALLEST:
            if side not in known:
                centres = squares(size, side)
                known[side] = centres, score(side, centres).tolist()
            best = _best(*known[side], side, turn % targets, found, size)
            if best is not None:
                found.append(best)
                break
            side *= SHRINK
        if turn < targets and len(found) == turn:  # each has one, even if it has to lie over another
            found += filter(None, [_best(*known[min(known)], min(known), turn, [], size)])
    return found


def _best(
    centres: Sequence[tuple[float, float]],
    scores: Sequence[Sequence[float]],
    side: float,
    target: int,
    found: Sequence[Site],
    size: tuple[int, int],
) -> Site | None:
    """The square of the highest score of a target that is apart from all that were found."""
    squares = (Site(*centre, side, target) for centre in centres)
    free = [
        (score, -place, site)
        for place, (score, site) in enumerate(zip(scores[target], squares, strict=True))
        if all(_apart(site, other, size) for other in found)
    ]
    return max(free, key=lambda one: one[:2])[2] if free else None


def _apart(one: Site, other: Site, size: tuple[int, int]) -> bool:
    (x, y, side), (u, v, length) = one.pixels(size), other.pixels(size)
    return math.hypot(x - u, y - v) > APART * (side + length)


def sites_in(source: Tensor, mask: Tensor | None, recipe: Recipe, session: Session) -> list[Site]:
    """The sites of all objectives of a recipe in a source (1, C, H, W), rather where a mask is white."""
    assert recipe.sites is not None
    view = max(recipe.sites.look_size, session.net.min_size)
    bare = recipe.model_copy(update={"sites": recipe.sites.model_copy(update={"priors": ()})})
    goals = [session.goal(bare, k) for k in range(len(recipe.objective))]
    objective = BatchObjective(goals)
    size = source.shape[3], source.shape[2]

    def score(side: float, centres: Sequence[tuple[float, float]]) -> Tensor:
        seen = [_scores(part, objective, session) for part in _looks(source, side, centres, view)]
        scores = torch.cat(seen, 1).double().cpu()
        if mask is not None:
            white = [cut(mask, Site(*centre, side).pixels(size)).mean().item() for centre in centres]
            scores += AVOIDED * torch.tensor(white, dtype=torch.float64).clamp_min(BLACK).log()
        return scores

    return find_sites(score, size, recipe.sites, len(goals))


def _looks(
    source: Tensor, side: float, centres: Sequence[tuple[float, float]], view: int
) -> Iterator[Tensor]:
    """Squares of a picture as the network looks at them, (K, C, view, view), a few at once."""
    size = source.shape[3], source.shape[2]
    for at in range(0, len(centres), AT_ONCE):
        parts = [cut(source, Site(*c, side).pixels(size)) for c in centres[at : at + AT_ONCE]]
        yield torch.cat([resize(part, view, view) for part in parts]).clamp(0, 1)


def cut(plane: Tensor, square: tuple[float, float, float]) -> Tensor:
    """A square (centre, side) of a plane (1, C, H, W), to whole pixels and within it."""
    x, y, side = square
    height, width = plane.shape[2:]
    length = max(1, min(round(side), height, width))
    top = min(max(0, round(y - side / 2)), height - length)
    left = min(max(0, round(x - side / 2)), width - length)
    return plane[:, :, top : top + length, left : left + length]


def _scores(looks: Tensor, objective: BatchObjective, session: Session) -> Tensor:
    """What each objective says of each look, (targets, K)."""
    with session.turn:
        activations = session.engine.forward(looks, objective.layers)
    found = []
    for goal in objective.objectives:
        alone = BatchObjective([goal] * len(looks), families=range(len(looks)))
        found.append(alone.evaluate({k: activations[k] for k in alone.layers})[0])
    return torch.stack(found)
