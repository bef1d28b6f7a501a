"""What becomes of a moving picture from frame to frame, in few passes: seen from elsewhere, resampled, held.

Every function here has its reference in torch, in ``ops/warp.py``, ``ops/filters.py`` and
``motion/zoom/steady.py``, which serve wherever ``native.step.serves`` says no. As of a step, bytes are the
same for any number of threads and differ in the last bits between instruction sets.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reverie.native import Isa, function
from reverie.native.check import check_range, check_that
from reverie.native.step import backend

_int, _long, _plane = ctypes.c_int, ctypes.c_long, ctypes.c_void_p
_float, _double = ctypes.c_float, ctypes.c_double
#: Cells around a picture in which a spline is laid out, and channels to a cell.
RIM, SIDE = 4, 4
#: The most taps of a filter, or of what a row is mixed of.
MOST_TAPS = 4096
#: The largest side of a picture.
MOST_SIDE = 1 << 24


class _WarpJob(ctypes.Structure):
    """WarpJob of frame_warp.cpp."""

    _fields_ = (
        ("picture", _plane),
        *((name, _long) for name in ("channels", "height", "width")),
        ("out", _plane),
        *((name, _long) for name in ("rows", "columns")),
        ("field", _plane),
        ("similarity", _double * 4),
        ("filter", _plane),
        *((name, _int) for name in ("reach", "wrap", "clamp")),
        ("room", _plane),
    )


class _Mixture(ctypes.Structure):
    _fields_ = (("index", _plane), ("weights", _plane), ("taps", _long))


class _ResampleJob(ctypes.Structure):
    """ResampleJob of frame_resample.cpp."""

    _fields_ = (
        ("picture", _plane),
        *((name, _long) for name in ("channels", "height", "width")),
        ("out", _plane),
        *((name, _long) for name in ("rows", "columns")),
        ("down", _Mixture),
        ("across", _Mixture),
    )


class _HoldJob(ctypes.Structure):
    """HoldJob of frame_hold.cpp."""

    _fields_ = (
        *((name, _plane) for name in ("picture", "out")),
        *((name, _long) for name in ("channels", "height", "width")),
        *((name, _int) for name in ("most_bands", "circular")),
        ("least_side", _long),
        *((name, _plane) for name in ("room", "weights", "mean", "bright", "colour")),
        *((name, _double) for name in ("deviation", "most_gain", "nothing", "knee")),
    )


_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "warp": (_int, _int, ctypes.POINTER(_WarpJob), _int),
    "resample": (_int, _int, ctypes.POINTER(_ResampleJob), _int),
    "bytes": (_int, _int, _plane, *(_long,) * 3, _plane, _int),
    "hold": (_int, _int, ctypes.POINTER(_HoldJob), _int),
    "cell_squares": (_int, _int, _plane, *(_long,) * 3, _plane, *(_long,) * 2, _int),
    "add_gained": (
        _double, _int, _plane, *(_long,) * 3, *(_plane,) * 4, _float, *(_plane,) * 2, _int,
    ),
}  # fmt: skip


@functools.cache
def _function(name: str) -> Any:
    return function(f"reverie_frame_{name}", *_FUNCTIONS[name])


def _isa() -> int:
    name = backend()
    return 0 if name in ("plain", "torch") else int(Isa[name.upper()])


def _run(name: str, *arguments: Any) -> float:
    answer: float = _function(name)(_isa(), *arguments, torch.get_num_threads())
    if answer < 0:
        raise MemoryError("out of memory in a frame")
    return answer


def _check(*planes: Tensor) -> None:
    """UsageError unless these are (1, C, H, W) in float32 on the CPU, contiguous and outside of autograd."""
    for plane in planes:
        shape = tuple(plane.shape)
        good = len(shape) == 4 and shape[0] == 1 and 0 not in shape and max(shape) <= MOST_SIDE
        check_that(good, f"planes are (1, C, H, W), not {shape}")
        floats = plane.device.type == "cpu" and plane.dtype == torch.float32 and not plane.requires_grad
        check_that(
            floats and plane.is_contiguous(),
            "planes are contiguous float32 on the CPU, outside of autograd",
        )


def warp(
    picture: Tensor,
    where: Tensor | Sequence[float],
    *,
    filter_taps: Sequence[float] = (),
    wrap: bool = False,
    clamp: bool = False,
) -> Tensor:
    """``ops.warp.warp`` without the blur against aliasing.

    Args:
        picture: (1, C, H, W).
        where: A field (H', W', 2), or a similarity's factor and offset: real, imaginary, real, imaginary.
        filter_taps: The filter of a cubic spline's coefficients, an odd count; none looks linearly.
        wrap: Opposite edges meet.
        clamp: The result is kept within 0 and 1.

    Returns:
        (1, C, H', W').

    Raises:
        MemoryError: There is none.
        UsageError: Not such a picture, field or filter.
    """
    _check(picture)
    _, channels, height, width = picture.shape
    rows, columns = height, width
    similarity = (1.0, 0.0, 0.0, 0.0)
    field = None
    if isinstance(where, Tensor):
        check_that(where.ndim == 3 and where.shape[2] == 2, "a field has the shape (H, W, 2)")
        _check(where[None])
        rows, columns = where.shape[:2]
        field = where.data_ptr()
    else:
        check_that(len(where) == 4, "a similarity is four numbers")
        similarity = (where[0], where[1], where[2], where[3])
    taps = np.asarray(filter_taps, np.float32)
    check_that(len(taps) == 0 or len(taps) % 2 == 1, f"a filter has an odd count of taps, not {len(taps)}")
    check_range("taps", len(taps), 0, MOST_TAPS)
    out = torch.empty(1, channels, rows, columns)
    room = torch.empty((height + RIM) * (width + RIM) * SIDE) if len(taps) else None
    job = _WarpJob(
        picture.data_ptr(),
        *(channels, height, width),
        out.data_ptr(),
        *(rows, columns),
        field,
        (_double * 4)(*similarity),
        taps.ctypes.data if len(taps) else None,
        *(len(taps) // 2, wrap, clamp),
        None if room is None else room.data_ptr(),
    )
    _run("warp", ctypes.byref(job))
    return out


@dataclass(frozen=True)
class Mixture:
    """What each pixel of an axis is made of.

    Attributes:
        index: (made, taps) int32, which of those that were there.
        weights: (made, taps) float32.
        given: How many were there.
    """

    index: NDArray[np.int32]
    weights: NDArray[np.float32]
    given: int

    def __post_init__(self) -> None:
        """UsageError unless every index is of one that was there."""
        shapes = self.index.shape == self.weights.shape and self.index.ndim == 2 and self.index.size > 0
        check_that(shapes, "a mixture has an index and a weight for each tap")
        kinds = self.index.dtype == np.int32 and self.weights.dtype == np.float32
        check_that(kinds and self.index.flags.c_contiguous and self.weights.flags.c_contiguous, "in C order")
        within = int(self.index.min()) >= 0 and int(self.index.max()) < self.given
        check_that(within, f"a mixture takes of {self.given}")
        check_range("taps", self.index.shape[1], 1, MOST_TAPS)

    def job(self) -> _Mixture:
        """For the library, for as long as this lives."""
        return _Mixture(self.index.ctypes.data, self.weights.ctypes.data, self.index.shape[1])


def resample(picture: Tensor, down: Mixture, across: Mixture) -> Tensor:
    """A picture (1, C, H, W) with each row and column mixed of its own, (1, C, rows, columns).

    Raises:
        MemoryError: There is none.
        UsageError: Not such a picture, or mixtures of another size.
    """
    _check(picture)
    _, channels, height, width = picture.shape
    check_that((down.given, across.given) == (height, width), "the mixtures are of another picture's size")
    rows, columns = len(down.index), len(across.index)
    out = torch.empty(1, channels, rows, columns)
    size = channels, height, width
    job = _ResampleJob(picture.data_ptr(), *size, out.data_ptr(), *(rows, columns), down.job(), across.job())
    _run("resample", ctypes.byref(job))
    return out


def rgb(picture: Tensor) -> NDArray[np.uint8]:
    """A picture (1, C, H, W) in [0, 1] as bytes, (H, W, 3), rounded to the nearest, ties to even.

    Three channels are those, of any other count the first is given three times. MemoryError: there is none.
    UsageError: not such a picture.
    """
    _check(picture)
    _, channels, height, width = picture.shape
    out = np.empty((height, width, 3), np.uint8)
    _run("bytes", picture.data_ptr(), channels, height, width, out.ctypes.data)
    return out


@dataclass(frozen=True)
class Held:
    """Where a picture is held, in the words of ``motion/zoom/steady.py``.

    Attributes:
        weights: What brightness is of each channel, 1 in all.
        mean: Of each channel.
        deviation: Of brightness.
        bright: RMS of each band of brightness, finest first, and the deviation of what remains.
        colour: The same of the colour around it.
        most_bands: The most bands.
        least_side: What is smaller, one way or the other, has none.
        most_gain: A band grows or shrinks by no more.
        nothing: What is weaker is left alone.
        knee: From how near to black and white on it is bent.
    """

    weights: Sequence[float]
    mean: Sequence[float]
    deviation: float
    bright: Sequence[float]
    colour: Sequence[float]
    most_bands: int
    least_side: int
    most_gain: float
    nothing: float
    knee: float


def hold(picture: Tensor, held: Held, *, circular: bool = False) -> Tensor:
    """``steady.hold``: a picture (1, C, H, W) brought to where it is held, of the same shape.

    Raises:
        MemoryError: There is none.
        UsageError: Not such a picture, or one that has other channels or bands than ``held``.
    """
    _check(picture)
    _, channels, height, width = picture.shape
    check_range("least_side", held.least_side, 4)
    bands, room, rows, columns = 0, 0, height, width
    while bands < held.most_bands and min(rows, columns) >= held.least_side:
        bands, rows, columns = bands + 1, (rows + 1) // 2, (columns + 1) // 2
        room += channels * rows * columns
    counts = len(held.weights), len(held.mean), len(held.bright), len(held.colour)
    wanted = channels, channels, bands + 1, bands + 1
    check_that(counts == wanted, f"it is held in {counts} channels and bands, and has {wanted}")
    check_that(held.knee > 0 and held.most_gain >= 1, "a knee is above 0, and the most gain 1 at least")
    weights = np.asarray(held.weights, np.float32)
    aims = [np.asarray(one, np.float64) for one in (held.mean, held.bright, held.colour)]
    out, levels = torch.empty_like(picture), torch.empty(max(1, room))
    job = _HoldJob(
        picture.data_ptr(),
        out.data_ptr(),
        *(channels, height, width, held.most_bands, circular, held.least_side),
        levels.data_ptr(),
        weights.ctypes.data,
        *(aim.ctypes.data for aim in aims),
        *(held.deviation, held.most_gain, held.nothing, held.knee),
    )
    _run("hold", ctypes.byref(job))
    return out


def cell_squares(planes: Tensor, rows: int, columns: int) -> Tensor:
    """Mean squares of planes (1, C, H, W) over the pixels that each cell lies on, (1, 1, rows, columns).

    MemoryError: there is none. UsageError: not such planes, or more cells than pixels.
    """
    _check(planes)
    _, channels, height, width = planes.shape
    check_range("rows", rows, 1, height)
    check_range("columns", columns, 1, width)
    out = torch.empty(1, 1, rows, columns)
    _run("cell_squares", planes.data_ptr(), channels, height, width, out.data_ptr(), rows, columns)
    return out


def gained_square(planes: Tensor, gains: Tensor, down: Mixture) -> float:
    """The mean square of planes (1, C, H, W) times a gain.

    Args:
        planes: The planes.
        gains: (1, 1, h, W), rows of gains.
        down: Of which two of them each row's gain is mixed.

    Raises:
        MemoryError: There is none.
        UsageError: Not such planes, or gains of another size.
    """
    return _gained(planes, gains, down, 0.0, None, None) / planes.numel()


def add_gained(planes: Tensor, gains: Tensor, down: Mixture, factor: float, base: Tensor) -> Tensor:
    """A base (1, C, H, W) and ``factor`` times planes times a gain, kept within 0 and 1, as there."""
    check_that(base.shape == planes.shape, "the base is of another size")
    out = torch.empty_like(base)
    if factor == 0:
        return torch.clamp(base, 0, 1, out=out)
    _gained(planes, gains, down, factor, base, out)
    return out


def _gained(
    planes: Tensor, gains: Tensor, down: Mixture, factor: float, base: Tensor | None, out: Tensor | None
) -> float:
    _check(planes, gains, *(() if base is None else (base,)))
    _, channels, height, width = planes.shape
    fits = gains.shape == (1, 1, down.given, width) and down.index.shape == (height, 2)
    check_that(fits, "gains and what they are mixed of are of another size")
    first, second = (np.ascontiguousarray(down.index[:, i]) for i in (0, 1))
    share = np.ascontiguousarray(down.weights[:, 1])
    return _run(
        "add_gained",
        planes.data_ptr(),
        *(channels, height, width),
        gains.data_ptr(),
        *(one.ctypes.data for one in (first, second, share)),
        factor,
        None if base is None else base.data_ptr(),
        None if out is None else out.data_ptr(),
    )
