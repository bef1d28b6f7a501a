"""The native library's convolutions that mix all channels, bound with ctypes: addresses in, no torch.

Maps lie as (picture, row, column, channel) in fp32. Where the filter allows it, results are made a tile at a
time from fewer products (Winograd 1980; Lavin & Gray 2016, "Fast algorithms for convolutional neural
networks"): 64 for 36 results of a 3 x 3 filter that takes 324 by itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reverie.native import Isa, Unavailable, function, instruction_sets
from reverie.native.check import check_given, check_range, check_sides, check_that, check_threads

CHUNK: Final = 16
BOX: Final = 14  # as in ``dense.h``
Pair = tuple[int, int]
_int, _long, _float, _address = ctypes.c_int, ctypes.c_long, ctypes.c_float, ctypes.c_void_p


class ConvolutionKind(IntEnum):
    """How a convolution is computed; the names say results and taps of a tile, rows by columns."""

    GATHERED = 0
    W6X6_3X3 = 1
    W4X4_3X3 = 2
    W2X2_3X3 = 3
    W4X4_5X5 = 4
    W2X2_5X5 = 5
    W1X4_1X7 = 6
    W4X1_7X1 = 7
    W1X6_1X3 = 8
    W6X1_3X1 = 9
    W5X5_4X4 = 10
    W5X5_2X2 = 11
    W5X1_2X1 = 12
    W1X5_1X2 = 13

    @property
    def results(self) -> Pair:
        """Rows and columns of a tile's results."""
        return _halves(self.name[1:].split("_")[0]) if self else (1, 1)

    @property
    def kernel(self) -> Pair:
        """Rows and columns of the filter; (1, 1) stands for any."""
        return _halves(self.name.split("_")[1]) if self else (1, 1)


def _halves(text: str) -> Pair:
    down, across = text.split("X")
    return int(down), int(across)


class ActivationKind(IntEnum):
    """What comes last: nothing, limits, or a slope for what is negative."""

    LINEAR = 0
    CLAMPED = 1
    LEAKY = 2


class ConvolutionSource(ctypes.Structure):
    """Where values come from; see ``dense.h``. Strides in floats from one pixel to the next."""

    _fields_ = [
        ("data", _address),
        ("pixel", _long),
        ("channels", _int),
        ("slope", _float),
        ("gate", _address),
    ]


class ConvolutionTarget(ctypes.Structure):
    """Where results go; see ``dense.h``."""

    _fields_ = [
        ("data", _address),
        ("pixel", _long),
        ("channels", _int),
        ("open", _address),
        ("other", _address),
        ("other_pixel", _long),
        ("linear", _int),
    ]


class ConvolutionJob(ctypes.Structure):
    """One convolution; see ``dense.h`` for every field."""

    _fields_ = [
        *((name, _int) for name in ("count", "height", "width")),
        *((name, _int) for name in ("source_height", "source_width", "source_step_y", "source_step_x")),
        *((name, _int) for name in ("source_y", "source_x", "out_height", "out_width", "top", "left")),
        *((name, _int) for name in ("target_height", "target_width", "target_step_y", "target_step_x")),
        *((name, _int) for name in ("target_y", "target_x", "activation", "threads", "sources", "targets")),
        ("past_caches", _int),
        ("low", _float),
        ("high", _float),
        ("source", ctypes.POINTER(ConvolutionSource)),
        ("target", ctypes.POINTER(ConvolutionTarget)),
        ("bias", _address),
    ]


def best() -> Isa | None:
    """The instruction set that these kernels take here, or None where nothing can run them.

    One that multiplies bf16 is not among them where there are tiles (AMX): those do it far faster, and
    oneDNN uses them.
    """
    able = [isa for isa in instruction_sets() if isa <= Isa.AVX512 or _is_widest(isa)]
    return able[-1] if able else None


def _is_widest(isa: Isa) -> bool:
    return isa is Isa.AVX512_BF16 and Isa.AMX not in instruction_sets()


def padded(channels: int) -> int:
    """Channels of a bias, as they have to lie in memory."""
    return -(-channels // CHUNK) * CHUNK


#: What is at least 1 in every job.
_SIDES = (
    *("count", "height", "width", "out_height", "out_width", "source_height", "source_width"),
    *("source_step_y", "source_step_x", "target_height", "target_width", "target_step_y", "target_step_x"),
    *("sources", "targets"),
)


class Filter:
    """A filter in the library's hands; freed when this object goes.

    Attributes:
        bytes: Of its weights.
    """

    _handle = None

    def __init__(
        self,
        isa: Isa,
        kind: int,
        channels: Pair,
        places: Sequence[Pair],
        step: Pair,
        taps: NDArray[np.float64] | None,
    ) -> None:
        """As ``reverie_dense_new``; ``channels`` in and out.

        Raises:
            Unavailable: No library, or this processor lacks what the kernels need.
            MemoryError: There is none.
            UsageError: Numbers that no filter has.
        """
        check_range("kind", kind, 0, BOX)
        for number in (*channels, *step, len(places)):
            check_range("channels, steps and places", number, 1)
        if isa not in instruction_sets() or isa > Isa.AVX512_BF16:
            raise Unavailable(f"no native convolutions for {isa.name} here")
        new = function("reverie_dense_new", _address, *(_int,) * 5, _address, _int, _int, _address)
        size = function("reverie_dense_bytes", ctypes.c_size_t, _address)
        self._run = function("reverie_dense_run", _int, _address, ctypes.POINTER(ConvolutionJob))
        self._free = function("reverie_dense_free", None, _address)
        where = np.array(places, np.int32)
        self._handle = new(
            int(isa), kind, *channels, len(places), where.ctypes.data, *step,
            None if taps is None else taps.ctypes.data,
        )  # fmt: skip
        if not self._handle:
            raise MemoryError("out of memory packing the weights of a convolution")
        self.bytes = int(size(self._handle))

    def run(self, job: ConvolutionJob) -> None:
        """Computes; every address in ``job`` has to hold what its shape says.

        Raises:
            MemoryError: There is none to work in.
            UsageError: A side, step or number under 1, or no memory to work on.
        """
        check_sides(job, _SIDES)
        check_given(job, ("source", "target"))
        check_threads(job.threads)
        if self._run(self._handle, ctypes.byref(job)) < 0:
            raise MemoryError("out of memory in a convolution")

    def __del__(self) -> None:
        if self._handle:
            self._free(self._handle)


class Convolution(Filter):
    """Packed weights.

    Attributes:
        inputs: Channels.
        outputs: Channels.
        kind: How it is computed.
    """

    def __init__(
        self,
        taps: NDArray[np.float64],
        kind: ConvolutionKind,
        isa: Isa,
        *,
        places: Sequence[Pair] | None = None,
        step: Pair = (1, 1),
    ) -> None:
        """Packs weights.

        Args:
            taps: (rows, columns, in, out): what result (y, x) takes of input (y + row, x + column).
            kind: How it is computed.
            isa: AVX2 or AVX512, or AVX512_BF16 for products in bf16.
            places: Of the gathered kind: which input (step * y + row, step * x + column) each tap takes, in
                the order of ``taps``; the rows and columns themselves if it is None.
            step: Of the gathered kind: inputs from one result to the next, by axis.

        Raises:
            Unavailable: No library, or this processor lacks what the kernels need.
            MemoryError: There is none.
        """
        check_that(taps.ndim == 4, f"taps have to be (rows, columns, in, out), not {taps.shape}")
        rows, columns, self.inputs, self.outputs = taps.shape
        fits = kind == ConvolutionKind.GATHERED or (rows, columns) == kind.kernel
        check_that(fits, f"{kind.name} takes filters of {kind.kernel}, not {(rows, columns)}")
        check_that(places is None or len(places) == rows * columns, "every tap has to have a place")
        self.kind = kind
        pairs = places or _row_by_row((rows, columns))
        held = np.ascontiguousarray(taps, np.float64)
        super().__init__(isa, int(kind), (self.inputs, self.outputs), pairs, step, held)


class Box(Filter):
    """The mean over a window of each channel by itself; zeros around the input count."""

    def __init__(self, channels: int, kernel: Pair, isa: Isa) -> None:
        """For a window of some rows and columns.

        Raises:
            Unavailable: No library, or this processor lacks what the kernels need.
            MemoryError: There is none.
        """
        super().__init__(isa, BOX, (channels, channels), _row_by_row(kernel), (1, 1), None)


def _row_by_row(kernel: Pair) -> list[Pair]:
    rows, columns = kernel
    return [(y, x) for y in range(rows) for x in range(columns)]


@dataclass(frozen=True)
class ConvolutionWork:
    """What a convolution has to do: channels, filter and results."""

    inputs: int
    outputs: int
    kernel: Pair
    count: int
    height: int
    width: int

    def cost(self, kind: ConvolutionKind, isa: Isa = Isa.AVX512) -> float:
        """Time in units of one multiplication of the matrix product in fp32; for comparing kinds.

        Products, transforms (what a value costs there was measured as some ten products), and the weights,
        which are read from memory once for each of a few blocks however small the picture is.
        """
        down, across = kind.results
        rows, columns = self.kernel
        products = 1 if kind is ConvolutionKind.GATHERED else (down + rows - 1) * (across + columns - 1)
        depth = self.inputs * rows * columns if kind is ConvolutionKind.GATHERED else self.inputs
        tiles = self.count * -(-self.height // down) * -(-self.width // across)
        wide = padded(self.outputs)
        moved = TRANSFORM * (depth + wide) * tiles
        each = 0.5 if isa is Isa.AVX512_BF16 else 1.0
        return products * (depth * wide * (tiles + WEIGHTS) * each + moved)

    def ways(self, isa: Isa, error: float) -> list[Way]:
        """How it can be computed: in bf16, where ``isa`` has it, if that is off by ``error`` at most."""
        kinds = [
            kind for kind in ConvolutionKind if kind is ConvolutionKind.GATHERED or kind.kernel == self.kernel
        ]
        if isa is not Isa.AVX512_BF16:
            return [(kind, isa) for kind in kinds]
        short = [(kind, isa) for kind in kinds if ERRORS.get(kind, 1.0) <= error]
        return short + [(kind, Isa.AVX512) for kind in kinds]


Way = tuple[ConvolutionKind, Isa]
TRANSFORM: Final = 12.0
WEIGHTS: Final = 40.0
#: What bf16 makes of the results, as a share of their size: measured with random weights and maps half of
#: which are 0. Tiles of more results than these are off by a twentieth.
ERRORS: Final = {
    ConvolutionKind.GATHERED: 0.0024,
    ConvolutionKind.W2X2_3X3: 0.0039,
    ConvolutionKind.W4X4_3X3: 0.011,
    ConvolutionKind.W2X2_5X5: 0.012,
    ConvolutionKind.W5X5_2X2: 0.012,
    ConvolutionKind.W5X1_2X1: 0.008,
    ConvolutionKind.W1X5_1X2: 0.008,
    ConvolutionKind.W1X6_1X3: 0.012,
    ConvolutionKind.W6X1_3X1: 0.012,
    ConvolutionKind.W1X4_1X7: 0.024,
    ConvolutionKind.W4X1_7X1: 0.024,
}


def cheapest(work: ConvolutionWork, isa: Isa = Isa.AVX512, error: float = 0.0) -> Way:
    """The kind and the instruction set that should take the least time.

    Args:
        work: What is to be done.
        isa: The set that there is; AVX512_BF16 stands for AVX512 too.
        error: Of the results, as a share of their size, if they are computed in bf16.
    """
    return min(work.ways(isa, error), key=lambda way: work.cost(*way))
