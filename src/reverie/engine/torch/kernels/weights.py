"""Packed weights of the native library's convolutions: the cheapest way for a size, shared between sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from reverie.native import Isa, dense
from reverie.native.dense import Convolution, ConvolutionKind, ConvolutionWork

if TYPE_CHECKING:
    from reverie.engine.torch.conv.spec import ConvSpec
    from reverie.engine.torch.conv.store import Store

#: What bf16 may be off by in one convolution, as a share of its results.
ERROR = 0.025
Pair = tuple[int, int]


def cheapest_weights(
    purpose: object,
    spec: ConvSpec,
    weight: Callable[[], Tensor],
    kernel: Pair,
    taken: torch.Size,
    made: torch.Size,
    store: Store,
    isa: Isa,
) -> Convolution:
    """Weights packed in the cheapest way for a size.

    Args:
        purpose: What they are for: the same weights for another are others.
        spec: The convolution that they are made of.
        weight: Gives them, (rows, columns, in, out).
        kernel: Rows and columns.
        taken: (N, in, H, W) of what is read.
        made: (N, out, h, w) of the results.
        store: Where they are kept.
        isa: The instruction set that there is.
    """
    way = dense.cheapest(work_of(taken[1], made, kernel), isa, ERROR)
    return shared_weights(purpose, [spec], weight, *way, store)


def work_of(inputs: int, made: torch.Size, kernel: Pair) -> ConvolutionWork:
    """What a convolution has to do to make results (N, out, h, w) from so many channels."""
    count, outputs, height, width = made
    return ConvolutionWork(inputs, outputs, kernel, count, height, width)


def shared_weights(
    purpose: object,
    specs: Sequence[ConvSpec],
    weight: Callable[[], Tensor],
    kind: ConvolutionKind,
    isa: Isa,
    store: Store,
    *,
    places: Sequence[Pair] | None = None,
    step: Pair = (1, 1),
) -> Convolution:
    """Weights packed in a way; see ``cheapest_weights``, and ``Convolution`` for ``places`` and ``step``."""

    def pack() -> Convolution:
        return Convolution(weight().double().numpy(), kind, isa, places=places, step=step)

    sources = tuple(source for spec in specs for source in spec.sources)
    return store.get(("dense", purpose, kind, isa, step, tuple(places or ())), sources, pack)


def pair(sizes: Sequence[int]) -> Pair:
    """Rows and columns."""
    down, across = sizes
    return down, across
