"""The steps of a plan: each computes values forward, and pulls gradients back by hand where that is faster.

A step keeps for its backward pass the least it can: nothing for a convolution, the result for an activation.
What has no step of its own is differentiated by autograd, one operator at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.onednn import CHANNELS_LAST
from reverie.engine.torch.kernels.conv import ConvInput, empty
from reverie.engine.torch.kernels.dense import PointwiseBack, PointwiseForth
from reverie.engine.torch.kernels.max_pool import Pool
from reverie.engine.torch.kernels.mean_pool import PreparedBox
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.engine.torch.trace.record import Call, Ref, replace, visit

aten = torch.ops.aten


@dataclass
class Run:
    """One forward pass and the gradients that are pulled back through it.

    Attributes:
        values: By number, those that are still needed.
        saved: What steps keep beside values, by step.
        last: No other backward pass follows.
        gradients: At values, as far as they are known, and whether they may be written into.
        places: By number, the maps whose parts are written one after the other.
    """

    values: dict[int, Tensor] = field(default_factory=dict)
    saved: dict[int, Any] = field(default_factory=dict)
    last: bool = True
    gradients: dict[int, tuple[Tensor, bool]] = field(default_factory=dict)
    places: dict[int, Tensor] = field(default_factory=dict)

    def take(self, index: int) -> tuple[Tensor | None, bool]:
        """The gradient at a value so far, and whether it may be written into; it is forgotten."""
        return self.gradients.pop(index, (None, False))

    def give(self, index: int, gradient: Tensor, *, owned: bool) -> None:
        """Adds to the gradient at a value; ``owned`` if nobody else holds the tensor."""
        before, ours = self.take(index)
        if before is None:
            self.gradients[index] = (gradient, owned)
        elif ours:
            self.gradients[index] = (before.add_(gradient), True)
        elif owned:
            self.gradients[index] = (gradient.add_(before), True)
        else:
            self.gradients[index] = (before + gradient, True)


@dataclass(frozen=True)
class ChannelSlice:
    """Some channels of a value of a shape: where another value is written straight away."""

    of: int
    shape: torch.Size
    first: int
    channels: int

    def take(self, run: Run) -> Tensor:
        """The channels; whoever comes first makes the map."""
        if self.of not in run.places:
            run.places[self.of] = empty(self.shape)
        return run.places[self.of].narrow(1, self.first, self.channels)


class PlanStep:
    """One step; ``reads`` and ``writes`` are numbers of values, ``keeps`` those its backward pass needs."""

    reads: tuple[int, ...]
    writes: tuple[int, ...]
    keeps: tuple[int, ...] = ()
    limited: bool = False  # whether rounding what it keeps up to a limit would change a slope
    constants: tuple[Tensor, ...] = ()  # of autograd's steps, which show up among what autograd keeps
    #: Where values are to be written, if ``can_place``.
    places: Mapping[int, ChannelSlice] = MappingProxyType({})

    @property
    def can_place(self) -> bool:
        """Whether it can write its values into some channels of others."""
        return False

    def forward(self, run: Run) -> None:
        """Reads values and writes values."""
        raise NotImplementedError

    def backward(self, run: Run) -> None:
        """Takes the gradients at what it wrote and gives gradients to what it read."""
        raise NotImplementedError


def _behind(activation: Activation | None, run: Run, index: int) -> tuple[Tensor | None, bool]:
    """The gradient before an activation whose result has that number."""
    gradient, owned = run.take(index)
    if gradient is None or activation is None:
        return gradient, owned
    y = run.values[index]
    into = gradient if owned and gradient.is_contiguous(memory_format=CHANNELS_LAST) else None
    return activation.backward(gradient, y, into=into), True


class ConvStep(PlanStep):
    """Convolution, batch norm folded in, or mean over windows; another value added, activation."""

    def __init__(self, conv: PreparedConv | PreparedBox, x: int, other: int | None, y: int) -> None:
        self.conv, self._other = conv, other
        self.reads = (x,) if other is None else (x, other)
        self.writes = (y,)
        self.keeps = () if conv.activation is None or conv.gates else (y,)
        self.limited = conv.activation is not None and conv.activation.limited

    @property
    def can_place(self) -> bool:
        """Whether its kernel writes where it is told."""
        return self.conv.places

    def forward(self, run: Run) -> None:
        """The convolution, its bias and its activation in one call."""
        other = None if self._other is None else run.values[self._other]
        place = self.places.get(self.writes[0])
        y, gate = self.conv.forward(
            run.values[self.reads[0]], other, None if place is None else place.take(run)
        )
        run.values[self.writes[0]] = y
        if gate is not None:
            run.saved[id(self)] = gate

    def backward(self, run: Run) -> None:
        """The gradient through the activation, then the convolution with the kernel turned around."""
        gate = run.saved.get(id(self))
        activation = None if gate is not None else self.conv.activation
        gradient, owned = _behind(activation, run, self.writes[0])
        if gradient is None:
            return
        pending, _ = run.take(self.reads[0])
        found = self.conv.backward(gradient, pending, gate)
        if self._other is not None:
            run.give(self._other, gradient, owned=owned)
        run.give(self.reads[0], found, owned=True)


class PointwiseStep(PlanStep):
    """Convolutions of 1 x 1 that read one value, each with its activation; keeps where it let through."""

    def __init__(self, forth: PointwiseForth, back: PointwiseBack, x: int, ys: tuple[int, ...]) -> None:
        self._forth, self._back = forth, back
        self.reads, self.writes = (x,), ys

    @property
    def can_place(self) -> bool:
        """Always: a matrix product writes where it is told."""
        return True

    def forward(self, run: Run) -> None:
        """A product of the weights and the pixels as a matrix."""
        places = [self.places.get(index) for index in self.writes]
        into = [None if place is None else place.take(run) for place in places]
        found = self._forth(run.values[self.reads[0]], into)
        for index, given in zip(self.writes, found, strict=True):
            run.values[index] = given.map
        run.saved[id(self)] = [given.gate for given in found]

    def backward(self, run: Run) -> None:
        """The product with the weights transposed."""
        taken = [run.take(index)[0] for index in self.writes]
        if all(gradient is None for gradient in taken):
            return
        pending, _ = run.take(self.reads[0])
        shapes = zip(taken, self._forth.made, strict=True)
        gradients = [torch.zeros(shape) if gradient is None else gradient for gradient, shape in shapes]
        given = [ConvInput(g, gate) for g, gate in zip(gradients, run.saved[id(self)], strict=True)]
        run.give(self.reads[0], self._back(given, pending), owned=True)


class ScaleStep(PlanStep):
    """Channels scaled and shifted (a batch norm that has no convolution before it), then an activation."""

    def __init__(self, scale: Tensor, shift: Tensor, activation: Activation | None, x: int, y: int) -> None:
        self._scale, self._shift, self._activation = scale, shift, activation
        self.reads, self.writes = (x,), (y,)
        self.keeps = () if activation is None else (y,)
        self.limited = activation is not None and activation.limited

    def forward(self, run: Run) -> None:
        """Each channel times its scale, and its shift added."""
        x = run.values[self.reads[0]].to(self._scale.dtype)
        y = torch.addcmul(self._shift, x, self._scale)
        run.values[self.writes[0]] = y if self._activation is None else self._activation.apply_(y)

    def backward(self, run: Run) -> None:
        """The gradient before the activation, times each channel's scale."""
        gradient, owned = _behind(self._activation, run, self.writes[0])
        if gradient is not None:
            scale = self._scale.to(gradient.dtype)
            run.give(self.reads[0], gradient.mul_(scale) if owned else gradient * scale, owned=True)


class ActivationStep(PlanStep):
    """An activation that nothing could take along."""

    def __init__(self, activation: Activation, x: int, y: int) -> None:
        self._activation = activation
        self.reads, self.writes, self.keeps = (x,), (y,), (y,)
        self.limited = activation.limited

    def forward(self, run: Run) -> None:
        """The activation of every number."""
        run.values[self.writes[0]] = self._activation.apply_(run.values[self.reads[0]].clone())

    def backward(self, run: Run) -> None:
        """The gradient before the activation."""
        gradient, owned = _behind(self._activation, run, self.writes[0])
        if gradient is not None:
            run.give(self.reads[0], gradient, owned=owned)


class AddStep(PlanStep):
    """The sum of two values of one shape, then an activation."""

    def __init__(self, activation: Activation | None, a: int, b: int, y: int) -> None:
        self._activation = activation
        self.reads, self.writes = (a, b), (y,)
        self.keeps = () if activation is None else (y,)
        self.limited = activation is not None and activation.limited

    def forward(self, run: Run) -> None:
        """The sum of both inputs, then the activation."""
        y = run.values[self.reads[0]] + run.values[self.reads[1]]
        run.values[self.writes[0]] = y if self._activation is None else self._activation.apply_(y)

    def backward(self, run: Run) -> None:
        """The gradient before the activation, to both."""
        gradient, _ = _behind(self._activation, run, self.writes[0])
        if gradient is not None:
            for read in self.reads:
                run.give(read, gradient, owned=False)


class CatStep(PlanStep):
    """Values side by side along an axis.

    Attributes:
        placed: Those that are where they belong already.
    """

    def __init__(self, axis: int, widths: list[int], xs: tuple[int, ...], y: int) -> None:
        self._axis, self._widths = axis, widths
        self.reads, self.writes = xs, (y,)
        self.placed: set[int] = set()

    def place(self, producers: Mapping[int, PlanStep], shape: torch.Size) -> None:
        """Has the steps that made its values, and can, write them where they belong; ``shape`` is its own."""
        if self._axis != 1 or len(shape) != 4:
            return
        first = 0
        for index, width in zip(self.reads, self._widths, strict=True):
            step = producers.get(index)
            if step is not None and step.can_place and self.reads.count(index) == 1:
                step.places = {**step.places, index: ChannelSlice(self.writes[0], shape, first, width)}
                self.placed.add(index)
            first += width

    def forward(self, run: Run) -> None:
        """The inputs one after the other, unless they were written there straight away."""
        whole = run.places.pop(self.writes[0], None)
        if whole is None:
            whole = torch.cat([run.values[x] for x in self.reads], self._axis)
        else:
            for index, part in zip(self.reads, torch.split(whole, self._widths, 1), strict=True):
                if index not in self.placed:
                    part.copy_(run.values[index])
        run.values[self.writes[0]] = whole

    def backward(self, run: Run) -> None:
        """To each input its own channels of the gradient."""
        gradient, _ = run.take(self.writes[0])
        if gradient is not None:
            parts = torch.split(gradient, self._widths, self._axis)
            for read, part in zip(self.reads, parts, strict=True):
                run.give(read, part, owned=False)


class MaxPoolStep(PlanStep):
    """Max pooling; keeps where the maxima were."""

    def __init__(self, window: tuple[Any, ...], shape: torch.Size, x: int, y: int) -> None:
        self._window, self._shape = window, shape
        self.reads, self.writes = (x,), (y,)

    def forward(self, run: Run) -> None:
        """The largest of each window, and where it was."""
        y, where = aten.max_pool2d_with_indices(run.values[self.reads[0]], *self._window)
        run.values[self.writes[0]] = y
        run.saved[id(self)] = where

    def backward(self, run: Run) -> None:
        """Each gradient to where its largest was."""
        gradient, _ = run.take(self.writes[0])
        if gradient is None:
            return
        where = run.saved[id(self)]
        # torch's kernel takes longer in bf16 than in fp32 with both conversions
        slow = gradient.dtype == torch.bfloat16 and gradient.device.type == "cpu"
        inner = torch.float32 if slow else gradient.dtype
        like = torch.empty(self._shape, dtype=inner, device=gradient.device, memory_format=CHANNELS_LAST)
        found = aten.max_pool2d_with_indices_backward(gradient.to(inner), like, *self._window, where)
        run.give(self.reads[0], found.to(gradient.dtype), owned=True)


class NativePoolStep(PlanStep):
    """Max pooling by the native library; keeps where the maxima were."""

    def __init__(self, pool: Pool, x: int, y: int) -> None:
        self._pool = pool
        self.reads, self.writes = (x,), (y,)

    def forward(self, run: Run) -> None:
        """The same pooling by our own kernel."""
        run.values[self.writes[0]], run.saved[id(self)] = self._pool.forward(run.values[self.reads[0]])

    def backward(self, run: Run) -> None:
        """Its way back by our own kernel."""
        gradient, _ = run.take(self.writes[0])
        if gradient is not None:
            run.give(self.reads[0], self._pool.backward(gradient, run.saved[id(self)]), owned=True)


class AnyStep(PlanStep):
    """Any operator, differentiated by autograd."""

    def __init__(self, call: Call, reads: dict[int, int], dtype: torch.dtype) -> None:
        """``reads`` gives the value to read for each number in the call; ``dtype`` is the constants'."""
        self._call, self._of, self._dtype = call, reads, dtype
        self.reads = tuple(dict.fromkeys(reads.values()))
        self.writes = tuple(w for w in call.outputs if w is not None)
        found: list[Tensor] = []
        visit((call.args, call.kwargs), found.append, Tensor)
        self.constants = tuple(found)

    def forward(self, run: Run) -> None:
        """The call as the network makes it, recorded by autograd."""
        leaves: dict[int, Tensor] = {}
        for read in self.reads:
            leaf = run.values[read].detach()
            floating = leaf.is_floating_point()
            leaves[read] = leaf.to(self._dtype).requires_grad_(True) if floating else leaf

        def put(ref: Ref) -> Tensor:
            return leaves[self._of[ref.index]]

        args, kwargs = replace((self._call.args, self._call.kwargs), put, Ref)
        with torch.enable_grad():
            result = self._call.function(*args, **kwargs)
        found = list(result) if self._call.many else [result]
        outputs: dict[int, Tensor] = {}
        for index, tensor in zip(self._call.outputs, found, strict=True):
            if index is None:
                continue
            run.values[index] = tensor.detach()
            if tensor.requires_grad:
                outputs[index] = tensor
        run.saved[id(self)] = (leaves, outputs)

    def backward(self, run: Run) -> None:
        """What autograd says of the recorded call."""
        leaves, outputs = run.saved[id(self)]
        heads, seeds = [], []
        for index in self.writes:
            gradient, _ = run.take(index)
            if gradient is not None and index in outputs:
                heads.append(outputs[index])
                seeds.append(gradient.to(outputs[index].dtype))
                kind = gradient.dtype
        inputs = {i: leaf for i, leaf in leaves.items() if leaf.requires_grad}
        if not heads or not inputs:
            return
        found = torch.autograd.grad(
            heads, list(inputs.values()), seeds, retain_graph=not run.last, allow_unused=True
        )
        for index, gradient in zip(inputs, found, strict=True):
            if gradient is not None:
                run.give(index, gradient.to(kind), owned=False)
