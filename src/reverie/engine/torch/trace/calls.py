"""What recorded calls say: operators' arguments, convolutions with batch norms folded in, activations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.trace.record import Call, Ref

FLOATING = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def to_floating(call: Call) -> bool:
    """Whether a cast keeps a floating-point value floating-point."""
    if call.name in ("float", "half", "double", "bfloat16"):
        return True
    kinds = [a for a in (*call.args[1:], *call.kwargs.values()) if isinstance(a, torch.dtype)]
    like = [a for a in call.args[1:] if isinstance(a, Tensor)]
    return all(k in FLOATING for k in kinds) and all(t.is_floating_point() for t in like)


def needed(calls: Sequence[Call], wanted: set[int], value: Callable[[int], int]) -> list[Call]:
    """The calls that something wanted depends on, in order."""
    found: list[Call] = []
    for call in reversed(calls):
        if wanted.intersection(o for o in call.outputs if o is not None):
            found.append(call)
            wanted = wanted | {value(i) for i in call.reads()}
    return found[::-1]


def only_output(call: Call) -> int:
    """The number of the one tensor that a call returns."""
    (index,) = call.outputs
    assert index is not None
    return index


def pair_of(value: Any) -> tuple[int, int]:
    """Rows and columns of what operators take as one number, a list of one or of two."""
    values = [value] if isinstance(value, int) else list(value)
    return (int(values[0]), int(values[-1]))


def filled(call: Call, start: int, defaults: tuple[Any, ...]) -> list[Any]:
    """Arguments from a position on, with the defaults of the operator's schema."""
    names = [spec.name for spec in call.function._schema.arguments][start:]  # type: ignore[attr-defined]
    found = list(call.args[start:])
    rest = zip(names[len(found) :], defaults[len(found) :], strict=False)
    return found + [call.kwargs.get(name, default) for name, default in rest]


def activation_of(call: Call) -> Activation | None:
    """The activation that a call is; None for any other operator."""
    if call.name == "relu":
        return Activation("relu")
    if call.name == "relu6":
        return Activation("hardtanh", (0.0, 6.0))
    if call.name == "hardtanh":
        low, high = filled(call, 1, (-1, 1))
        return Activation("hardtanh", (float(low), float(high)))
    if call.name == "leaky_relu":
        (slope,) = filled(call, 1, (0.01,))
        return Activation("leaky_relu", (float(slope),)) if slope > 0 else None
    return None


def spec_of(call: Call) -> ConvSpec | None:
    """The convolution of a call; None for one that is not an ordinary one with constant weights."""
    if call.name == "convolution":
        weight, bias, stride, padding, dilation, transposed, _, groups = call.args[1:]
        if transposed:
            return None
    else:
        weight, bias, stride, padding, dilation, groups = filled(call, 1, (None, None, 1, 0, 1, 1))
    if not isinstance(weight, Tensor) or isinstance(bias, Ref) or weight.ndim != 4:
        return None
    steps, spread = pair_of(stride), pair_of(dilation)
    if isinstance(padding, str):
        reach = [d * (k - 1) for d, k in zip(spread, weight.shape[2:], strict=True)]
        if padding == "same" and any(r % 2 for r in reach):
            return None
        padding = [r // 2 for r in reach] if padding == "same" else 0
    return ConvSpec(weight, bias, steps, pair_of(padding), spread, int(groups))


def mixes_channels(spec: ConvSpec) -> bool:
    """Whether it is one of 1 x 1, which sees no pixel but its own."""
    return tuple(spec.weight.shape[2:]) == spec.stride == (1, 1) and spec.padding == (0, 0)


def gain_of(call: Call) -> tuple[Tensor, Tensor] | None:
    """Scale and shift by channel, in float64, of a batch norm that uses its running statistics."""
    weight, bias, mean, variance, training, _, eps, _ = filled(call, 1, (None,) * 8)
    parts = (weight, bias, mean, variance)
    if training or mean is None or variance is None or any(isinstance(p, Ref) for p in parts):
        return None
    scale = torch.rsqrt(doubled(variance) + eps)
    if weight is not None:
        scale = doubled(weight) * scale
    shift = -doubled(mean) * scale
    return scale, shift if bias is None else shift + doubled(bias)


def doubled(tensor: Tensor) -> Tensor:
    """In float64 on the CPU: other devices may not have it."""
    return tensor.detach().cpu().double()


def norm_folded(spec: ConvSpec, call: Call) -> ConvSpec | None:
    """The convolution with the batch norm after it folded in."""
    gain = gain_of(call)
    if gain is None:
        return None
    scale, shift = gain
    bias = shift if spec.bias is None else shift + doubled(spec.bias) * scale
    norms = tuple(a for a in call.args[1:5] if isinstance(a, Tensor))
    return dataclasses.replace(spec, bias=bias, scale=scale, norms=norms)
