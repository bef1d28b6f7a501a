"""Which engine runs: the fastest that is right for the network, the number format and the machine."""

from __future__ import annotations

from typing import Final

import torch

from reverie.engine.engine import AutogradEngine, Engine, pick_precision
from reverie.engine.native import NativeEngine
from reverie.engine.torch.engine import TorchEngine
from reverie.errors import UsageError, did_you_mean
from reverie.native import Isa, Unavailable
from reverie.network.network import Network

#: From the fastest to the one that the others are tested against.
ENGINES: Final = ("native", "torch", "plain")


class NoEngineError(UsageError):
    """The engine that was asked for cannot run this network, number format or machine."""


def make_engine(
    name: str,
    net: Network,
    *,
    device: str = "cpu",
    precision: str = "auto",
    threads: int | None = None,
    isa: str | None = None,
) -> Engine:
    """An engine for a network.

    Args:
        name: "native", "torch", "plain", or "auto" for the first of them that can; a network in float64 is a
            reference, and "auto" keeps it so.
        net: The network; it is not changed.
        device: "cpu", "cuda" or "mps".
        precision: "auto", "fp32", "bf16" or "fp16", or what an engine reported that it ran in.
        threads: CPU threads of the native engine; None takes torch's number. The others have no number of
            their own: they compute with torch's, as ``Runtime`` sets it.
        isa: The instruction set of the native library's kernels, "none" for a torch engine without them; None
            takes the fastest there is.

    Raises:
        NoEngineError: The engine that was named cannot, and why.
        UsageError: No such engine or precision.
    """
    if name == "auto":
        if net.dtype == torch.float64:
            return _plain(net, device, precision)
        try:
            return _native(net, device, precision, threads, isa)
        except NoEngineError:
            return _torch(net, device, precision, isa)
    if name == "native":
        return _native(net, device, precision, threads, isa)
    if name == "torch":
        return _torch(net, device, precision, isa)
    if name == "plain":
        return _plain(net, device, precision)
    raise UsageError(f"--engine {name}: {did_you_mean(name, ('auto', *ENGINES))}")


def _plain(net: Network, device: str, precision: str) -> AutogradEngine:
    return AutogradEngine(net, device=device, precision=pick_precision(precision, device))


def _torch(net: Network, device: str, precision: str, isa: str | None) -> Engine:
    try:
        return TorchEngine(net, device=device, precision=precision, isa=isa)
    except Unavailable as error:
        raise NoEngineError(f"--engine torch: {error}; use --engine auto") from error


def _native(net: Network, device: str, precision: str, threads: int | None, isa: str | None) -> Engine:
    if device != "cpu":
        raise NoEngineError(f"--engine native: runs on a CPU, not on {device}; use --engine auto")
    if isa is not None and isa.upper() not in Isa.__members__:
        raise NoEngineError(f"--engine native: knows no instruction set {isa}; use --engine auto")
    wanted = Isa[isa.upper()] if isa else None
    try:
        return NativeEngine(net, isa=wanted, precision=precision, threads=threads)
    except Unavailable as error:
        raise NoEngineError(f"--engine native: {error}; use --engine auto") from error
