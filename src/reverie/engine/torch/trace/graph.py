"""What a recording says: its calls, who reads which value, and what can be taken together."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.trace.calls import (
    activation_of,
    filled,
    mixes_channels,
    needed,
    norm_folded,
    only_output,
    pair_of,
    spec_of,
    to_floating,
)
from reverie.engine.torch.trace.record import Call, Recording, Ref

#: Operators that change nothing but memory or, at most, the floating-point format.
NOTHING = {"clone", "contiguous", "alias", "lift_fresh", "dropout", "feature_dropout", "alpha_dropout"}
CASTS = {"to", "_to_copy", "type_as", "float", "half", "double", "bfloat16"}
CONVOLUTIONS = ("conv2d", "convolution")


@dataclass
class Chain:
    """A convolution, what it reads, what is added, its result, and the calls after it that it stands for.

    Attributes:
        mean: What comes behind it that was before it.
    """

    at: int
    spec: ConvSpec
    x: int
    other: int | None
    y: int
    taken: list[int]
    mean: MeanPool | None = None


@dataclass
class MeanPool:
    """A mean over windows of a convolution's results, its bias and activation; and the value that makes."""

    kernel: tuple[int, int]
    bias: Tensor | None
    activation: Activation | None
    y: int


class Graph:
    """The calls that the layers of a recording need.

    Attributes:
        shapes: Of the values, by number.
        layers: The values that are wanted, by name.
        calls: In order.
        readers: The calls that read a value.
        taken: Calls that are part of an earlier one's step.
    """

    def __init__(self, recording: Recording) -> None:
        self.shapes = dict(recording.shapes)
        self._same: dict[int, int] = {}  # value -> the value it equals
        calls = [c for c in recording.calls if not self._is_nothing(c)]
        self.layers = {name: self.value(i) for name, i in recording.layers.items()}
        self.calls = needed(calls, set(self.layers.values()), self.value)
        self.readers: dict[int, list[int]] = {}
        for at, call in enumerate(self.calls):
            for index in {self.value(i) for i in call.reads()}:
                self.readers.setdefault(index, []).append(at)
        self.taken: set[int] = set()

    def value(self, index: int) -> int:
        """The number of the value that one equals."""
        while index in self._same:
            index = self._same[index]
        return index

    def _is_nothing(self, call: Call) -> bool:
        first = call.args[0] if call.args else None
        if not isinstance(first, Ref) or len(call.outputs) != 1 or call.outputs[0] is None:
            return False
        cast = call.name in CASTS and to_floating(call)
        quiet = call.name in NOTHING or cast
        if quiet:
            self._same[call.outputs[0]] = first.index
        return quiet

    def alone(self, index: int) -> int | None:
        """The only call that reads a value, if that value is no layer either."""
        readers = self.readers.get(index, [])
        if len(readers) != 1 or index in self.layers.values() or readers[0] in self.taken:
            return None
        return readers[0]

    def ref(self, leaf: Any) -> int | None:
        """The value that an argument of a call stands for; None for a constant."""
        return self.value(leaf.index) if isinstance(leaf, Ref) else None

    def is_only_convolved(self, index: int) -> bool:
        """Whether convolutions are all that reads a value."""
        calls = [self.calls[at] for at in self.readers.get(index, [])]
        return index not in self.layers.values() and all(
            call.name in CONVOLUTIONS and self.ref(call.args[0]) == index and spec_of(call) is not None
            for call in calls
        )

    def chain(self, at: int, call: Call) -> Chain | None:
        """A convolution and what can be done with it; nothing is taken yet."""
        spec = spec_of(call)
        x = self.ref(call.args[0])
        if spec is None or x is None or len(self.shapes[x]) != 4:
            return None
        y, taken = only_output(call), []
        following = self.alone(y)
        if following is not None and self.calls[following].name == "batch_norm":
            folded = norm_folded(spec, self.calls[following])
            if folded is not None:
                taken.append(following)
                spec, y = folded, only_output(self.calls[following])
                following = self.alone(y)
        other = self._other_of_sum(following, y)
        if following is not None and other is not None:
            taken.append(following)
            y = only_output(self.calls[following])
        spec.activation, last, y = self.activation_after(at, y)
        if last != at:
            taken.append(last)
        return Chain(at, spec, x, other, y, taken)

    def pooled_chain(self, at: int, call: Call) -> Chain | None:
        """A mean and the convolution of 1 x 1 that alone reads it, in the order that averages less."""
        window = self.window(call)
        after = self.alone(only_output(call))
        if window is None or after is None or self.calls[after].name not in CONVOLUTIONS:
            return None
        kernel, x = window
        chain = self.chain(after, self.calls[after])
        if chain is None or chain.other is not None or not mixes_channels(chain.spec):
            return None
        shape = self.shapes[x]
        if len(chain.spec.weight) >= shape[1]:
            return None
        mean = MeanPool(kernel, chain.spec.bias, chain.spec.activation, chain.y)
        spec = dataclasses.replace(chain.spec, bias=None, activation=None)
        between = len(self.shapes)
        self.shapes[between] = spec.out_shape(shape)
        return Chain(at, spec, x, None, between, [after, *chain.taken], mean)

    def _other_of_sum(self, at: int | None, y: int) -> int | None:
        """The other value in a sum with ``y``, where both have one shape."""
        if at is None or self.calls[at].name != "add":
            return None
        pair = self.sum_of(self.calls[at])
        if pair is None or pair[0] == pair[1]:
            return None
        return pair[1] if pair[0] == y else pair[0]

    def sum_of(self, call: Call) -> tuple[int, int] | None:
        """The two values of one shape that a call adds up, if it is no other sum."""
        a, b = (self.ref(leaf) for leaf in call.args[:2])
        if a is None or b is None or call.kwargs.get("alpha", 1) != 1 or len(call.args) > 2:
            return None
        return (a, b) if self.shapes[a] == self.shapes[b] else None

    def activation_after(self, at: int, y: int) -> tuple[Activation | None, int, int]:
        """The activation that is all that reads ``y``, its call and its result; or None, ``at`` and ``y``."""
        following = self.alone(y)
        if following is None:
            return None, at, y
        activation = activation_of(self.calls[following])
        if activation is None:
            return None, at, y
        return activation, following, only_output(self.calls[following])

    def window(self, call: Call) -> tuple[tuple[int, int], int] | None:
        """Sides of an average pooling's windows and what it reads, if its results are as many."""
        x = self.ref(call.args[0])
        kernel, stride, padding, ceil, counted, divisor = filled(call, 1, ([], [], 0, False, True, None))
        sides = pair_of(kernel)
        box = (
            pair_of(stride or kernel) == (1, 1)
            and all(k % 2 == 1 for k in sides)
            and pair_of(padding) == (sides[0] // 2, sides[1] // 2)
        )
        if x is None or len(self.shapes[x]) != 4 or not box or ceil or not counted or divisor is not None:
            return None
        return sides, x
