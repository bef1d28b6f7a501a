"""Numbers that are not finite: where they first came up, said so that it can be mended.

Whoever computes notices them by a sum that is none, see ``ops.finite``. Why they came up is looked for only
then, in the order in which they could have: the picture, the weights, one layer after the other, and last
what was made of the layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.engine.check import check_pixels
from reverie.engine.engine import AutogradEngine, Engine
from reverie.errors import NetworkError, ReverieError, UsageError
from reverie.ops.finite import is_finite

#: Words for number formats that hold numbers up to 65504, or few digits.
_HALF = {torch.float16: "fp16", torch.bfloat16: "bf16"}


def complaint(engine: Engine, picture: Tensor, layers: Sequence[str], what: str = "") -> ReverieError:
    """The error for a score, gradient or activation that is not finite.

    Args:
        engine: What computed it; an unfinished pass of this thread is given up.
        picture: (N, C, H, W), as the engine was shown it.
        layers: Those that were read.
        what: What was made of the layers, such as 'objective "block5c"'; empty where they are all there is.

    Returns:
        BadInput: Pixels were not finite.
        NetworkError: Weights were not, a layer overflowed, or its way back did; the message names it.
        UsageError: All layers are finite: ``what`` is at fault.
    """
    net = engine.net
    try:
        check_pixels(picture)
        net.check_weights()
    except ReverieError as error:
        return error
    first = _first(engine, picture, layers)
    if first is not None:
        found = f'network {net.name}: layer "{first}" gives NaN or infinite values'
        half = _half_of(engine)
        if not half or not _is_finite_in_fp32(engine, picture, first):
            why = "numbers too large, or a division or logarithm of zero"
            return NetworkError(f"{found}, of finite pixels and weights: {why}; dream at an earlier layer")
        also = " and the network in fp32" if net.dtype in _HALF else ""
        return NetworkError(f"{found}; {half} overflowed there; use --precision fp32{also}")
    if picture.dtype in _HALF:
        return UsageError(f"picture: {_HALF[picture.dtype]} overflowed in its score; give it in fp32")
    if "fp16" in (engine.precision, _HALF.get(net.dtype)):
        return NetworkError(
            f"network {net.name}: the gradient is NaN or infinite; fp16 overflowed; use --precision fp32"
        )
    if not _comes_back_finite(engine, picture, layers):
        named = ", ".join(layers)
        return NetworkError(
            f"network {net.name}: the gradient that comes back from {named} is NaN or infinite, though all "
            "layers are finite: an operator before it has a backward pass that is wrong or divides by zero; "
            "dream at an earlier layer"
        )
    text = f"{what or f'network {net.name}'}: its score or gradient is NaN, infinite or too large"
    return UsageError(f"{text}, though every layer is finite; use smaller weights or another objective")


def _comes_back_finite(engine: Engine, picture: Tensor, layers: Sequence[str]) -> bool:
    """Whether the way back from layers to the picture is finite for seeds that are."""
    try:
        found = engine.forward(picture, layers)
        seeds = {name: torch.full_like(a, 1 / max(1, a[0].numel())) for name, a in found.items()}
        return not seeds or is_finite(engine.backward(seeds))
    except (ReverieError, RuntimeError, MemoryError):
        return True


def _half_of(engine: Engine) -> str:
    """The half format in which anything is computed, or nothing."""
    named = next((name for name in ("fp16", "bf16") if name in engine.precision), "")
    return _HALF.get(engine.net.dtype, named)


def _is_finite_in_fp32(engine: Engine, picture: Tensor, layer: str) -> bool:
    """Whether a layer that overflowed in half does not in fp32; taken for granted where it cannot run."""
    try:
        plain = AutogradEngine(engine.net.to(dtype=torch.float32), device=engine.net.device.type)
        return is_finite(plain.forward(picture.float(), [layer])[layer])
    except (ReverieError, RuntimeError, MemoryError):
        return True


def _first(engine: Engine, picture: Tensor, layers: Sequence[str]) -> str | None:
    """The first layer with a value that is not finite, in the order they run, no deeper than ``layers``."""
    order = list(engine.net.layers)
    deepest = max((order.index(name) for name in layers if name in order), default=-1)
    for names in (order[: deepest + 1], list(layers)):
        try:
            found = engine.forward(picture, names)
        except ReverieError:
            raise
        except (RuntimeError, MemoryError):  # not all of them fit into memory, or can be had at once
            continue
        bad = [name for name in names if not is_finite(found[name])]
        return bad[0] if bad else None
    return None
