"""Convolutions of the torch engine with a stride, by the native library: gathered, or a phase at a time.

A phase is every second pixel, say, of every second row: of it a strided convolution is one without a stride,
with the entries of the kernel that meet it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from reverie.engine.torch.kernels.conv import ActivationMask, ConvInput, DenseConv, Forward, Places, empty
from reverie.engine.torch.kernels.weights import ERROR, Pair, pair, shared_weights, work_of
from reverie.native import Isa, dense
from reverie.native.dense import ConvolutionKind, Way

if TYPE_CHECKING:
    from reverie.engine.torch.conv.spec import ConvSpec
    from reverie.engine.torch.conv.store import Store


class StridedForth(Forward):
    """A strided convolution: gathered, or by phases where Winograd's transforms make these cheaper."""

    def __init__(self, spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> None:
        out = spec.out_shape(shape)
        phases = _phases(spec, shape)
        works = [work_of(shape[1], out, phase.kernel) for phase in phases]
        ways = [dense.cheapest(work, isa, ERROR) for work in works]
        by_phases = sum(work.cost(*way) for work, way in zip(works, ways, strict=True))
        if (
            work_of(shape[1], out, pair(spec.weight.shape[2:])).cost(ConvolutionKind.GATHERED, isa)
            <= by_phases
        ):
            packed = shared_weights(
                "strided", [spec], _taps_of(spec), ConvolutionKind.GATHERED, isa, store, step=spec.stride
            )
            self._parts = [DenseConv(packed, [shape], [out], spec.padding, [spec.bias])]
            return
        self._parts = []
        for phase, way in zip(phases, ways, strict=True):
            bias = [spec.bias] if phase is phases[-1] else []
            self._parts.append(self._part(spec, shape, phase, way, bias, store))

    @staticmethod
    def _part(
        spec: ConvSpec,
        shape: torch.Size,
        phase: _Phase,
        way: Way,
        bias: Sequence[Tensor | None],
        store: Store,
    ) -> DenseConv:
        purpose, weight, out = ("strided", phase.entries), _taps_of(spec, phase), spec.out_shape(shape)
        if way[0] is ConvolutionKind.GATHERED:
            places = phase.places(spec.stride)
            packed = shared_weights(purpose, [spec], weight, *way, store, places=places, step=spec.stride)
            return DenseConv(packed, [shape], [out], (0, 0), bias)
        packed = shared_weights(purpose, [spec], weight, *way, store)
        taken = torch.Size((*shape[:2], *phase.size))
        given = Places(pair(shape[2:]), spec.stride, phase.first)
        return DenseConv(packed, [taken], [out], phase.before, bias, given=given)


class StridedBack:
    """The gradient of such a convolution: pixels that meet the same entries of the kernel at a time."""

    def __init__(self, spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> None:
        out = spec.out_shape(shape)
        self._shape = shape
        self._parts: list[DenseConv] = []
        for phase in _phases(spec, shape):
            made = torch.Size((*shape[:2], *phase.size))
            way = dense.cheapest(work_of(out[1], made, phase.kernel), isa, ERROR)
            weight = _taps_of(spec, phase, back=True)
            packed = shared_weights(("strided back", phase.entries), [spec], weight, *way, store)
            # An entry that takes what is ``d`` ahead gives to what is ``d`` behind.
            before = (phase.rows[-1].ahead, phase.columns[-1].ahead)
            whole = Places(pair(shape[2:]), spec.stride, phase.first)
            self._parts.append(DenseConv(packed, [out], [made], before, places=whole))

    def __call__(
        self, gradient: Tensor, pending: Tensor | None, gate: ActivationMask | None = None
    ) -> Tensor:
        """As ``Back``."""
        found = empty(self._shape)
        for part in self._parts:
            part([ConvInput(gradient, gate)], [pending], into=[found])
        return found


class _Entry(NamedTuple):
    """Of a kernel, by one axis: result i takes what is at i + ``ahead`` in the phase that it meets."""

    at: int
    ahead: int


class _Phase(NamedTuple):
    """Pixels ``stride * (i, j) + first`` of a map and the entries of a kernel that they meet.

    Attributes:
        first: Row and column.
        size: How many there are, by axis.
        rows: Those that meet it, one after the other.
        columns: Likewise.
    """

    first: Pair
    size: Pair
    rows: tuple[_Entry, ...]
    columns: tuple[_Entry, ...]

    @property
    def entries(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Rows and columns of the kernel, which the size of the map does not change."""
        return tuple(row.at for row in self.rows), tuple(column.at for column in self.columns)

    @property
    def kernel(self) -> Pair:
        """Rows and columns of what is left of the kernel."""
        return len(self.rows), len(self.columns)

    @property
    def before(self) -> Pair:
        """How many pixels of it before the first the first result's window begins, by axis."""
        return -self.rows[0].ahead, -self.columns[0].ahead

    def places(self, stride: Pair) -> list[Pair]:
        """Where the entries are in the whole map, from ``stride * result``."""
        (y, x), (down, across) = self.first, stride
        return [(down * r.ahead + y, across * c.ahead + x) for r in self.rows for c in self.columns]


def _phases(spec: ConvSpec, shape: torch.Size) -> list[_Phase]:
    """All phases that entries of the kernel meet."""
    found = []
    for first in itertools.product(*(range(s) for s in spec.stride)):
        axes = zip(spec.weight.shape[2:], spec.stride, spec.padding, first, strict=True)
        rows, columns = (_meets(*axis) for axis in axes)
        height, width = (
            math.ceil((n - r) / s) for n, r, s in zip(shape[2:], first, spec.stride, strict=True)
        )
        if rows and columns and height > 0 and width > 0:
            found.append(_Phase(pair(first), (height, width), rows, columns))
    return found


def _meets(kernel: int, stride: int, padding: int, first: int) -> tuple[_Entry, ...]:
    """Which entries of a kernel meet pixels ``stride * i + first``."""
    ahead = ((at, at - padding - first) for at in range(kernel))
    return tuple(_Entry(at, distance // stride) for at, distance in ahead if distance % stride == 0)


def _taps_of(spec: ConvSpec, phase: _Phase | None = None, *, back: bool = False) -> Callable[[], Tensor]:
    """The entries of a kernel that meet a phase; turned round for the way back."""

    def weight() -> Tensor:
        found = spec.folded()
        if phase is not None:
            rows, columns = phase.entries
            found = found[:, :, list(rows)][:, :, :, list(columns)]
        return found.flip(2, 3).permute(2, 3, 0, 1) if back else found.permute(2, 3, 1, 0)

    return weight
