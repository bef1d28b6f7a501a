"""The EfficientNet-Lite engine of the native library, bound with ctypes: addresses in, nothing of torch.

Maps lie as (picture, row, column, channel) in fp32, channels padded to a multiple of 16. Stages are counted
from the stem (0) over the blocks to the head and the classifier at every position.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from enum import IntEnum

from reverie.native import Isa, Unavailable, function
from reverie.native.check import check_given, check_range, check_sides, check_that, check_threads

_int, _long, _address = ctypes.c_int, ctypes.c_long, ctypes.c_void_p
#: Kernels may read, never write, this many positions behind the end of a map.
SLACK = 32


class Math(IntEnum):
    """The kernels: how products are made."""

    FP32_AVX2 = 0
    FP32_AVX512 = 1
    BF16_AVX512 = 2
    BF16_AMX = 3
    SPLIT_AMX = 4


#: How each instruction set computes by default: (forward, backward). Precision goes into the forward pass,
#: where an error of rounding flips ReLUs; backward bf16 is good to four digits of the gradient's cosine.
MATHS: Mapping[Isa, tuple[Math, Math]] = {
    Isa.AVX2: (Math.FP32_AVX2, Math.FP32_AVX2),
    Isa.AVX512: (Math.FP32_AVX512, Math.FP32_AVX512),
    Isa.AVX512_BF16: (Math.FP32_AVX512, Math.BF16_AVX512),
    Isa.AMX: (Math.SPLIT_AMX, Math.BF16_AMX),
}


class Pictures(ctypes.Structure):
    """A batch of pictures: planes of fp32; the network sees value * scale + shift. Strides in floats."""

    _fields_ = [
        ("data", _address),
        *((name, _long) for name in ("image", "plane", "row")),
        ("scale", ctypes.c_float * 3),
        ("shift", ctypes.c_float * 3),
    ]


class Seed(ctypes.Structure):
    """A gradient at a stage; data is None where there is none. Strides in floats."""

    _fields_ = [
        ("data", _address),
        *((name, _long) for name in ("image", "channel", "row", "column")),
    ]


class LiteWork(ctypes.Structure):
    """A batch, how deep it goes, and the memory it works in (kept between forward and backward)."""

    _fields_ = [
        *((name, _int) for name in ("count", "height", "width", "stages", "keep", "threads")),
        ("memory", _address),
    ]


_WORK, _PICTURES = ctypes.POINTER(LiteWork), ctypes.POINTER(Pictures)


class LiteNetwork:
    """A network in the library's hands; freed when this object goes."""

    _handle = None

    def __init__(
        self,
        plan: Sequence[tuple[int, ...]],
        head: int,
        classes: int,
        weights: int,
        forward: Math,
        backward: Math,
    ) -> None:
        """Takes over a copy of the weights.

        Args:
            plan: A block: inputs, expanded, outputs, kernel, stride, whether it is residual (0 or 1).
            head: Channels of the head.
            classes: Outputs of the classifier.
            weights: Address of the folded weights in fp32, one after the other: stem (out, ky, kx, in) and
                bias; a block's expansion (out, in) and bias (not the first's), filter (channel, ky, kx) and
                bias, projection (out, in) and bias; head and bias; classifier and bias.
            forward: The kernels of the forward pass.
            backward: The kernels of the backward pass.

        Raises:
            Unavailable: No library, or this processor lacks what the kernels need.
            UsageError: A plan that is none, or no weights.
        """
        check_that(len(plan) > 0 and weights != 0, "a plan has to have blocks, and weights")
        for block in plan:
            check_that(len(block) == 6 and min(block[:3]) > 0, "a block is six numbers, its channels above 0")
            check_that(
                block[3] in (3, 5) and block[4] in (1, 2), "a block's kernel is 3 or 5, its stride 1 or 2"
            )
            check_that(
                not block[5] or block[0] == block[2], "a residual block gives as many channels as it takes"
            )
        check_range("head", head, 1)
        check_range("classes", classes, 1)
        numbers = [n for block in plan for n in block]
        new = function(
            "reverie_lite_new", _address, ctypes.POINTER(_int), _int, _int, _int, _address, _int, _int
        )
        self._handle = new(
            (_int * len(numbers))(*numbers), len(plan), head, classes, weights, int(forward), int(backward)
        )
        if not self._handle:
            raise Unavailable(f"this processor cannot compute in {forward.name} and {backward.name}")
        self.stages = len(plan) + 3
        self._free = function("reverie_lite_free", None, _address)

    def bytes_for(self, work: LiteWork) -> int:
        """Bytes that ``work.memory`` has to have. UsageError: no such work."""
        self._check(work)
        size = function("reverie_lite_bytes", ctypes.c_size_t, _address, _WORK)
        return int(size(self._handle, ctypes.byref(work)))

    def forward(
        self, work: LiteWork, pictures: Pictures, maps: Mapping[int, int], logits: int | None
    ) -> None:
        """Computes ``work.stages`` stages; ``maps`` gives the address for each stage that is wanted.

        Every address has to hold what its shape says. UsageError: no such work, stage, picture or memory.
        """
        self._check(work)
        check_given(work, ("memory",))
        check_given(pictures, ("data",))
        check_that(all(0 <= i < work.stages for i in maps), "maps are of stages that are computed")
        check_that(logits is None or work.stages == self.stages, "logits are of all stages")
        run = function(
            "reverie_lite_forward", None, _address, _WORK, _PICTURES, ctypes.POINTER(_address), _address
        )
        addresses = (_address * self.stages)(*[maps.get(i) for i in range(self.stages)])
        run(self._handle, ctypes.byref(work), ctypes.byref(pictures), addresses, logits)

    def backward(
        self, work: LiteWork, seeds: Mapping[int, Seed], logits: int | None, gradient: Pictures
    ) -> None:
        """Writes the gradient at the pictures for seeds by stage, of the last ``forward`` in this memory.

        Every address has to hold what its shape says. UsageError: no such work, stage, picture or memory.
        """
        self._check(work)
        check_given(work, ("memory", "keep"))
        check_given(gradient, ("data",))
        check_that(all(0 <= i < work.stages for i in seeds), "seeds are of stages that were computed")
        check_that(logits is None or work.stages == self.stages, "a seed of the logits is of all stages")
        run = function(
            "reverie_lite_backward", None, _address, _WORK, ctypes.POINTER(Seed), _address, _PICTURES
        )
        laid = (Seed * self.stages)(*[seeds.get(i, Seed()) for i in range(self.stages)])
        run(self._handle, ctypes.byref(work), laid, logits, ctypes.byref(gradient))

    def _check(self, work: LiteWork) -> None:
        check_sides(work, ("count", "height", "width"))
        check_range("stages", work.stages, 1, self.stages)
        check_threads(work.threads)

    def __del__(self) -> None:
        if self._handle:
            self._free(self._handle)
