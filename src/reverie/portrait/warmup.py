"""The warm-up of dead units: in the first steps the gradient passes a rectifier that blocks all of it.

A unit that the start leaves below zero has no gradient, and its portrait never takes off. Olah, Mordvintsev &
Schubert 2017, "Feature Visualization" (lucid's ``redirected_relu_grad``), let the gradient through where it
pushes towards the range in which the unit lives, for each item of the batch that is blocked as a whole.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


@contextmanager
def redirected() -> Iterator[None]:
    """Let autograd's forward and backward passes in here redirect the gradient of rectifiers, for ascent.

    ReLU, ReLU6 and hardtanh as functions, methods or modules, in place or not, and clamps from zero that are
    not in place. Activations stay the same, and so does the gradient of every item of which a rectifier lets
    anything through. Only what autograd computes can be redirected: that is the plain engine.
    """
    with _Clamps(), _Rectifiers():  # type: ignore[no-untyped-call]
        yield


def redirect(slope: Tensor, blocked: Tensor, below: Tensor, above: Tensor | None = None) -> Tensor:
    """The gradient that goes through a rectifier, (N, ...).

    Args:
        slope: d(score)/d(output).
        blocked: d(score)/d(input) as it is, zero where the input is out of range.
        below: Where the input is below the range; there only what pushes it up goes through.
        above: Where it is above; there only what pushes it down does.
    """
    wrong = below & (slope < 0)
    if above is not None:
        wrong |= above & (slope > 0)
    dead = ~blocked.flatten(1).any(1) if blocked.ndim > 1 else blocked == 0
    dead = dead.view(-1, *[1] * (blocked.ndim - 1))
    return torch.where(dead, slope.masked_fill(wrong, 0), blocked)


class _Rectifiers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Takes the place of the backward operators of ReLU and of clipping to a range."""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        blocked = func(*args, **(kwargs or {}))
        if func is aten.threshold_backward.default:
            slope, output, threshold = args
            return redirect(slope, blocked, output <= threshold)
        if func is aten.hardtanh_backward.default:
            slope, output, low, high = args
            return redirect(slope, blocked, output <= low, output >= high)
        return blocked


class _Clamps(TorchFunctionMode):
    """Makes clamps from zero rectifiers, which they are; torch has no backward operator of their own."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in CLAMPS:
            bound = inspect.Signature(CLAMPS[func]).bind(*args, **(kwargs or {}))
            low, high = bound.arguments.get("min"), bound.arguments.get("max")
            if isinstance(low, int | float) and low == 0 and not isinstance(high, Tensor):
                clamp: Callable[..., Tensor] = _Clamp.apply  # untyped in torch
                return clamp(bound.arguments["input"], math.inf if high is None else high)
        return func(*args, **(kwargs or {}))


class _Clamp(torch.autograd.Function):
    """``x.clamp(0, high)`` whose gradient is redirected."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.high = high
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        below, above = x < 0, x > ctx.high
        return redirect(gradients[0], gradients[0].masked_fill(below | above, 0), below, above), None


def _signature(*names: str) -> list[inspect.Parameter]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(n, kind, default=inspect.Parameter.empty if n == "input" else None) for n in names
    ]


_BOTH, _LEAST = _signature("input", "min", "max"), _signature("input", "min")
CLAMPS: Final = {
    torch.clamp: _BOTH,
    torch.clip: _BOTH,
    Tensor.clamp: _BOTH,
    Tensor.clip: _BOTH,
    torch.clamp_min: _LEAST,
    Tensor.clamp_min: _LEAST,
}
