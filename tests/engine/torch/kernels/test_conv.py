"""Each kind of convolution of the native library by itself, beside torch's in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F

from reverie.engine.torch.kernels.conv import ConvInput, DenseConv
from reverie.native import Isa, dense, instruction_sets
from reverie.native.dense import Convolution, ConvolutionKind
from support.convolutions import NATIVE, SETS, last, off, random

pytestmark = NATIVE


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("kind", list(ConvolutionKind))
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (17, 24), (3, 40)])
def test_every_kind_is_the_convolution(isa: Isa, kind: ConvolutionKind, size: tuple[int, int]) -> None:
    kernel = (4, 2) if kind is ConvolutionKind.GATHERED else kind.kernel
    inputs, outputs = 21, 37
    weight, bias, x = random(1, outputs, inputs, *kernel), random(2, outputs), random(3, 2, inputs, *size)
    before = (kernel[0] // 2, kernel[1] // 2)
    after = (kernel[0] - 1 - before[0], kernel[1] - 1 - before[1])
    around = (before[1], after[1], before[0], after[0])
    expected = F.conv2d(F.pad(x, around), weight, bias)
    taps = Convolution(weight.permute(2, 3, 1, 0).numpy(), kind, isa)
    conv = DenseConv(taps, [x.shape], [expected.shape], before, [bias])
    for threads in (1, 3):
        torch.set_num_threads(threads)
        ((found, gate),) = conv([ConvInput(last(x))], [None])
        assert gate is None
        assert off(found, expected) < 3e-5
        if threads == 1:
            first = found
    assert torch.equal(found, first)
    assert taps.bytes > 0


@pytest.mark.skipif(Isa.AVX512_BF16 not in instruction_sets(), reason="no bf16 on this machine")
@pytest.mark.parametrize("kind", list(ConvolutionKind))
def test_products_in_bf16_are_off_by_what_they_are_said_to(kind: ConvolutionKind) -> None:
    kernel = (3, 3) if kind is ConvolutionKind.GATHERED else kind.kernel
    inputs, outputs = 51, 64
    x = random(1, 2, inputs, 25, 31) * (random(2, 2, inputs, 25, 31) > 0)
    weight = random(3, outputs, inputs, *kernel)
    expected = F.conv2d(x, weight)
    taps = Convolution(weight.permute(2, 3, 1, 0).numpy(), kind, Isa.AVX512_BF16)
    assert taps.bytes < Convolution(weight.permute(2, 3, 1, 0).numpy(), kind, Isa.AVX512).bytes
    ((found, _),) = DenseConv(taps, [x.shape], [expected.shape], (0, 0))([ConvInput(last(x))], [None])
    error = off(found, expected)
    if kind in dense.ERRORS:
        assert 0.6 * dense.ERRORS[kind] < error < 1.1 * dense.ERRORS[kind]
    else:
        assert 0.03 < error < 0.06


@pytest.mark.skipif(Isa.AVX512_BF16 not in instruction_sets(), reason="no bf16 on this machine")
def test_products_in_bf16_of_small_whole_numbers_are_exact() -> None:
    """Seven taps of 21 channels: an odd number of factors, which go by in pairs."""
    x = random(1, 1, 21, 12, 17).mul(10).round().clamp(-100, 100)
    weight = random(2, 40, 21, 7, 1).mul(10).round().clamp(-100, 100)
    taps = Convolution(weight.permute(2, 3, 1, 0).numpy(), ConvolutionKind.GATHERED, Isa.AVX512_BF16)
    expected = F.conv2d(x, weight)
    conv = DenseConv(taps, [x.shape], [expected.shape], (0, 0))
    # What lay in the memory before must not matter, infinite as it may be.
    conv([ConvInput(last(torch.full_like(x, float("inf"))))], [None])
    assert torch.equal(conv([ConvInput(last(x))], [None])[0].map.double(), expected)


@pytest.mark.parametrize(("results", "taps"), [(6, 3), (4, 5), (5, 4)])
def test_a_tile_is_a_correlation_of_every_place_with_every_tap(results: int, taps: int) -> None:
    """One-hot signals and filters: what the matrices of Toom and Cook are made for."""
    size = results + taps - 1
    out = torch.Size((1, 16, results, results))
    for place, tap in itertools.product(range(size), range(taps)):
        x = torch.zeros(1, 16, size, size, dtype=torch.float64)
        x[0, 0, :, place] = 1
        weight = torch.zeros(taps, taps, 16, 16, dtype=torch.float64)
        weight[0, tap, 0, 0] = 1
        kind = ConvolutionKind[f"W{results}X{results}_{taps}X{taps}"]
        conv = DenseConv(Convolution(weight.numpy(), kind, SETS[0]), [x.shape], [out], (0, 0))
        row = conv([ConvInput(last(x))], [None])[0].map[0, 0, 0].tolist()
        assert row == pytest.approx([int(i + tap == place) for i in range(results)], abs=2e-5)
