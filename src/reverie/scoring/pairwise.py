"""Terms that compare the items of a batch with each other, with their gradients.

Each gets the maps of a family, (V, n, C, h, w): V views of n items. What is compared are the items in one
view. An item's score is climbed with the others held where they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.objective import Alignment, Diversity
from reverie.scoring.binder import Binder, scores
from reverie.scoring.terms import Comparison

#: Alignment reaches so many places to both sides (lucid).
PLACES = 4
TINY = 1e-10


def diversity(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Minus the mean cosine of an item's Gram matrix with those of the others (Olah et al. 2017).

    Returns:
        Scores (V, n) in [-1, 1], 0 for an item that is alone; their gradients at the item, as ``maps``.
    """
    views, count = maps.shape[:2]
    if count < 2:
        return maps.new_zeros(views, count), torch.zeros_like(maps)
    columns = maps.flatten(3)  # (V, n, C, P)
    gram = columns @ columns.transpose(2, 3)  # (V, n, C, C)
    norm = torch.linalg.vector_norm(gram, dim=(2, 3), keepdim=True).clamp_min(TINY)
    unit = gram / norm
    others = (unit.sum(1, keepdim=True) - unit) / (count - 1)
    cosine = (unit * others).sum((2, 3), keepdim=True)  # (V, n, 1, 1)
    slope = (others - cosine * unit) / norm  # d(cosine)/d(gram), symmetric
    return -cosine[..., 0, 0], (-2 * slope @ columns).view(maps.shape)


@scores(Diversity)
def _diversity(wanted: Diversity, binder: Binder) -> Comparison:
    return binder.among_items(wanted.layer, diversity)


def alignment(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Minus the mean square difference from the neighbours in the batch, halved with each place (lucid).

    Returns:
        Scores (V, n), at most 0; their gradients at the item, as ``maps``.
    """
    score, slope = maps.new_zeros(maps.shape[:2]), torch.zeros_like(maps)
    size = maps[0, 0].numel()
    for places in range(1, min(PLACES, maps.shape[1] - 1) + 1):
        apart = maps[:, places:] - maps[:, :-places]
        share = 0.5**places / size
        square = apart.square().sum((2, 3, 4)) * share
        score[:, places:] -= square
        score[:, :-places] -= square
        slope[:, places:] -= 2 * share * apart
        slope[:, :-places] += 2 * share * apart
    return score, slope


@scores(Alignment)
def _alignment(wanted: Alignment, binder: Binder) -> Comparison:
    return binder.among_items(wanted.layer, alignment)
