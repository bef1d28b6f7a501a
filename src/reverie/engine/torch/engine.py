"""The torch engine: the gradient of any frozen network with torch's own operators, as fast as they allow.

A network is run once at each size of picture while its operators are written down (``torch_record``); the
list becomes a plan (``torch_plan``) of steps with hand-written backward passes (``torch_steps``,
``torch_conv``, ``torch_back``). The network's own module is only read, through ``Network``: nothing of it is
changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from reverie.engine.check import check_seeds, check_shown
from reverie.engine.engine import AutogradEngine, is_out_of_memory
from reverie.engine.malloc import give_pages_back, keep_pages
from reverie.engine.torch.conv.onednn import CHANNELS_LAST
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.formats import FORMATS, fastest, formats_of, native_set
from reverie.engine.torch.plan.compile import build
from reverie.engine.torch.plan.cuda_graphs import Replay, Replays, cuda_capture
from reverie.engine.torch.plan.memory import peak_bytes
from reverie.engine.torch.plan.plan import ExecutionPlan, Formats, Sets
from reverie.engine.torch.plan.steps import Run
from reverie.engine.torch.trace.record import Unrecordable, record, thaw
from reverie.errors import ReverieError, UsageError
from reverie.native import Isa
from reverie.native.threads import share as share_threads
from reverie.network.network import PROBE, Network
from reverie.process.turn import Turn

PLANS = 24  # sizes of picture that are remembered; octaves times the few shapes of their tiles
#: What a plan has to agree with autograd in before it is used: cosine and ratio of the gradients.
COSINE, RATIO = 0.99, 0.02


@dataclass
class _Pass:
    """A forward pass that waits for its backward."""

    plan: ExecutionPlan
    run: Run | None  # None with a replay, which has its own
    replay: Replay | None
    shapes: dict[str, torch.Size]  # of the activations that it gave
    x: Tensor  # what the module was shown
    leaf: Tensor  # the picture
    prepared: Tensor | None  # resized, on autograd's graph; None if it was not resized
    shape: torch.Size


class _Here(threading.local):
    """What waits in one thread: a pass, or, where another engine did the last one, that engine."""

    waiting: _Pass | AutogradEngine | None = None


class TorchEngine:
    """Any network with torch's operators alone; see ``Engine`` for what it does.

    Batch norms are folded, activations fused, tensors channels-last; weights get no gradient; the backward
    pass of a convolution is a forward convolution with weights that are flipped and packed once. A network
    that does what no list of operators can repeat (random numbers, decisions on pixels, hooks of the module's
    owner, which have to fire) is left to ``AutogradEngine``, and ``note`` says so.

    Precisions and the cosine of their gradients with float64's, at the depths that dreams use:

    - "fp32": 0.9999 and better. In float64 for a network that is in float64.
    - "fp32+bf16": forward in fp32, backward in bf16, above 0.999. Faster on CPUs that multiply bf16, for
      networks that are mostly convolutions; for these "auto" takes it there, and else fp32.
    - "bf16": the first layers and nothing else in fp32, 0.95 to 0.999. Its error sits in the forward pass,
      where wrong values flip ReLUs, and grows with depth. The fastest on CPUs that multiply bf16.
    - "fp16": for GPUs, with seeds scaled so that nothing underflows.

    On a GPU that repeats a size the steps become a CUDA graph. On a CPU the native library, if it is there,
    does most of a dense network; ``isa`` says with which instructions. Its convolutions round differently at
    each place of a tile of results, so that a picture in pieces has the gradient of the whole to some 0.5 %
    only (ReLUs that lie within rounding of 0); with torch's operators alone it is five digits.

    Threads that share one take turns; a pass is the thread's own.
    """

    name = "torch"

    def __init__(
        self, net: Network, *, device: str = "cpu", precision: str = "auto", isa: str | None = None
    ) -> None:
        """An engine on a device in a number format; the given ``net`` itself is not changed.

        Args:
            net: The network.
            device: "cpu", "cuda" or "mps".
            precision: "auto" or one of those above.
            isa: The instruction set of the native convolutions, "none" for torch's operators alone; None
                takes the best there is for a dense network, and none for others.

        Raises:
            UsageError: There is no such precision here.
            Unavailable: There is no such instruction set here.
            NetworkError: Weights that are not finite.
        """
        net.check_weights()
        self.device = torch.device(device)
        share_threads()
        native = native_set(net, self.device, isa)
        self.precision = fastest(net, self.device, native) if precision == "auto" else precision
        if native is Isa.AVX512_BF16 and "bf16" not in self.precision:
            native = Isa.AVX512
        self.isa = None if self.device.type != "cpu" else "none" if native is None else native.name.lower()
        if self.precision not in FORMATS:
            raise UsageError(f"--precision {precision}: the torch engine has {', '.join(FORMATS)}")
        if self.precision == "fp16" and self.device.type == "cpu":
            raise UsageError("--precision fp16: not on a CPU; use fp32 or bf16")
        self.net = net if self.device.type == net.device.type else net.to(self.device)
        self.note = ""
        kinds = FORMATS[self.precision]
        if net.dtype == torch.float64 and self.precision == "fp32":
            kinds = (torch.float64,) * 3
        self._formats = formats_of(self.device, kinds, native)
        self._affine = _affine(net)
        self._replays = Replays(cuda_capture) if self.device.type == "cuda" else None
        if self.device.type == "cpu":
            keep_pages()
        self._hooks = _hooks(self.net.module)
        weights = list(chain(self.net.module.parameters(), self.net.module.buffers()))
        self._store = Store(weights)
        self._trained = [w for w in weights if not w.is_inference()]  # or could be; others have no version
        self._versions: list[int] = []
        self._plans: OrderedDict[tuple[tuple[str, ...], torch.Size], ExecutionPlan] = OrderedDict()
        self._trusted: set[tuple[str, ...]] = set()
        self._bytes: dict[tuple[str, ...], float] = {}
        self._plain: AutogradEngine | None = None  # once something fell back
        self._refused: set[tuple[str, ...]] = set()
        self._turn = Turn(f"the engine of network {net.name}")
        self._here = _Here()
        self._replayed: _Pass | None = None  # whose forward pass the graph's tensors are of

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """See ``Engine.forward``."""
        self._here.waiting = None
        check_shown(picture, self.net)
        wanted = tuple(dict.fromkeys(layers))
        if not wanted:
            return {}
        with self._turn:
            return self._forward(picture, wanted)

    def _forward(self, picture: Tensor, wanted: tuple[str, ...]) -> dict[str, Tensor]:
        if any(self._hooks):
            return self._by_autograd("its module has hooks, which fire at every step", picture, wanted)
        if self._plain is not None and wanted in self._refused:
            return self._by_autograd("", picture, wanted)
        leaf = picture.detach().to(self.device)
        with torch.no_grad():
            x, prepared = self._prepare(leaf)
            try:
                plan = self._plan(wanted, x)
            except (ReverieError, MemoryError):
                raise
            except Exception as error:  # the module is the user's: anything may come out of it
                if is_out_of_memory(error):
                    raise
                self._refused.add(wanted)
                return self._by_autograd(str(error) or type(error).__name__, picture, wanted)
            replay = None if self._replays is None else self._replays.of(plan, x)
            run: Run | None = None
            if replay is not None:
                found = replay.forward(x)
            else:
                run, found = plan.forward(x)
        shapes = {name: activation.shape for name, activation in found.items()}
        self._here.waiting = now = _Pass(plan, run, replay, shapes, x, leaf, prepared, x.shape)
        self._replayed = now if replay is not None else self._replayed
        return {name: found[name].to(picture.dtype) for name in wanted}

    def backward(
        self, seeds: Mapping[str, Tensor], *, last: bool = True, out: Tensor | None = None
    ) -> Tensor:
        """See ``Engine.backward``; ``out`` is left alone."""
        now = self._here.waiting
        if now is None:
            raise RuntimeError("backward needs a forward before it, in the same thread")
        if isinstance(now, AutogradEngine):
            return now.backward(seeds, last=last)
        check_seeds(seeds, now.shapes)
        with self._turn:
            gradient = self._backward(now, seeds, last=last)
        if last:
            self._here.waiting = None
        return gradient

    def _backward(self, now: _Pass, seeds: Mapping[str, Tensor], *, last: bool) -> Tensor:
        dtype = now.plan.formats.backward
        with torch.no_grad():
            scale = 1.0
            if dtype == torch.float16:  # what is far below 1 would underflow
                scale = max(float(s.abs().max()) for s in seeds.values()) or 1.0
            heads = {
                name: _as_gradient(seed / scale if scale != 1 else seed, dtype)
                for name, seed in seeds.items()
            }
            found = self._pull(now, heads, last=last)
            if found is None:
                found = torch.zeros(now.shape, dtype=dtype, device=self.device)
            gradient = self._unprepare(found, now, last=last)
        return gradient if scale == 1 else gradient * scale

    def _pull(self, now: _Pass, seeds: Mapping[str, Tensor], *, last: bool) -> Tensor | None:
        if now.replay is not None:
            if self._replayed is not now:  # another thread's forward pass has come in between
                now.replay.forward(now.x)
                self._replayed = now
            return now.replay.backward(seeds)
        assert now.run is not None
        return now.plan.backward(now.run, seeds, last=last)

    def bytes_per_pixel(self, layers: Sequence[str]) -> float:
        """See ``Engine.bytes_per_pixel``; computed from the plan for a small picture."""
        wanted = tuple(sorted(set(layers)))
        with self._turn:
            if wanted not in self._bytes:
                self._bytes[wanted] = self._measure(wanted)
            return self._bytes[wanted]

    def release(self) -> None:
        """See ``Engine.release``."""
        self._here.waiting = None
        with self._turn:
            if self._plain is not None:
                self._plain.release()
            if self._replays is not None:
                self._replays.clear()
        if self.device.type == "cpu":
            give_pages_back()

    # -- from the picture to the module's input, and back

    def _prepare(self, leaf: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the module takes, in the network's number format; see ``Network``."""
        size = self.net.input_size
        if size is not None and leaf.shape[-2:] != size:
            with torch.enable_grad():
                prepared = self.net._prepare(leaf.requires_grad_(True))
            return prepared.detach().contiguous(memory_format=CHANNELS_LAST), prepared
        if leaf.ndim != 4 or leaf.shape[1] != self.net.channels:
            self.net._prepare(leaf)  # says what is wrong
        if self._formats.native is not None:  # whose first layers read any layout
            return torch.addcmul(self._affine[1], leaf.float(), self._affine[0]), None
        x = leaf.to(self.net.dtype)
        y = x - self._per_channel(self.net.mean, x)
        return y.div_(self._per_channel(self.net.std, x)).contiguous(memory_format=CHANNELS_LAST), None

    def _per_channel(self, values: Sequence[float], like: Tensor) -> Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)

    def _unprepare(self, gradient: Tensor, now: _Pass, *, last: bool) -> Tensor:
        if now.prepared is not None:
            seed = gradient.to(now.prepared.dtype)
            (found,) = torch.autograd.grad(now.prepared, now.leaf, seed, retain_graph=not last)
            return found
        if self._formats.native is not None:
            return (gradient.float() * self._affine[0]).to(now.leaf.dtype)
        found = gradient.to(now.leaf.dtype)
        return found / self._per_channel(self.net.std, found)

    # -- plans

    def _plan(self, layers: tuple[str, ...], x: Tensor) -> ExecutionPlan:
        self._forget_if_changed()
        key = (layers, x.shape)
        if key in self._plans:
            self._plans.move_to_end(key)
            return self._plans[key]
        # a network that turns out to draw random numbers must find its generator as it was
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            if layers not in self._trusted:
                self._check(layers)
                self._trusted.add(layers)
            plan = self._build(layers, x, self._formats, self._store)
        self._plans[key] = plan
        if len(self._plans) > PLANS:
            self._plans.popitem(last=False)
        return plan

    def _build(self, layers: tuple[str, ...], x: Tensor, formats: Formats, store: Store) -> ExecutionPlan:
        wanted = list(layers)
        self.net._check(wanted)
        x = x.contiguous(memory_format=CHANNELS_LAST)
        recording = record(lambda value: self.net._read(value, wanted), x)
        thaw(self.net.module)
        return build(recording, formats, store)

    def _forget_if_changed(self) -> None:
        """Plans hold what was made of the weights: nothing of that is right once their owner trains them."""
        versions = [w._version for w in self._trained]
        if versions != self._versions:
            self._versions = versions
            self._plans.clear()
            self._store.clear()
            if self._replays is not None:
                self._replays.clear()

    def _probe(self) -> Tensor:
        side = max(PROBE, self.net.min_size)
        return self.net._probe(*(self.net.input_size or (side, side))).to(self.device)

    def _check(self, layers: tuple[str, ...]) -> None:
        """Compares a plan, made with one picture, with autograd on another: nothing else could be trusted."""
        first = self._probe()
        second = 0.9 * first.flip(-1).roll(3, -2)
        x, _ = self._prepare(first)
        native = self._formats.native and Sets(*(self._formats.native.early,) * 3)
        formats = Formats(self.device, *(self.net.dtype,) * 3, native=native)
        # what is packed in these formats is of use to the plans that come after it
        store = self._store if formats == self._formats else Store([])
        plan = self._build(layers, x, formats, store)
        reference = AutogradEngine(self.net, device=self.device.type)
        expected = reference.forward(second.to(self.net.dtype), layers)
        x, _ = self._prepare(second)
        run, found = plan.forward(x.to(self.net.dtype))
        generator = torch.Generator().manual_seed(0)
        seeds = {}
        for name, activation in expected.items():
            noise = torch.randn(activation.shape, generator=generator)
            seeds[name] = noise.to(activation.dtype).to(activation.device) / (
                float(activation.abs().max()) or 1.0
            )
            _agree(found[name], activation, f"layer {name}")
        try:
            slope = reference.backward(seeds)
        except RuntimeError as error:
            raise Unrecordable(f"autograd has no gradient of it ({error})") from error
        ours = plan.backward(run, {n: _as_gradient(s, formats.backward) for n, s in seeds.items()}, last=True)
        ours = torch.zeros_like(x) if ours is None else ours
        _agree(ours / self._per_channel(self.net.std, ours), slope, "the gradient")

    def _by_autograd(self, reason: str, picture: Tensor, wanted: tuple[str, ...]) -> dict[str, Tensor]:
        self._here.waiting = plain = self._fall_back(reason)
        return plain.forward(picture, wanted)

    def _fall_back(self, reason: str) -> AutogradEngine:
        if self._plain is None:
            precision = "fp32" if self.precision == "fp32+bf16" else self.precision
            self._plain = AutogradEngine(self.net, device=self.device.type, precision=precision)
        if reason and not self.note:
            self.note = f"network {self.net.name} runs by plain autograd: {reason.splitlines()[0][:200]}"
        return self._plain

    def _measure(self, layers: tuple[str, ...]) -> float:
        if any(self._hooks):
            return AutogradEngine(self.net).bytes_per_pixel(layers)
        picture = self._probe()
        with torch.no_grad():
            try:
                x, _ = self._prepare(picture)
                bytes_held = peak_bytes(self._build(layers, x, self._formats, self._store), x)
            except ReverieError:
                raise
            except Exception as error:
                self._refused.add(layers)
                return self._fall_back(str(error) or type(error).__name__).bytes_per_pixel(layers)
        return bytes_held / (picture.shape[-2] * picture.shape[-1])


def _affine(net: Network) -> tuple[Tensor, Tensor]:
    """Scale and shift by channel, (1, C, 1, 1), from a picture to what the module takes."""
    mean, std = (torch.tensor(v, dtype=torch.float64).view(1, -1, 1, 1) for v in (net.mean, net.std))
    return (1 / std).float(), (-mean / std).float()


def _hooks(module: nn.Module) -> list[Mapping[int, Any]]:
    """All that could wait for the module's parts to run; what does is not empty."""
    names = [f"_{way}{when}_hooks" for way in ("forward", "backward") for when in ("", "_pre")]
    return [getattr(part, name) for part in module.modules() for name in names]


def _as_gradient(seed: Tensor, dtype: torch.dtype) -> Tensor:
    if seed.ndim == 4:
        return seed.detach().to(dtype=dtype, memory_format=CHANNELS_LAST)
    return seed.detach().to(dtype)


def _agree(ours: Tensor, expected: Tensor, what: str) -> None:
    a, b = ours.cpu().double().flatten(), expected.cpu().double().flatten()
    norms = float(a.norm()), float(b.norm())
    if norms == (0.0, 0.0):
        return
    cosine = float(a @ b) / max(norms[0] * norms[1], 1e-300)
    if not (cosine > COSINE and abs(norms[0] / max(norms[1], 1e-300) - 1) < RATIO):
        raise Unrecordable(f"{what} of a recording differs from the network's own")
