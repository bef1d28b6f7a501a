"""The EfficientNet-Lite engine of the native library, bound with ctypes: addresses in, nothing of torch.

Maps lie as (picture, row, column, channel) in fp32, channels padded to a multiple of 16. Stages are counted
from the stem (0) over the blocks to the head and the classifier at every position.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from enum import IntEnum
from types import TracebackType

from reverie.native import Isa, Unavailable, library

CHUNK = 16
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


def padded(channels: int) -> int:
    """Channels as they lie in memory."""
    return -(-channels // CHUNK) * CHUNK


class Pictures(ctypes.Structure):
    """A batch of pictures: planes of fp32; the network sees value * scale + shift. Strides in floats."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("image", ctypes.c_long),
        ("plane", ctypes.c_long),
        ("row", ctypes.c_long),
        ("scale", ctypes.c_float * 3),
        ("shift", ctypes.c_float * 3),
    ]


class Seed(ctypes.Structure):
    """A gradient at a stage; data is None where there is none. Strides in floats."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("image", ctypes.c_long),
        ("channel", ctypes.c_long),
        ("row", ctypes.c_long),
        ("column", ctypes.c_long),
    ]


class LiteWork(ctypes.Structure):
    """A batch, how deep it goes, and the memory it works in (kept between forward and backward)."""

    _fields_ = [
        ("count", ctypes.c_int),
        ("height", ctypes.c_int),
        ("width", ctypes.c_int),
        ("stages", ctypes.c_int),
        ("keep", ctypes.c_int),
        ("threads", ctypes.c_int),
        ("memory", ctypes.c_void_p),
    ]


class LiteNetwork:
    """A network in the library's hands; freed when this object goes, or by ``close``."""

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
        """
        self._handle = None
        found = library()
        if found is None:
            raise Unavailable("the native library is not there")
        self._library = found
        numbers = [n for block in plan for n in block]
        found.reverie_lite_new.restype = ctypes.c_void_p
        found.reverie_lite_bytes.restype = ctypes.c_size_t
        self._handle = found.reverie_lite_new(
            (ctypes.c_int * len(numbers))(*numbers),
            len(plan),
            head,
            classes,
            ctypes.c_void_p(weights),
            int(forward),
            int(backward),
        )
        if not self._handle:
            raise Unavailable(f"this processor cannot compute in {forward.name} and {backward.name}")
        self.stages = len(plan) + 3

    def bytes_for(self, work: LiteWork) -> int:
        """Bytes that ``work.memory`` has to have."""
        return int(self._library.reverie_lite_bytes(ctypes.c_void_p(self._handle), ctypes.byref(work)))

    def forward(
        self, work: LiteWork, pictures: Pictures, maps: Mapping[int, int], logits: int | None
    ) -> None:
        """Computes ``work.stages`` stages; ``maps`` gives the address for each stage that is wanted."""
        addresses = (ctypes.c_void_p * self.stages)(*[maps.get(i) for i in range(self.stages)])
        self._library.reverie_lite_forward(
            ctypes.c_void_p(self._handle),
            ctypes.byref(work),
            ctypes.byref(pictures),
            addresses,
            ctypes.c_void_p(logits),
        )

    def backward(
        self, work: LiteWork, seeds: Mapping[int, Seed], logits: int | None, gradient: Pictures
    ) -> None:
        """Writes the gradient at the pictures for seeds by stage, of the last ``forward`` in this memory."""
        laid = (Seed * self.stages)(*[seeds.get(i, Seed()) for i in range(self.stages)])
        self._library.reverie_lite_backward(
            ctypes.c_void_p(self._handle),
            ctypes.byref(work),
            laid,
            ctypes.c_void_p(logits),
            ctypes.byref(gradient),
        )

    def close(self) -> None:
        """Frees it; nothing may be asked of it any more."""
        if self._handle:
            self._library.reverie_lite_free(ctypes.c_void_p(self._handle))
            self._handle = None

    def __enter__(self) -> LiteNetwork:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
