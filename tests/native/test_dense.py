"""Which kind of convolution is taken, and what is said without memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reverie.errors import UsageError
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
        convolution.run(one_pixel())


def one_pixel() -> dense.ConvolutionJob:
    """A job as small as can be, on no memory of its own."""
    fields = {name: 1 for name in dense._SIDES} | {"threads": 1}
    source, target = dense.ConvolutionSource(), dense.ConvolutionTarget()
    return dense.ConvolutionJob(**fields, source=ctypes.pointer(source), target=ctypes.pointer(target))


@pytest.mark.parametrize("name", [*dense._SIDES, "threads", "source", "target"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_job_that_is_none_is_refused(name: str, value: int) -> None:
    job = one_pixel()
    setattr(job, name, None if name in ("source", "target") else value)
    convolution = Convolution(np.ones((1, 1, 16, 16)), ConvolutionKind.GATHERED, SETS[0])
    with pytest.raises(UsageError, match=name):
        convolution.run(job)


@pytest.mark.parametrize(
    ("taps", "kind", "settings"),
    [
        ((3, 3, 16), ConvolutionKind.GATHERED, {}),
        ((3, 3, 0, 16), ConvolutionKind.GATHERED, {}),
        ((3, 3, 16, 0), ConvolutionKind.GATHERED, {}),
        ((0, 3, 16, 16), ConvolutionKind.GATHERED, {}),
        ((2, 3, 16, 16), ConvolutionKind.W6X6_3X3, {}),
        ((1, 1, 16, 16), ConvolutionKind.GATHERED, {"step": (0, 1)}),
        ((1, 1, 16, 16), ConvolutionKind.GATHERED, {"places": [(0, 0), (1, 1)]}),
    ],
)
def test_a_filter_that_is_none_is_refused(taps: Any, kind: ConvolutionKind, settings: Any) -> None:
    with pytest.raises(UsageError):
        Convolution(np.ones(taps), kind, SETS[0], **settings)
