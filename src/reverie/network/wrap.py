"""Any torch module as a ``Network``: layers are read by hooks, open only while a forward runs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from reverie.errors import NetworkError, UsageError
from reverie.network.borrowed import EnoughRead, Tap, features, frozen, turns_at
from reverie.network.class_names import ClassNames, class_names
from reverie.network.network import Network, NetworkLayer

OUTPUT = "output"
SIDES = (64, 128, 224, 320, 512, 32, 28, 16, 8)  # pictures that sizes and channels are tried with
FIELD_SIDES = (64, 128, 256, 512)  # pictures that receptive fields are looked for in
FIELD_TRIES = 3  # noise pictures per size: one alone misses what its ReLUs and max pools shut


def wrap_net(
    module: nn.Module,
    *,
    mean: float | Sequence[float] = 0.0,
    std: float | Sequence[float] = 1.0,
    channels: int = 3,
    input_size: int | tuple[int, int] | None = None,
    classes: ClassNames | Sequence[str] | None = None,
    name: str | None = None,
) -> Network:
    """Makes a network of your own ready to dream with.

    Layers are named as in ``module.named_modules()``; ``output`` is what the module returns, also
    called ``logits`` unless a layer of its own has that name. A layer that returns several tensors
    counts with its first, a layer that runs several times with its last. The module is only
    borrowed: it is in eval mode and frozen while a forward runs and afterwards exactly as before,
    with its own hooks, which fire as always (also in the few small pictures that channels and
    receptive fields are measured with). Threads that dream with one module, also by several networks
    around it, take turns in its forward pass; nobody may train it meanwhile.

    Args:
        module: Takes pictures (N, channels, H, W).
        mean: Subtracted from pictures in [0, 1]: one number, or one per channel.
        std: Divides them after that: one number, or one per channel; not zero.
        channels: Of the pictures: 1 for grey, 3 for RGB, or what the network was trained on.
        input_size: Side or (height, width) of the only pictures it takes, as vision transformers
            need; pictures are resized to it. None when it takes any size.
        classes: Names of the output units in order; of ImageNet's it is known what they are kinds of.
        name: What to call it; by default the module's class.

    Raises:
        UsageError: The numbers do not fit each other.
    """
    whole = getattr(module, "_orig_mod", None)  # of what torch.compile made, whose layers cannot be read
    module = whole if isinstance(whole, nn.Module) else module
    if any(is_lazy(part) for part in chain(module.parameters(), module.buffers())):
        raise UsageError("a lazy module has no weights yet; run it once on a picture, then wrap it")
    if isinstance(module, torch.jit.ScriptModule):
        raise UsageError("a TorchScript module's layers cannot be read; wrap the original module")
    if channels < 1:
        raise UsageError(f"channels is {channels}; a network takes at least 1")
    size = (input_size, input_size) if isinstance(input_size, int) else input_size
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise UsageError(f"input_size is {input_size}; give a side or (height, width) in pixels")
    if classes is not None and not isinstance(classes, ClassNames):
        classes = class_names(classes)
    scale = _per_channel("std", std, channels)
    if any(value <= 0 for value in scale):
        raise UsageError(f"std is {std}; every value must be above 0")
    return WrappedNetwork(
        name or type(module).__name__,
        module,
        mean=_per_channel("mean", mean, channels),
        std=scale,
        classes=classes,
        input_size=None if size is None else (size[0], size[1]),
    )


def _per_channel(what: str, value: float | Sequence[float], channels: int) -> tuple[float, ...]:
    values = (float(value),) * channels if isinstance(value, int | float) else tuple(value)
    if len(values) != channels:
        raise UsageError(f"{what} has {len(values)} values for {channels} channels")
    if not all(math.isfinite(v) for v in values):
        raise UsageError(f"{what} is {value}; every value must be a finite number")
    return values


class WrappedNetwork(Network):
    """A ``Network`` around a module that knows nothing of it; made by ``wrap_net``."""

    def __init__(
        self,
        name: str,
        module: nn.Module,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        classes: ClassNames | None,
        input_size: tuple[int, int] | None,
    ) -> None:
        super().__init__(
            name,
            module,
            layers={},
            mean=mean,
            std=std,
            classes=classes,
            input_size=input_size,
        )
        # measured when first asked for
        self._sha256: str | None = None
        self._side: int | None = None  # of a picture the module takes
        self._smallest: int | None = None
        self._reason = ""  # why it did not take the last one tried
        self._odd: dict[str, tuple[int, ...]] = {}  # shapes of what is neither maps, tokens nor vectors
        self._calls: dict[str, int] = {}  # how often a layer runs in one forward
        self._fields: dict[str, tuple[int, int] | None] = {}

    @property
    def layers(self) -> dict[str, NetworkLayer]:
        """Every layer that runs, by name; channels measured on a small picture the first time."""
        if not self._layers:
            found = self._read_probe(list(self._names()))
            self._layers = {n: NetworkLayer(n, _channels(a)) for n, a in found.items()}
        return self._layers

    @property
    def weights_sha256(self) -> str:
        """SHA-256 over the sorted state: names, dtypes, shapes and bytes."""
        if self._sha256 is None:
            self._sha256 = state_sha256(self.module)
        return self._sha256

    @property
    def min_size(self) -> int:
        """The smallest power of two, from 1, that works as the side of a picture; 1 if resized."""
        if self.input_size is not None:
            return 1
        if self._smallest is None:
            powers = (1, 2, 4, 8, 16, 32, 64, 128, 256)
            self._smallest = next((side for side in powers if self._works(side)), None)
        return self._smallest or self._probe_side()

    def layer(self, name: str) -> NetworkLayer:
        """The layer of that name.

        Raises:
            UsageError: There is none, or it does not run in a forward pass.
        """
        self._check([name])
        if name not in self.layers:
            raise UsageError(self._never_ran(name))
        return self.layers[name]

    def _names(self) -> Mapping[str, nn.Module]:
        own = {name: module for name, module in self.module.named_modules() if name}
        return {"logits": self.module, **own, OUTPUT: self.module}

    def _read(self, x: Tensor, names: list[str]) -> dict[str, Tensor]:
        found = self._run(x, names)
        for name in names:
            if name not in found:
                raise UsageError(self._never_ran(name))
        return {name: found[name] for name in names}

    def _run(self, x: Tensor, names: list[str]) -> dict[str, Tensor]:
        """Activations of those of the layers that ran."""
        with turns_at(self.module, self.name):
            return self._run_alone(x, names)

    def _run_alone(self, x: Tensor, names: list[str]) -> dict[str, Tensor]:
        """``_run`` while no other thread runs the module, which is changed a little meanwhile."""
        modules = self._names()
        whole = [n for n in names if modules[n] is self.module]
        hooked = {n: modules[n] for n in names if modules[n] is not self.module}
        # the first forward counts how often each layer runs; later ones stop after the last of them
        known = not whole and all(name in self._calls for name in hooked)
        tap = Tap(self._calls if known else None, self._odd)
        with frozen(self.module), tap.on(hooked):
            try:
                output = self.module(x)
            except EnoughRead:
                return tap.found
        if not known:
            self._calls.update(tap.calls)
        first = features(output, self._odd, *whole)
        return tap.found if first is None else {**tap.found, **dict.fromkeys(whole, first)}

    def _never_ran(self, name: str) -> str:
        shape = self._odd.get(name)
        what = "no tensor in a forward pass" if shape is None else f"a tensor of shape {shape}"
        return (
            f'layer "{name}" of network {self.name} returns {what}; pick one of maps (N, C, h, w), tokens '
            "(N, T, C) or vectors (N, C)"
        )

    def _geometry_of(self, name: str) -> tuple[int, int] | None:
        if name not in self._fields:
            self._fields[name] = _measure_field(self, name)
        return self._fields[name]

    def _read_probe(self, names: list[str]) -> dict[str, Tensor]:
        height, width = self.input_size or (self._probe_side(),) * 2
        with torch.no_grad():
            return self._run(self._prepare(self._probe(height, width)), names)

    def _probe_side(self) -> int:
        """The side of a small picture that the module takes."""
        if self._side is None:
            self._side = next((side for side in SIDES if self._works(side)), None)
        if self._side is None:
            raise NetworkError(
                f"network {self.name} fails on {self.channels}-channel pictures of every size "
                f"tried ({', '.join(map(str, SIDES))}), give channels and input_size: "
                f"{self._reason}"
            )
        return self._side

    def _works(self, side: int) -> bool:
        try:
            with torch.no_grad():
                self._run(self._prepare(self._probe(side, side)), [OUTPUT])
        except Exception as error:  # the module is the user's: anything may come out of it
            self._reason = f"{type(error).__name__}: {error}"
            return False
        return True


def _channels(activation: Tensor) -> int:
    """Features of a map (N, C, h, w), of tokens (N, T, C) or of a vector (N, C)."""
    if activation.ndim == 0:
        return 1
    return activation.shape[1] if activation.ndim >= 4 else activation.shape[-1]


def _measure_field(net: WrappedNetwork, name: str) -> tuple[int, int] | None:
    """(stride, receptive field) of a map, from where the gradient of its central cell reaches.

    The receptive field of Luo et al. 2016, "Understanding the Effective Receptive Field in Deep
    Convolutional Neural Networks". The picture grows until the support stays inside it. None when
    it never does, or the layer is no map.
    """
    for side in FIELD_SIDES:
        if not net._works(side):
            continue
        support = _support(net, name, side)
        if support is None:
            return None
        if min(support[0], support[2]) > 0 and max(support[1], support[3]) < side - 1:
            field = max(support[1] - support[0], support[3] - support[2]) + 1
            return _measure_stride(net, name, side), field
    return None


def _measure_stride(net: WrappedNetwork, name: str, side: int) -> int:
    """Pixels from cell to cell, from the maps of two pictures: padding cancels out."""
    other = side // 2 if net._works(side // 2) else 2 * side
    with torch.no_grad():
        cells, more = (net.forward(net._probe(s, s), [name])[name].shape[-1] for s in sorted((side, other)))
    return max(1, round(abs(side - other) / max(1, more - cells)))


def _support(net: WrappedNetwork, name: str, side: int) -> tuple[int, int, int, int] | None:
    """Top, bottom, left and right pixel that the central cell sees; None for what is no map."""
    touched = torch.zeros(side, side, dtype=torch.bool)
    generator = torch.Generator().manual_seed(1)
    for attempt in range(FIELD_TRIES):
        shape = (1, net.channels, side, side)
        picture = torch.rand(shape, generator=generator) * (1 + attempt)
        picture.requires_grad_(True)
        with torch.enable_grad():
            activation = net.forward(picture, [name])[name]
            if activation.ndim != 4 or not activation.requires_grad:
                return None
            cell = activation[0, :, activation.shape[-2] // 2, activation.shape[-1] // 2]
            seed = torch.randn(cell.shape, generator=generator).to(cell)
            (gradient,) = torch.autograd.grad((cell * seed).sum(), picture)
        touched |= (gradient[0] != 0).any(0)
    if not touched.any():
        return None
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def state_sha256(module: nn.Module) -> str:
    """SHA-256 (hex) over a module's state: sorted names with dtype, shape and bytes."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if not isinstance(value, Tensor):
            continue
        flat = value.detach().cpu().contiguous().reshape(-1)
        digest.update(f"{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
