"""A convolution of the native library at one size: tensors in, addresses to the library, tensors out.

Maps are (N, C, H, W) in fp32, channels last; a bit for each value tells where an activation let it through.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from reverie.native import dense
from reverie.native.dense import ConvolutionJob, ConvolutionSource, ConvolutionTarget, Filter

if TYPE_CHECKING:
    from reverie.engine.torch.conv.activation import Activation

CHANNELS_LAST = torch.channels_last
INFINITE = float("inf")
#: Bytes of results that are not kept in caches: whatever comes next would not find them there any more.
CACHED = 8 << 20
LINE = 64
Pair = tuple[int, int]


class ActivationMask(NamedTuple):
    """Where an activation let its values through unchanged, a bit each; elsewhere its slope was ``slope``."""

    bits: Tensor  # (N, H, W, chunks of 16 channels), int16
    slope: float


class ConvInput(NamedTuple):
    """What a convolution reads: a map (N, C, H, W), channels last, or some channels of one; its gate."""

    map: Tensor
    gate: ActivationMask | None = None


class Places(NamedTuple):
    """Where pixels (i, j) are in the map they are read from or written to: at ``step * (i, j) + first``."""

    size: Pair
    step: Pair = (1, 1)
    first: Pair = (0, 0)


def empty(shape: Sequence[int], dtype: torch.dtype = torch.float32) -> Tensor:
    """A map (N, C, H, W), channels last, that is not filled yet."""
    return torch.empty(shape, dtype=dtype, memory_format=CHANNELS_LAST)


def gates(activation: Activation | None) -> bool:
    """Whether an activation can be done in the convolution and kept as bits."""
    if activation is None:
        return False
    return activation.kind != "leaky_relu" or activation.numbers[0] <= 1


class DenseConv:
    """A convolution at one size; several inputs or outputs lie side by side in its channels."""

    def __init__(
        self,
        convolution: Filter,
        taken: Sequence[torch.Size],
        made: Sequence[torch.Size],
        before: Pair,
        biases: Sequence[Tensor | None] = (),
        places: Places | None = None,
        given: Places | None = None,
        linear: Sequence[bool] = (),
    ) -> None:
        """Of packed weights.

        Args:
            convolution: The weights.
            taken: The inputs' shapes, (N, C, H, W), all alike but for C.
            made: The outputs' shapes.
            before: By axis, how many pixels before the input the first output's window begins.
            biases: (C,) or None for every output; none at all if it is empty.
            places: Where results are put, if it is not one by one in a map of their own.
            given: Where the inputs are, likewise; not for a gathered convolution, whose taps say it.
            linear: Which outputs have no activation, whatever the others have; none if it is empty.
        """
        self._convolution, self._made = convolution, made
        count, _, height, width = taken[0]
        _, _, out_height, out_width = made[0]
        self._large = 4 * count * out_height * out_width * sum(shape[1] for shape in made) > CACHED
        chunks = [dense.padded(shape[1]) // dense.CHUNK for shape in made]
        self._bits = [(count, out_height, out_width, n) for n in chunks]
        self._bias: Tensor | None = None
        if any(bias is not None for bias in biases):
            self._bias = torch.zeros(sum(dense.padded(shape[1]) for shape in made), dtype=torch.float32)
            at = 0
            for shape, bias in zip(made, biases, strict=True):
                if bias is not None:
                    self._bias[at : at + shape[1]] = bias
                at += dense.padded(shape[1])
        size, step, first = places or Places((out_height, out_width))
        source_size, source_step, source_first = given or Places((height, width))
        self._sources, self._targets = (ConvolutionSource * len(taken))(), (ConvolutionTarget * len(made))()
        for source, shape in zip(self._sources, taken, strict=True):
            source.channels = shape[1]
        for target, shape in zip(self._targets, made, strict=True):
            target.channels = shape[1]
        for target, alone in zip(self._targets, linear, strict=False):
            target.linear = alone
        # What is the same at every call; the rest is filled in.
        self._job = ConvolutionJob(
            count=count, height=height, width=width, out_height=out_height, out_width=out_width,
            top=before[0], left=before[1], source_height=source_size[0], source_width=source_size[1],
            source_step_y=source_step[0], source_step_x=source_step[1], source_y=source_first[0],
            source_x=source_first[1], target_height=size[0], target_width=size[1],
            target_step_y=step[0], target_step_x=step[1], target_y=first[0], target_x=first[1],
            sources=len(taken), targets=len(made),
            source=ctypes.cast(self._sources, ctypes.POINTER(ConvolutionSource)),
            target=ctypes.cast(self._targets, ctypes.POINTER(ConvolutionTarget)),
            bias=None if self._bias is None else self._bias.data_ptr(),
        )  # fmt: skip
        self._activation: Activation | None = None  # what the job says now
        self._job.activation, self._job.low, self._job.high = _numbers(None)
        self._slope = 0.0

    def __call__(
        self,
        given: Sequence[ConvInput],
        others: Sequence[Tensor | None],
        *,
        activation: Activation | None = None,
        keep: bool = False,
        into: Sequence[Tensor | None] | None = None,
    ) -> list[ConvInput]:
        """Activation(convolution(inputs through gates) + others), and with ``keep`` the outputs' gates.

        Outputs are written ``into`` maps that are given, channels last, or some channels of larger ones.
        """
        held: list[Tensor] = []  # until the library is done
        for source, (x, gate) in zip(self._sources, given, strict=True):
            x, source.pixel = even_pixels(x)
            held.append(x)
            source.data, source.gate = x.data_ptr(), None
            if gate is not None:
                source.gate, source.slope = gate.bits.data_ptr(), gate.slope
        job = self._job
        if activation is not self._activation:
            self._activation = activation
            job.activation, job.low, job.high = _numbers(activation)
            self._slope = job.low if job.activation == dense.ActivationKind.LEAKY else 0.0
        results, past = [], self._large
        rows = zip(self._targets, self._made, self._bits, others, into or [None] * len(others), strict=True)
        for target, shape, bits, other, place in rows:
            y = empty(shape) if place is None else place
            target.data, target.pixel = y.data_ptr(), y.stride(3)
            past = past and y.data_ptr() % LINE == 0
            target.other = target.open = kept = None
            if other is not None:
                other, target.other_pixel = even_pixels(other)
                held.append(other)
                target.other = other.data_ptr()
            if keep and not target.linear:
                kept = ActivationMask(torch.empty(bits, dtype=torch.int16), self._slope)
                target.open = kept.bits.data_ptr()
            results.append(ConvInput(y, kept))
        job.threads, job.past_caches = torch.get_num_threads(), past
        self._convolution.run(job)
        return results


def _numbers(activation: Activation | None) -> tuple[int, float, float]:
    """Code, lower limit (or slope) and upper limit."""
    if activation is None:
        return dense.ActivationKind.LINEAR, 0.0, INFINITE
    if activation.kind == "relu":
        return dense.ActivationKind.CLAMPED, 0.0, INFINITE
    if activation.kind == "hardtanh":
        return dense.ActivationKind.CLAMPED, activation.numbers[0], activation.numbers[1]
    return dense.ActivationKind.LEAKY, activation.numbers[0], INFINITE


def even_pixels(x: Tensor) -> tuple[Tensor, int]:
    """The tensor in fp32, with its pixels at an even distance, and that distance."""
    return spaced(x if x.dtype == torch.float32 else x.float())


def spaced(x: Tensor) -> tuple[Tensor, int]:
    """The tensor, with its pixels at an even distance, and that distance in numbers."""
    if not x.is_contiguous(memory_format=CHANNELS_LAST):
        _, _, height, width = x.shape
        pixel = x.stride(3)
        even = x.stride(1) == 1 and x.stride(2) == width * pixel and x.stride(0) == height * width * pixel
        if even and pixel >= x.shape[1]:
            return x, pixel
        x = x.contiguous(memory_format=CHANNELS_LAST)
    return x, x.shape[1]


class Forward:
    """A convolution, in one part or several that are added up, and an activation."""

    _parts: Sequence[DenseConv]

    def _read(self, x: Tensor) -> Tensor:
        """What the convolution reads of its input."""
        return x

    def __call__(
        self,
        x: Tensor,
        other: Tensor | None,
        *,
        activation: Activation | None = None,
        keep: bool = False,
        into: Tensor | None = None,
    ) -> tuple[Tensor, ActivationMask | None]:
        """Activation(convolution(x) + other), and its gate; sums of parts wait where the result will be."""
        seen = [ConvInput(self._read(x))]
        for part in self._parts[:-1]:
            ((other, _),) = part(seen, [other], into=[into])
            into = other
        (found,) = self._parts[-1](seen, [other], activation=activation, keep=keep, into=[into])
        return found
