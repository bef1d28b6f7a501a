"""The parts of a step that are not the gradient, fused: few passes over memory, and no temporaries.

Every function here has its reference in ``ops/filters.py``, ``ops/opponent.py`` or ``canvas/detail.py``, in
torch, which serves wherever ``serves`` says no. Sums are taken in an order of their own: by vectors within a
stretch of pixels, then stretch by stretch in double precision. The bytes are the same for any number of
threads; between instruction sets, and between these and torch, they differ in the last bits: ``backend`` says
how it is done.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from math import sqrt
from typing import Any, Protocol

import torch
from torch import Tensor

from reverie.native import Isa, Unavailable, function, instruction_sets, library
from reverie.native.check import check_range, check_that

_int, _long, _plane = ctypes.c_int, ctypes.c_long, ctypes.c_void_p
_float, _double = ctypes.c_float, ctypes.c_double
_sums = ctypes.POINTER(_double)
#: Of each function its result, then its arguments.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "laplacian": (_int, _int, _plane, *(_long,) * 3, _int, _double, _int, _plane, _sums, _int),
    "opponent": (_int, _int, _plane, _plane, *(_long,) * 3, _int, _plane, *(_int,) * 2, _plane, _sums, _int),
    "move": (_double, _int, *(_plane,) * 4, *(_float,) * 3, _int, _int, _long, _long, _int),
    "measure": (_int, _int, *(_plane,) * 3, _int, _long, _long, _sums, _int),
    "show": (_int, _int, *(_plane,) * 3, _int, *(_long,) * 7, _plane, _long, _long, _int),
}
#: Of a pyramid: no picture has so many.
MOST_LEVELS = 32
#: The sides of a cell of a band, and on how many to either side a blur of cells may reach.
CELL = 4
MOST_REACH = 64
#: What a ``Runtime`` chose for the work that is going on; a thread of its own begins without.
CHOSEN: ContextVar[str | None] = ContextVar("reverie_step_backend", default=None)


@dataclass(frozen=True)
class Moments:
    """Mean and mean square of the numbers in a plane."""

    mean: float
    square: float

    @property
    def deviation(self) -> float:
        """Standard deviation, of the whole population."""
        return sqrt(max(0.0, self.square - self.mean**2))


class Numbers(Protocol):
    """What ``opponent_`` multiplies and divides by, in the words of ``ops/opponent.py``."""

    @property
    def axes(self) -> tuple[float, ...]:
        """Nine numbers row by row, or none."""

    @property
    def ground(self) -> tuple[float, ...]:
        """Gains where nothing is seen, for each channel, band by band."""

    @property
    def form(self) -> tuple[float, ...]:
        """The same where something is."""

    @property
    def local_taps(self) -> tuple[float, ...]:
        """The blur of local energies, an odd count."""

    @property
    def gate_taps(self) -> tuple[float, ...]:
        """The blur of gates, an odd count."""

    @property
    def single(self) -> tuple[float, ...]:
        """local, gate, passed, quiet, faint, tiny."""


class _Numbers(ctypes.Structure):
    """OpponentNumbers of picture_opponent.cpp."""

    _fields_ = (
        *((name, _plane) for name in ("axes", "ground", "form", "local_taps", "gate_taps")),
        *(("local_radius", _int), ("gate_radius", _int)),
        *((name, _float) for name in ("local", "gate", "passed", "quiet", "faint", "tiny")),
    )


@functools.cache
def _function(name: str) -> Any:
    return function(f"reverie_picture_{name}", *_FUNCTIONS[name])


@functools.cache
def backends() -> tuple[str, ...]:
    """What can do it on this machine, the fastest last: "torch", then "plain", "avx2", "avx512" kernels."""
    if library() is None:
        return ("torch",)
    return "torch", "plain", *(i.name.lower() for i in instruction_sets() if i <= Isa.AVX512)


def backend() -> str:
    """What does it here and now: the fastest of ``backends``, or the one that a ``Runtime`` chose."""
    return CHOSEN.get() or backends()[-1]


def check_backend(name: str) -> None:
    """Raises Unavailable where this machine has no such backend."""
    if name not in backends():
        raise Unavailable(f"this machine has no {name} kernels for pictures; it has {', '.join(backends())}")


def _isa() -> int:
    """The number of the backend in the C interface."""
    name = backend()
    return 0 if name == "plain" else int(Isa[name.upper()])


def serves(*planes: Tensor | None) -> bool:
    """Whether kernels do it and take these: contiguous float32 on the CPU, outside of autograd."""
    return backend() != "torch" and all(p is None or _plain(p) for p in planes)


def holds(out: Tensor) -> bool:
    """Whether kernels can write there: float32 on the CPU, outside of autograd, rows in one piece."""
    floats = out.device.type == "cpu" and out.dtype == torch.float32
    return floats and out.stride(-1) == 1 and not out.requires_grad


def _plain(plane: Tensor) -> bool:
    return holds(plane) and plane.is_contiguous()


def _at(plane: Tensor | None) -> int | None:
    return None if plane is None else plane.data_ptr()


def _checked(answer: float) -> float:
    if answer < 0:
        raise MemoryError("out of memory in a step")
    return answer


def _check(detail: Tensor, base: Tensor | None, mask: Tensor | None, *others: Tensor | None) -> None:
    """UsageError unless these are planes of one size that kernels can take, and the mask one for all."""
    shape = tuple(detail.shape)
    check_that(len(shape) == 4 and shape[0] == 1 and 0 not in shape, f"planes are (1, C, H, W), not {shape}")
    for plane, wanted in (*((p, shape) for p in (detail, base, *others)), (mask, (1, 1, *shape[2:]))):
        if plane is None:
            continue
        check_that(tuple(plane.shape) == wanted, f"a plane of shape {tuple(plane.shape)} beside {shape}")
        check_that(_plain(plane), "planes are contiguous float32 on the CPU, outside of autograd")


def laplacian_room(shape: Sequence[int], levels: int) -> int:
    """How many numbers the smaller levels of a plane (1, C, H, W) take, a good third of its own."""
    check_range("levels", levels, 0, MOST_LEVELS)
    _, channels, rows, columns = shape
    need = 0
    for _ in range(levels):
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
        need += channels * rows * columns
    return need


def laplacian_(
    gradient: Tensor, *, levels: int, tilt: float, circular: bool, room: Tensor | None = None
) -> Moments | None:
    """``filters.laplacian_normalised`` in place.

    Args:
        gradient: (1, C, H, W), overwritten.
        levels: As there.
        tilt: As there.
        circular: As there.
        room: ``laplacian_room`` numbers to work in, overwritten; made if missing.

    Returns:
        Moments of the result; None, and nothing done, for a picture too small for one band.

    Raises:
        MemoryError: There is none.
        UsageError: Not such a plane, too little room, or no such number of levels.
    """
    _check(gradient, None, None)
    check_range("levels", levels, 1, MOST_LEVELS)
    need = laplacian_room(gradient.shape, levels)
    if room is None:
        room = gradient.new_empty(need)
    check_that(_plain(room) and room.numel() >= need, f"room has to be {need} contiguous float32")
    sums = (_double * 2)()
    planes = _at(gradient), *gradient.shape[1:], levels, tilt, circular, _at(room)
    bands = _function("laplacian")(_isa(), *planes, sums, torch.get_num_threads())
    if not _checked(bands):
        return None
    return Moments(sums[0] / gradient.numel(), sums[1] / gradient.numel())


def opponent_room(shape: Sequence[int], levels: int) -> int:
    """How many numbers ``opponent_`` works in for a gradient (1, C, H, W), about half of its own."""
    need = laplacian_room(shape, levels)
    _, channels, rows, columns = shape
    for k in range(levels):
        cells = -(-rows // CELL) * -(-columns // CELL)
        need += (channels + 2) * cells + (2 * cells if k == 0 else 0)
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
    return need


def opponent_(
    gradient: Tensor,
    numbers: Numbers,
    *,
    attention: Tensor | None = None,
    circular: bool = False,
    room: Tensor | None = None,
) -> Moments | None:
    """``opponent.opponent_normalised`` in place.

    Args:
        gradient: (1, C, H, W), overwritten.
        numbers: For its shape; they say how many bands there are.
        attention: As there, (1, 1, H, W) or of its cells.
        circular: As there.
        room: ``opponent_room`` numbers to work in, overwritten; made if missing.

    Returns:
        Moments of the result; None, and nothing done, for a picture too small for one band.

    Raises:
        MemoryError: There is none.
        UsageError: Not such planes, too little room, or numbers that are none of these channels.
    """
    on_cells = attention is not None and attention.shape == _cells_of(gradient)
    _check(gradient, None, None if on_cells else attention)
    check_that(not on_cells or attention is None or _plain(attention), "attention is as the planes are")
    channels = gradient.shape[1]
    if not numbers.ground:
        return None
    gains = len(numbers.ground), len(numbers.form)
    levels = gains[0] // channels
    check_range("levels", levels, 1, MOST_LEVELS)
    check_that(gains == (levels * channels,) * 2, f"there are {gains} gains for {channels} channels")
    check_that(
        len(numbers.axes) == 0 or (len(numbers.axes), channels) == (9, 3), "axes are those of 3 channels"
    )
    for taps in (numbers.local_taps, numbers.gate_taps):
        check_that(len(taps) % 2 == 1, f"a blur has an odd count of weights, not {len(taps)}")
        check_range("weights of a blur", len(taps), 1, 2 * MOST_REACH + 1)
    check_range("single numbers", len(numbers.single), 6, 6)
    need = opponent_room(gradient.shape, levels)
    if room is None:
        room = gradient.new_empty(need)
    check_that(_plain(room) and room.numel() >= need, f"room has to be {need} contiguous float32")
    tables = numbers.axes, numbers.ground, numbers.form, numbers.local_taps, numbers.gate_taps
    arrays = [(_float * len(table))(*table) if table else None for table in tables]
    reach = len(numbers.local_taps) // 2, len(numbers.gate_taps) // 2
    given = _Numbers(*(ctypes.cast(a, _plane) if a else None for a in arrays), *reach, *numbers.single)
    sums = (_double * 2)()
    planes = _at(gradient), *gradient.shape[1:], levels, _at(attention), on_cells, circular, _at(room)
    bands = _function("opponent")(_isa(), ctypes.byref(given), *planes, sums, torch.get_num_threads())
    if not _checked(bands):
        return None
    return Moments(sums[0] / gradient.numel(), sums[1] / gradient.numel())


def _cells_of(plane: Tensor) -> tuple[int, ...]:
    """The shape of what is told of the cells of a plane (1, C, H, W)."""
    return 1, 1, -(-plane.shape[2] // CELL), -(-plane.shape[3] // CELL)


def move_(
    detail: Tensor,
    base: Tensor,
    mask: Tensor | None,
    plane: Tensor | None,
    *,
    scale: float,
    factor: float,
    offset: float,
    clip: bool,
    soft: bool,
) -> float:
    """``DetailCanvas.move`` in place: ``detail = clip(scale * detail + factor * plane + offset)``.

    Planes are (1, C, H, W), the mask (1, 1, H, W). Returns the root mean square of the change that the
    detail then makes. Raises MemoryError if there is none, UsageError for other planes.
    """
    _check(detail, base, mask, plane)
    channels, pixels = detail.shape[1], detail.shape[2] * detail.shape[3]
    planes = _at(detail), _at(base), _at(mask), _at(plane)
    how = scale, factor, offset, clip, soft
    squares = _function("move")(_isa(), *planes, *how, channels, pixels, torch.get_num_threads())
    return sqrt(_checked(squares) / detail.numel())


def measure(detail: Tensor, base: Tensor, mask: Tensor | None, *, soft: bool) -> Moments:
    """Moments of ``DetailCanvas.change``. MemoryError: there is none. UsageError: other planes."""
    _check(detail, base, mask)
    channels, pixels = detail.shape[1], detail.shape[2] * detail.shape[3]
    sums = (_double * 2)()
    planes = _at(detail), _at(base), _at(mask)
    _checked(_function("measure")(_isa(), *planes, soft, channels, pixels, sums, torch.get_num_threads()))
    return Moments(sums[0] / detail.numel(), sums[1] / detail.numel())


def show(
    detail: Tensor,
    base: Tensor,
    mask: Tensor | None,
    *,
    soft: bool,
    top: int,
    left: int,
    out: Tensor,
) -> None:
    """``DetailCanvas.piece``: the rectangle of the picture that begins there, into ``out`` (1, C, h, w).

    Of ``out`` only the rows have to lie in one piece. For the whole it may be the detail. Raises MemoryError
    if there is none, UsageError for other planes or a rectangle that reaches beyond them.
    """
    _check(detail, base, mask)
    shaped = out.ndim == 4 and out.shape[:2] == detail.shape[:2] and holds(out)
    check_that(shaped, f"out is (1, {detail.shape[1]}, h, w) in float32, its rows in one piece")
    for at, side, most in ((top, out.shape[2], detail.shape[2]), (left, out.shape[3], detail.shape[3])):
        check_that(at >= 0 and at + side <= most, "the rectangle has to lie within the picture")
    planes = _at(detail), _at(base), _at(mask)
    size = (*detail.shape[1:], top, left, *out.shape[2:])
    into = _at(out), out.stride(1), out.stride(2)
    _checked(_function("show")(_isa(), *planes, soft, *size, *into, torch.get_num_threads()))
