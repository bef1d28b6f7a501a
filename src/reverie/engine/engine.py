"""Engines: activations forward, gradients backward. They know no objective.

An engine has ``forward(picture, layers)`` and ``backward(seeds)``; all engines are interchangeable and are
tested against the plain one, which is straightforward autograd. Which one runs is for ``select.make_engine``.

Threads may share an engine: each goes back from its own last forward pass.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from reverie.engine.check import check_seeds, check_shown
from reverie.errors import NetworkError, ResourceError, ReverieError, UsageError
from reverie.network.network import Network
from reverie.process.room import opencv_ran_out

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
#: What a forward and backward pass of autograd takes at once, over what it keeps in between.
TRANSIENT = 1.6


class Engine(Protocol):
    """What ``picture_gradient`` needs of an engine.

    Attributes:
        name: "plain", "torch" or "native".
        net: For layers, geometry and device.
        precision: The number format that runs, in a word that the engine's constructor takes again:
            "fp32", "bf16", or "fp32+bf16" where the forward pass has more than the backward pass.
        note: What fell back to something slower, and why; empty if nothing did.
    """

    name: str
    net: Network
    precision: str
    note: str

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Activations of ``layers`` for a picture (N, C, H, W) in [0, 1], of any strides.

        They come back detached, in the picture's number format; what ``backward`` needs is kept for the
        calling thread.

        Raises:
            UsageError: No such layer, or a picture that the network cannot take.
            BadInput: Pixels that are not finite.
        """

    def backward(
        self, seeds: Mapping[str, Tensor], *, last: bool = True, out: Tensor | None = None
    ) -> Tensor:
        """d(sum of seed * activation)/d(picture) of the last ``forward``; again unless ``last``.

        ``out``, of the picture's shape, may be written to and returned; an engine need not.

        Raises:
            UsageError: A seed of another shape than its activation, or of a layer that was not read.
            RuntimeError: This thread did no ``forward`` before.
        """

    def bytes_per_pixel(self, layers: Sequence[str]) -> float:
        """Memory that one forward and backward pass takes at once, in bytes a pixel of the picture."""

    def release(self) -> None:
        """Give working memory back; the next ``forward`` takes it again."""


class _Here(threading.local):
    """The pass of one thread: the picture, and the activations on its graph."""

    graph: tuple[Tensor, dict[str, Tensor]] | None = None


class AutogradEngine:
    """Frozen weights, cut at the deepest layer that is read, autograd for the rest."""

    name = "plain"
    note = ""

    def __init__(self, net: Network, *, device: str = "cpu", precision: str = "fp32") -> None:
        """An engine on a device in a number format; the given ``net`` itself is not changed.

        Raises:
            NetworkError: Weights that are not finite, or not in this number format.
        """
        net.check_weights()
        self.device = torch.device(device)
        self.precision = precision
        dtype = PRECISIONS[precision]
        keep = dtype == torch.float32 and self.device.type == net.device.type
        self.net = net if keep else net.to(self.device, dtype)
        if self.net is not net:
            _check_converted(self.net, precision)
        self._here = _Here()

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """See ``Engine.forward``. Activations come back detached, in the picture's number format."""
        check_shown(picture, self.net)
        leaf = picture.detach().to(self.device).requires_grad_(True)
        with torch.enable_grad():
            activations = answers(self.net, leaf, layers)
        for name, activation in activations.items():
            if not activation.requires_grad:
                raise NetworkError(cut_off(self.net.name, name))
        self._here.graph = (leaf, activations)
        return {k: a.detach().to(picture.dtype) for k, a in activations.items()}

    def backward(
        self, seeds: Mapping[str, Tensor], *, last: bool = True, out: Tensor | None = None
    ) -> Tensor:
        """See ``Engine.backward``; ``out`` is left alone."""
        if self._here.graph is None:
            raise RuntimeError("backward needs a forward before it, in the same thread")
        leaf, activations = self._here.graph
        check_seeds(seeds, {name: a.shape for name, a in activations.items()})
        # Seeds of a mean over many positions underflow in half formats: send them near 1 and scale back.
        scale = 1.0
        if self.precision != "fp32":
            scale = max(float(s.abs().max()) for s in seeds.values()) or 1.0
        if not seeds:
            return torch.zeros_like(leaf, requires_grad=False)
        outputs = [activations[k] for k in seeds]
        cotangents = [(s / scale).to(activations[k].dtype) for k, s in seeds.items()]
        try:
            (gradient,) = torch.autograd.grad(outputs, leaf, cotangents, retain_graph=not last)
        except Exception as error:  # operators may be the user's own: anything may come out of their way back
            if is_out_of_memory(error):
                raise
            reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
            raise NetworkError(cut_off(self.net.name, ", ".join(seeds), reason)) from error
        if last:
            self._here.graph = None
        return gradient if scale == 1 else gradient * scale

    def bytes_per_pixel(self, layers: Sequence[str]) -> float:
        """See ``Engine.bytes_per_pixel``."""
        return TRANSIENT * self.net.bytes_per_pixel(layers)

    def release(self) -> None:
        """See ``Engine.release``."""
        self._here.graph = None


def answers(net: Network, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """``Network.forward``; NetworkError where a module of the user's own fails in it."""
    try:
        return net.forward(picture, layers)
    except Exception as error:  # anything may come out of it
        if isinstance(error, ReverieError) or is_out_of_memory(error):
            raise
        height, width = picture.shape[2:]
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise NetworkError(
            f"network {net.name} fails on a picture of {width} x {height}: {reason}; "
            "if it takes only some sizes, give input_size"
        ) from error


def cut_off(network: str, layers: str, reason: str = "") -> str:
    """What to say where the way back from layers does not reach the picture."""
    why = f" ({reason})" if reason else ""
    return (
        f"network {network}: no gradient comes back from {layers} to the picture{why}; nothing before it may "
        "detach, run without gradients or be quantised"
    )


def _check_converted(net: Network, precision: str) -> None:
    """NetworkError where weights that were finite no longer are, in a number format that holds less."""
    try:
        net.check_weights()
    except NetworkError as error:
        reason = str(error).partition(" holds ")[0]
        raise NetworkError(f"{reason} overflows in {precision}; use --precision fp32") from error


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
    """The plain engine's number format; ``auto`` is fp32, as it gains nothing it can trust from less."""
    if name == "auto":
        return "fp32"
    if name not in PRECISIONS:
        raise UsageError(f"--precision {name}: the plain engine has {', '.join(PRECISIONS)}")
    if name == "fp16" and device == "cpu":
        raise UsageError("--precision fp16: not on a CPU; use fp32 or bf16")
    return name


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception from torch, OpenCV or Python means that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or opencv_ran_out(error):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text or "cannot allocate" in text
    )


def out_of_memory(width: int, height: int, *, tiles: bool = True) -> ResourceError:
    """The error for a picture that does not fit, also in small tiles or where none can be (``tiles``)."""
    how = (
        ", also in smaller tiles" if tiles else ": its objective sees the whole picture, so tiles cannot help"
    )
    return ResourceError(f"out of memory dreaming {width} x {height}{how}; use --max-size")
