"""The native engine: the EfficientNet-Lite family on the library's fused kernels."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.engine.check import check_seeds, check_shown
from reverie.engine.malloc import SMALL, give_pages_back, keep_pages
from reverie.errors import NetworkError, UsageError
from reverie.native import Isa, Unavailable, instruction_sets, missing
from reverie.native.check import check_threads
from reverie.native.dense import padded
from reverie.native.lite import MATHS, SLACK, LiteNetwork, LiteWork, Math, Pictures, Seed
from reverie.native.threads import share as share_threads
from reverie.network.efficientnet_lite import HEAD, Block, Conv, Lite
from reverie.network.network import Network

#: The picture whose working memory stands for all sizes when tiles are planned, in pixels a side.
PROBE = 512
#: Kernels count pixels in 31 bits.
MOST_PIXELS = 2**31 - 1
#: No weight may be larger: products of a layer's and the next one's have to be finite, for ReLU6 would make
#: something that looks right of what is not.
MOST_WEIGHT = 1e15
NAMES = {
    Isa.AVX2: "AVX2",
    Isa.AVX512: "AVX-512",
    Isa.AVX512_BF16: "AVX-512 with bf16",
    Isa.AMX: "AMX",
}


@dataclass
class _Pass:
    """A forward pass that waits for its backward, and the shapes of the activations that it gave."""

    work: LiteWork
    shapes: dict[str, tuple[int, ...]]


class _Here(threading.local):
    """What one thread computes in."""

    def __init__(self) -> None:
        self.memory = torch.empty(0, dtype=torch.uint8)
        self.waiting: _Pass | None = None


class NativeEngine:
    """Activations and gradients of an EfficientNet-Lite on a CPU; every layer, batch and size.

    Number formats: "auto" takes the fastest whose gradient keeps a cosine of 0.999 with float64's: fp32
    forward and bf16 backward where the processor multiplies bf16 (on AMX tiles the forward factors are split
    into two bf16 each, which is nearly fp32), else fp32. "fp32" is fp32 both ways. "bf16" rounds both ways,
    which is faster and flips ReLUs (cosine about 0.95): for judging many pictures, not for dreaming.
    """

    name = "native"
    note = ""

    def __init__(
        self, net: Network, *, isa: Isa | None = None, precision: str = "auto", threads: int | None = None
    ) -> None:
        """Takes over the network's weights.

        Args:
            net: A network whose module is our own ``Lite``, in fp32 on a CPU.
            isa: The instruction set; None takes the best there is.
            precision: "auto", "fp32" or "bf16", or what another such engine said that it ran in.
            threads: None takes as many as torch has here and now; at most 1024.

        Raises:
            Unavailable: Another kind of network, no library, a processor without the instruction set, or a
                number format that it does not have.
            NetworkError: Weights that are not finite, or far too large.
            UsageError: A number of threads that is none.
        """
        if threads is not None:
            check_threads(threads)
        if not isinstance(net.module, Lite) or net.dtype != torch.float32 or net.device.type != "cpu":
            raise Unavailable(f"network {net.name} is not an EfficientNet-Lite in fp32 on a CPU")
        have = instruction_sets()
        if not have:
            raise Unavailable(missing() or "this processor has no instruction set the native library knows")
        if isa is not None and isa not in have:
            raise Unavailable(f"this machine has no {NAMES[isa]}")
        share_threads()
        best = have[-1] if isa is None else isa
        self.isa = best.name.lower()
        self.math = _math(best, precision)
        self.net = net
        self.device = torch.device("cpu")
        self.precision = _words(*self.math)
        self._threads = threads or torch.get_num_threads()
        module = net.module
        self._names = [*module.stages, "logit_map"]
        self._channels = [net.channels_of(name) for name in self._names]
        net.check_weights()
        weights = _flat(module)
        if float(weights.abs().max()) > MOST_WEIGHT:
            raise NetworkError(f"network {net.name}: has weights over {MOST_WEIGHT:g}; load others")
        self._network = LiteNetwork(_plan(module), HEAD, self._channels[-1], weights.data_ptr(), *self.math)
        self._scale = tuple(1 / s for s in net.std)
        self._shift = tuple(-m / s for m, s in zip(net.mean, net.std, strict=True))
        self._here = _Here()
        keep_pages(SMALL)

    def forward(self, picture: Tensor, layers: Sequence[str], *, keep: bool = True) -> dict[str, Tensor]:
        """Activations of ``layers`` for a picture (N, 3, H, W) in [0, 1], in fp32.

        ``keep=False`` is for looking only: no gradient can follow, and less memory is taken. A batch of
        pictures is shared out to the threads whole.

        Raises:
            UsageError: A layer does not exist, or the picture's shape does not fit.
            BadInput: Pixels that are not finite.
        """
        for name in layers:
            self.net.layer(name)
        self.net.check_picture(picture)
        if picture[:, 0].numel() > MOST_PIXELS:
            raise UsageError(f"picture: shape {tuple(picture.shape)} is too large for the native engine")
        check_shown(picture, self.net)
        if not layers:
            return {}
        here = self._here
        here.waiting = None
        count, _, height, width = picture.shape
        stages = max(self._stage(name) for name in layers) + 1
        work = LiteWork(count, height, width, stages, int(keep), self._threads, None)
        need = self._network.bytes_for(work)
        if here.memory.numel() < need:
            here.memory = torch.empty(0, dtype=torch.uint8)  # before the larger one is there
            here.memory = torch.empty(need, dtype=torch.uint8)
        work.memory = here.memory.data_ptr()
        source = picture.detach().to("cpu", torch.float32)
        source = source if source.stride(3) == 1 else source.contiguous()
        found: dict[str, Tensor] = {}
        maps: dict[int, int] = {}
        logits: Tensor | None = None
        for name in dict.fromkeys(layers):
            if name == "logits":
                logits = torch.empty(count + SLACK, padded(self._channels[-1]))
                found[name] = logits[:count, : self._channels[-1]]
                continue
            stage = self._stage(name)
            rows, columns = self._size(stage, height, width)
            channels = padded(self._channels[stage])
            whole = torch.empty((count * rows * columns + SLACK) * channels)
            maps[stage] = whole.data_ptr()
            laid = whole[: count * rows * columns * channels].view(count, rows, columns, channels)
            found[name] = laid[..., : self._channels[stage]].permute(0, 3, 1, 2)
        where = None if logits is None else logits.data_ptr()
        self._network.forward(work, self._pictures(source, self._scale), maps, where)
        here.waiting = _Pass(work, {name: tuple(a.shape) for name, a in found.items()}) if keep else None
        return found if picture.dtype == torch.float32 else {k: a.to(picture.dtype) for k, a in found.items()}

    def backward(
        self, seeds: Mapping[str, Tensor], *, last: bool = True, out: Tensor | None = None
    ) -> Tensor:
        """d(sum of seed * activation)/d(picture) of the last ``forward``, (N, 3, H, W), in fp32.

        Written to ``out`` and returned, where that is a contiguous tensor of the shape and in fp32. Raises as
        ``Engine.backward``.
        """
        waiting = self._here.waiting
        if waiting is None:
            raise RuntimeError("backward needs a forward before it, in the same thread")
        check_seeds(seeds, waiting.shapes)
        work = waiting.work
        laid: dict[int, Seed] = {}
        held: list[Tensor] = []  # until the library has read them
        logits: Tensor | None = None
        for name, given in seeds.items():
            seed = given.detach().to("cpu", torch.float32)
            if name == "logits":
                logits = torch.zeros(work.count + SLACK, padded(self._channels[-1]))
                logits[: work.count, : self._channels[-1]] = seed
                continue
            stage = self._stage(name)
            if stage == 0:  # read as it lies
                seed = seed.contiguous(memory_format=torch.channels_last)
            held.append(seed)
            strides = [seed.stride(i) for i in range(4)]
            if stage == 0:  # a channels_last tensor of one row or picture may claim any stride there
                strides = [
                    seed.shape[1] * seed.shape[2] * seed.shape[3],
                    1,
                    seed.shape[1] * seed.shape[3],
                    seed.shape[1],
                ]
            laid[stage] = Seed(seed.data_ptr(), *strides)
        shape = (work.count, 3, work.height, work.width)
        gradient = torch.empty(shape) if out is None or out.shape != shape or not _is_plain(out) else out
        where = None if logits is None else logits.data_ptr()
        self._network.backward(work, laid, where, self._pictures(gradient, self._scale))
        if last:
            self._here.waiting = None
        return gradient

    def release(self) -> None:
        """Gives this thread's working memory back; its next ``forward`` takes it again."""
        self._here.memory = torch.empty(0, dtype=torch.uint8)
        self._here.waiting = None
        give_pages_back()

    def bytes_per_pixel(self, layers: Sequence[str]) -> float:
        """Working memory of forward and backward, for each pixel of a picture."""
        if not layers:
            return 0.0
        stages = max(self._stage(name) for name in layers) + 1
        work = LiteWork(1, PROBE, PROBE, stages, 1, 1, None)
        activations = sum(
            4 * padded(self._channels[self._stage(name)]) / (self.net.layer(name).stride or 32) ** 2
            for name in layers
        )
        # An activation, its seed, and what the objective makes of it.
        return self._network.bytes_for(work) / PROBE**2 + 4 * activations

    def _stage(self, name: str) -> int:
        return len(self._names) - 1 if name == "logits" else self._names.index(name)

    def _size(self, stage: int, height: int, width: int) -> tuple[int, int]:
        stride = self.net.layer(self._names[stage]).stride
        assert stride is not None
        return -(-height // stride), -(-width // stride)

    def _pictures(self, tensor: Tensor, scale: Sequence[float]) -> Pictures:
        return Pictures(tensor.data_ptr(), *tensor.stride()[:3], tuple(scale), tuple(self._shift))


def _is_plain(out: Tensor) -> bool:
    """Whether kernels can write there."""
    return out.device.type == "cpu" and out.dtype == torch.float32 and out.is_contiguous()


def _math(isa: Isa, precision: str) -> tuple[Math, Math]:
    fp32 = Math.FP32_AVX2 if isa == Isa.AVX2 else Math.FP32_AVX512
    best = MATHS[isa]
    known = {"auto": best, "fp32": (fp32, fp32), _words(*best): best}
    if isa >= Isa.AVX512_BF16:
        known["bf16"] = (best[1], best[1])
    if precision in known:
        return known[precision]
    raise Unavailable(f"the native engine on {NAMES[isa]} computes in {', '.join(known)}, not in {precision}")


def _words(forward: Math, backward: Math) -> str:
    words = {Math.BF16_AVX512: "bf16", Math.BF16_AMX: "bf16", Math.SPLIT_AMX: "split-bf16"}
    there, back = words.get(forward, "fp32"), words.get(backward, "fp32")
    return there if there == back else f"{there}+{back}"


def _plan(module: Lite) -> list[tuple[int, ...]]:
    blocks = [stage for stage in module.stages.values() if isinstance(stage, Block)]
    plan: list[tuple[int, ...]] = []
    for block in blocks:
        *before, depthwise, project = [c for c in block.convs if isinstance(c, Conv)]
        wide, out = depthwise.weight.shape[0], project.weight.shape[0]
        inputs = before[0].weight.shape[1] if before else wide
        plan.append((inputs, wide, out, depthwise.kernel, depthwise.stride, int(block.residual)))
    return plan


def _flat(module: Lite) -> Tensor:
    """Every weight and bias in the order the library wants them, in fp32."""
    parts: list[Tensor] = []
    for name, stage in module.stages.items():
        convs = [stage] if isinstance(stage, Conv) else [c for c in stage.modules() if isinstance(c, Conv)]
        for conv in convs:
            weight = conv.weight[:, :, -conv.kernel :, -conv.kernel :]  # without the row and column of zeros
            parts += [weight.permute(0, 2, 3, 1) if name == "stem" else weight, conv.bias]
    parts += [module.classify.weight, module.classify.bias]
    return torch.cat([p.detach().reshape(-1).float() for p in parts]).contiguous()
