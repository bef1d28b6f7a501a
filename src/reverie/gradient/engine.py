"""Engines: activations forward, gradients backward. They know no objective.

An engine has ``forward(picture, layers)`` and ``backward(seeds)``; all engines are interchangeable and are
tested against the plain one, which is straightforward autograd.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from reverie.errors import ResourceError, UsageError
from reverie.net.core import Net

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Engine(Protocol):
    """What ``picture_gradient`` needs of an engine."""

    name: str
    net: Net

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Activations of ``layers`` for a picture (N, C, H, W) in [0, 1]; kept for ``backward``."""

    def backward(self, seeds: Mapping[str, Tensor], *, last: bool = True) -> Tensor:
        """d(sum of seed * activation)/d(picture) of the last ``forward``; again unless ``last``."""


class PlainEngine:
    """Frozen weights, cut at the deepest layer that is read, autograd for the rest."""

    name = "plain"

    def __init__(self, net: Net, *, device: str = "cpu", precision: str = "fp32") -> None:
        """An engine on a device in a number format; the given ``net`` itself is not changed."""
        self.device = torch.device(device)
        self.precision = precision
        dtype = PRECISIONS[precision]
        keep = dtype == torch.float32 and self.device.type == net.device.type
        self.net = net if keep else net.to(self.device, dtype)
        self._graph: tuple[Tensor, dict[str, Tensor]] | None = None

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """See ``Engine.forward``. Activations come back detached, in the picture's number format."""
        leaf = picture.detach().to(self.device).requires_grad_(True)
        with torch.enable_grad():
            activations = self.net.forward(leaf, layers)
        self._graph = (leaf, activations)
        return {k: a.detach().to(picture.dtype) for k, a in activations.items()}

    def backward(self, seeds: Mapping[str, Tensor], *, last: bool = True) -> Tensor:
        """See ``Engine.backward``."""
        if self._graph is None:
            raise RuntimeError("backward needs a forward before it")
        leaf, activations = self._graph
        # Seeds of a mean over many positions underflow in half formats: send them near 1 and scale back.
        scale = 1.0
        if self.precision != "fp32":
            scale = max(float(s.abs().max()) for s in seeds.values()) or 1.0
        outputs = [activations[k] for k in seeds]
        cotangents = [(s / scale).to(activations[k].dtype) for k, s in seeds.items()]
        (gradient,) = torch.autograd.grad(outputs, leaf, cotangents, retain_graph=not last)
        if last:
            self._graph = None
        return gradient * scale


def pick_device(name: str) -> str:
    """The torch device for ``auto``, ``cpu``, ``cuda`` or ``mps``; UsageError if it is not there."""
    have = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return next(d for d in ("cuda", "mps", "cpu") if have[d])
    if name not in have:
        raise UsageError(f"--device {name}: choose auto, cpu, cuda or mps")
    if not have[name]:
        raise UsageError(f"--device {name}: torch sees no such device here; use auto or cpu")
    return name


def pick_precision(name: str, device: str) -> str:
    """The number format for ``auto`` (fp32: the plain engine gains nothing it can trust from less)."""
    if name == "auto":
        return "fp32"
    if name == "fp16" and device == "cpu":
        raise UsageError("--precision fp16: not on a CPU; use fp32 or bf16")
    return name


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception from torch or Python means that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text or "cannot allocate" in text
    )


def out_of_memory(width: int, height: int) -> ResourceError:
    """The error for a picture that does not fit even in small tiles."""
    return ResourceError(f"out of memory dreaming {width} x {height}, also in smaller tiles; use --max-size")
