"""Which number formats a plan computes in, and which native kernels: by network, device and processor."""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch

from reverie.engine.torch.plan.plan import Formats, Sets
from reverie.native import Isa, Unavailable, instruction_sets
from reverie.native import dense as native_dense
from reverie.network.network import Network

#: Number formats of the first layers, of the other ones, and backward, by the name of the precision.
FORMATS = {
    "fp32": (torch.float32, torch.float32, torch.float32),
    "bf16": (torch.float32, torch.bfloat16, torch.bfloat16),
    "fp16": (torch.float16, torch.float16, torch.float16),
    "fp32+bf16": (torch.float32, torch.float32, torch.bfloat16),
}
#: Multiplications for each output of a network's convolutions, from which it is dense: native kernels save
#: more than they cost.
DENSE = 500


def multiplies_bf16(*, tiles: bool = False) -> bool:
    """Whether this CPU has instructions that multiply numbers in bf16 (``tiles``: AMX), and torch knows."""
    able: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(able.get(name, False) for name in (("amx_bf16",) if tiles else ("avx512_bf16", "amx_bf16")))


def fastest(net: Network, device: torch.device, native: Isa | None) -> str:
    """The fastest precision whose gradient keeps a cosine of 0.999 with float64's.

    Tiles (AMX) multiply bf16 far faster than fp32; with less than that the native convolutions, which take a
    third of the multiplications, are the faster way back, in bf16 where they have it. A light network waits
    for memory most of the time, and gradients in bf16 are half as many bytes.
    """
    if device.type != "cpu" or net.dtype != torch.float32:
        return "fp32"
    able = native is Isa.AVX512_BF16 or multiplies_bf16(tiles=native is not None)
    return "fp32+bf16" if able and (_is_dense(net) or _convolves(net)) else "fp32"


def formats_of(device: torch.device, kinds: tuple[torch.dtype, ...], native: Isa | None) -> Formats:
    """Of the plans: where the native library multiplies bf16, everything else is in fp32."""
    early, forward, backward = kinds
    if native is not Isa.AVX512_BF16:
        same = None if native is None else Sets(native, native, native)
        return Formats(device, early, forward, backward, same)
    sets = [native if kind == torch.bfloat16 else Isa.AVX512 for kind in kinds]
    return Formats(device, *(torch.float32,) * 3, native=Sets(*sets))


def _convolves(net: Network) -> bool:
    """Whether most weights of a network are of convolutions: matrices are left to autograd, in fp32."""
    weights = list(chain(net.module.parameters(), net.module.buffers()))
    return 2 * sum(w.numel() for w in weights if w.ndim == 4) > sum(w.numel() for w in weights if w.ndim > 1)


def _is_dense(net: Network) -> bool:
    """Whether convolutions that mix many channels are most of a network."""
    weights = [w for w in chain(net.module.parameters(), net.module.buffers()) if w.ndim == 4]
    outputs = sum(len(w) for w in weights)
    return outputs > 0 and sum(w.numel() for w in weights) / outputs >= DENSE


def native_set(net: Network, device: torch.device, isa: str | None) -> Isa | None:
    """The instruction set of the native convolutions, by name or what is best for the network."""
    if isa is None:
        wanted = device.type == "cpu" and net.dtype == torch.float32 and _is_dense(net)
        return native_dense.best() if wanted else None
    if isa == "none":
        return None
    if isa.upper() not in Isa.__members__:
        raise Unavailable(f"knows no instruction set {isa}")
    named = Isa[isa.upper()]
    if device.type != "cpu" or named not in instruction_sets() or named > Isa.AVX512_BF16:
        raise Unavailable(f"has no convolutions for {isa} here")
    return named
