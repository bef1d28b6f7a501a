"""Terms that read the picture itself, each a sum over its rows so that it can be computed in strips.

All take the same arguments: ``strip`` (N, C, rows or rows + 1, W), these rows of a picture and the one below
if there is one; ``rows``, how many of them count; ``height``, of the whole picture. They return (N,).
"""

from __future__ import annotations

from functools import partial

from torch import Tensor

from reverie.objective import L2, Alpha, TotalVariation
from reverie.scoring.binder import Binder, scores
from reverie.scoring.terms import Penalty


def total_variation(strip: Tensor, rows: int, height: int, power: float = 1.0) -> Tensor:
    """Mean difference of neighbours, the part of some rows, (N,) (Rudin et al. 1992).

    Args:
        strip: (N, C, rows or rows + 1, W): these rows of a picture, and the one below if there is one.
        rows: How many count.
        height: Of the picture.
        power: Each difference to this power; 2 is Mahendran & Vedaldi's (2015) at their beta of 2, over the
            number of differences.
    """
    channels, width = strip.shape[1], strip.shape[3]
    own = strip[:, :, :rows]
    down = _power(strip[:, :, 1:] - strip[:, :, :-1], power).sum((1, 2, 3))
    across = _power(own[..., 1:] - own[..., :-1], power).sum((1, 2, 3))
    return down / (channels * max(1, height - 1) * width) + across / (channels * height * max(1, width - 1))


@scores(TotalVariation)
def _tv(wanted: TotalVariation, binder: Binder) -> Penalty:
    return binder.at_picture(partial(total_variation, power=wanted.power))


def alpha_norm(strip: Tensor, rows: int, height: int, power: float) -> Tensor:
    """Mean distance from 0.5 to a power (Mahendran & Vedaldi 2015); arguments as ``total_variation``."""
    own = strip[:, :, :rows]
    return _power(own - 0.5, power).sum((1, 2, 3)) / (own[0, :, 0].numel() * height)


@scores(L2)
def _l2(wanted: L2, binder: Binder) -> Penalty:
    return binder.at_picture(partial(alpha_norm, power=2.0))


@scores(Alpha)
def _alpha(wanted: Alpha, binder: Binder) -> Penalty:
    return binder.at_picture(partial(alpha_norm, power=wanted.power))


def _power(x: Tensor, power: float) -> Tensor:
    if power == 1:
        return x.abs()
    return x.square() if power == 2 else x.abs() ** power
