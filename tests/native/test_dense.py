"""Which kind of convolution is taken, and what is said without memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reverie.native import Isa, dense
from reverie.native.dense import Convolution, ConvolutionKind, ConvolutionWork
from support.convolutions import NATIVE, SETS

pytestmark = NATIVE


@pytest.mark.parametrize("side", [1, 3, 10, 40, 200])
def test_the_cheapest_kind_fits_the_size(side: int) -> None:
    work = ConvolutionWork(256, 256, (3, 3), 1, side, side)
    kind, isa = dense.cheapest(work)
    assert isa is Isa.AVX512
    assert kind.kernel in ((3, 3), (1, 1))
    assert work.cost(kind) == min(
        work.cost(k)
        for k in (
            ConvolutionKind.GATHERED,
            ConvolutionKind.W2X2_3X3,
            ConvolutionKind.W4X4_3X3,
            ConvolutionKind.W6X6_3X3,
        )
    )
    if side == 1:
        assert kind is ConvolutionKind.GATHERED
    if side == 200:
        assert kind is ConvolutionKind.W6X6_3X3
    assert dense.cheapest(ConvolutionWork(64, 64, (4, 2), 1, side, side))[0] is ConvolutionKind.GATHERED


def test_bf16_is_taken_where_its_error_is_allowed() -> None:
    large = ConvolutionWork(256, 256, (3, 3), 1, 200, 200)
    assert dense.cheapest(large, Isa.AVX512_BF16, 0.02) == (ConvolutionKind.W4X4_3X3, Isa.AVX512_BF16)
    assert dense.cheapest(large, Isa.AVX512_BF16, 0.003) == (ConvolutionKind.W6X6_3X3, Isa.AVX512)
    points = ConvolutionWork(256, 256, (1, 1), 1, 200, 200)
    assert dense.cheapest(points, Isa.AVX512_BF16, 0.003) == (ConvolutionKind.GATHERED, Isa.AVX512_BF16)
    assert dense.cheapest(points, Isa.AVX2) == (ConvolutionKind.GATHERED, Isa.AVX2)


def test_no_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    function = dense.function

    def answering(asked: str, answer: int | None) -> Callable[..., Any]:
        return lambda name, *types: (lambda *_: answer) if name == asked else function(name, *types)

    monkeypatch.setattr(dense, "function", answering("reverie_dense_new", None))
    with pytest.raises(MemoryError, match="packing"):
        Convolution(np.ones((1, 1, 16, 16)), ConvolutionKind.GATHERED, SETS[0])
    monkeypatch.setattr(dense, "function", answering("reverie_dense_run", -1))
    convolution = Convolution(np.ones((1, 1, 16, 16)), ConvolutionKind.GATHERED, SETS[0])
    with pytest.raises(MemoryError, match="in a convolution"):
        convolution.run(dense.ConvolutionJob())
