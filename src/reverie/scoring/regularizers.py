"""Terms that read the picture itself, each a sum over its rows so that it can be computed in strips.

All take the same arguments: ``strip`` (N, C, rows or rows + 1, W), these rows of a picture and the one below
if there is one; ``rows``, how many of them count; ``height``, of the whole picture. They return (N,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from reverie.objective import L2, Alpha, TotalVariation
from reverie.scoring.registry import scores

if TYPE_CHECKING:
    from reverie.scoring.binder import Binder
    from reverie.scoring.terms import Penalty

OfRows = Callable[[Tensor, int, int], Tensor]


def total_variation(strip: Tensor, rows: int, height: int) -> Tensor:
    """Mean absolute difference of neighbours, the part of some rows, (N,) (Rudin et al. 1992).

    Args:
        strip: (N, C, rows or rows + 1, W): these rows of a picture, and the one below if there is one.
        rows: How many count.
        height: Of the picture.
    """
    return _differences(strip, rows, height, 1.0)


def total_variation_to(power: float) -> OfRows:
    """Mean difference of neighbours to a power, as a function like ``total_variation``.

    Power 2 is Mahendran & Vedaldi's (2015) at their beta of 2, over the number of differences.
    """
    if power == 1:
        return total_variation
    return lambda strip, rows, height: _differences(strip, rows, height, power)


@scores(TotalVariation)
def _tv(wanted: TotalVariation, binder: Binder) -> Penalty:
    return binder.at_picture(total_variation_to(wanted.power))


def distance_from_grey(strip: Tensor, rows: int, height: int) -> Tensor:
    """Mean square distance from 0.5, the part of some rows, (N,); arguments as ``total_variation``."""
    own = strip[:, :, :rows]
    return (own - 0.5).square().sum((1, 2, 3)) / (own[0, :, 0].numel() * height)


@scores(L2)
def _l2(wanted: L2, binder: Binder) -> Penalty:
    return binder.at_picture(distance_from_grey)


def alpha_norm(power: float) -> OfRows:
    """Mean distance from 0.5 to a power (Mahendran & Vedaldi 2015), a function like ``total_variation``."""

    def of_rows(strip: Tensor, rows: int, height: int) -> Tensor:
        own = strip[:, :, :rows]
        return _power(own - 0.5, power).sum((1, 2, 3)) / (own[0, :, 0].numel() * height)

    return of_rows


@scores(Alpha)
def _alpha(wanted: Alpha, binder: Binder) -> Penalty:
    return binder.at_picture(alpha_norm(wanted.power))


def _differences(strip: Tensor, rows: int, height: int, power: float) -> Tensor:
    channels, width = strip.shape[1], strip.shape[3]
    own = strip[:, :, :rows]
    down = _power(strip[:, :, 1:] - strip[:, :, :-1], power).sum((1, 2, 3))
    across = _power(own[..., 1:] - own[..., :-1], power).sum((1, 2, 3))
    return down / (channels * max(1, height - 1) * width) + across / (channels * height * max(1, width - 1))


def _power(x: Tensor, power: float) -> Tensor:
    if power == 1:
        return x.abs()
    return x.square() if power == 2 else x.abs() ** power
