"""Any torch module as a ``Network``: layers are read by hooks, open only while a forward runs."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from reverie.errors import NetworkError, UsageError
from reverie.network.borrowed import EnoughRead, Tap, features, frozen, turns_at
from reverie.network.class_names import ClassNames, class_names
from reverie.network.description import FITS
from reverie.network.layouts import Layouts
from reverie.network.measured import MeasuredLayer, one_name
from reverie.network.network import ALIASES, LOGITS, MAP_STEP, OUTPUT, Network, NetworkLayer
from reverie.network.receptive_field import measure_field
from reverie.network.sizes import Sizes, Windows, covering, find_sizes, joined_all, padded
from reverie.process.notices import warn

#: Pictures that sizes and channels are tried with.
SIDES = (64, 128, 224, 256, 320, 384, 512, 32, 28, 16, 8, 299, 227, 448, 240, 96, 336, 518)


def wrap_net(
    module: nn.Module,
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    channels: int = 3,
    input_size: int | tuple[int, int] | None = None,
    classes: ClassNames | Sequence[str] | None = None,
    fit: str = "resize",
    name: str | None = None,
) -> Network:
    """Makes a network of your own ready to dream with.

    Layers are named as in ``module.named_modules()``. What the module returns is ``logits`` if that are
    numbers and no maps, and ``output`` otherwise; either name is understood, and so are those of layers
    that return the same, as ``fc``. A layer that returns several tensors
    counts with its first, a layer that runs several times with its last. Tokens that lie on the grid of
    a vision transformer's patches, and maps with their channels last, come as maps (N, C, h, w), without
    the tokens of a class or of registers. The module is only
    borrowed: it is in eval mode and frozen while a forward runs and afterwards exactly as before,
    with its own hooks, which fire as always (also in the few small pictures that channels and
    receptive fields are measured with). Threads that dream with one module, also by several networks
    around it, take turns in its forward pass; nobody may train it meanwhile.

    Args:
        module: Takes pictures (N, channels, H, W).
        mean: Subtracted from pictures in [0, 1]: one number, or one per channel. Without it and ``std`` the
            network is shown them as they are, which is warned of: few were trained so.
        std: Divides them after that: one number, or one per channel; not zero.
        channels: Of the pictures: 1 for grey, 3 for RGB, or what the network was trained on.
        input_size: Side or (height, width) of the only pictures it takes. None finds out by trying what
            sizes it takes: any, multiples of a patch, to which pictures are then continued by reflection,
            or one.
        classes: Names of the output units in order; of ImageNet's it is known what they are kinds of.
        fit: How other pictures are shown to a network of one size: ``resize``, or ``window``, through as
            many windows of that size as cover them, their maps put together again.
        name: What to call it; by default the module's class.

    Raises:
        UsageError: The numbers do not fit each other.
    """
    whole = getattr(module, "_orig_mod", None)  # of what torch.compile made, whose layers cannot be read
    module = whole if isinstance(whole, nn.Module) else module
    if any(is_lazy(part) for part in chain(module.parameters(), module.buffers())):
        raise UsageError("a lazy module has no weights yet; run it once on a picture, then wrap it")
    if any(part.is_meta for part in chain(module.parameters(), module.buffers())):
        raise UsageError(
            "the module has no weights yet (meta); load them first: to_empty, then load_state_dict"
        )
    if isinstance(module, torch.jit.ScriptModule):
        raise UsageError("a TorchScript module's layers cannot be read; wrap the original module")
    if channels < 1:
        raise UsageError(f"channels is {channels}; a network takes at least 1")
    size = (input_size, input_size) if isinstance(input_size, int) else input_size
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise UsageError(f"input_size is {input_size}; give a side or (height, width) in pixels")
    if classes is not None and not isinstance(classes, ClassNames):
        classes = class_names(classes)
    if fit not in FITS:
        raise UsageError(f"fit is {fit}; there are {' and '.join(FITS)}")
    scale = _per_channel("std", 1.0 if std is None else std, channels)
    if any(value <= 0 for value in scale):
        raise UsageError(f"std is {std}; every value must be above 0")
    title = name or type(module).__name__
    if mean is None and std is None:
        warn(
            f"network {title}: no mean and std were given, so it is shown pictures in [0, 1] as they are; "
            "give those that it was trained with, or mean=0, std=1 if that is how"
        )
    return WrappedNetwork(
        title,
        module,
        mean=_per_channel("mean", 0.0 if mean is None else mean, channels),
        std=scale,
        classes=classes,
        input_size=None if size is None else (size[0], size[1]),
        fit=fit,
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
        fit: str,
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
        self.fit = fit
        # measured when first asked for
        self._sizes: Sizes | None = None if input_size is None else Sizes(only=input_size)
        self._one_by_one: bool | None = None  # whether it takes a single picture at a time
        self._layouts = Layouts.of(module)
        self._sha256: str | None = None
        self._side: int | None = None  # of a picture the module takes
        self._smallest: int | None = None
        self._reason = ""  # why it did not take the last one tried
        self._odd: dict[str, str] = {}  # what layers return that is neither maps, tokens nor vectors
        self._calls: dict[str, int] = {}  # how often a layer runs in one forward
        self._fields: dict[str, tuple[int, int] | None] = {}
        self._same: dict[str, str] = {}  # other names of what the module returns
        self._last: tuple[str, ...] | None = ()  # layers that return what the module returns; None: find out

    @property
    def layers(self) -> dict[str, NetworkLayer]:
        """Every layer that runs, by name; channels measured on a small picture the first time."""
        if not self._layers:
            self._find_sizes()
            self._find_whether_one_by_one()
            self._last = None
            found = self._read_probe(list(self._names()))
            own = self._names()[LOGITS] is not self.module
            self._same = one_name(found, self._last or (), own=own, classes=self.classes is not None)
            self._layers = {
                n: MeasuredLayer(n, _channels(a), self.geometry)
                for n, a in found.items()
                if n not in self._same
            }
        return self._layers

    @property
    def tells_fields(self) -> bool:
        """See ``Network.tells_fields``."""
        return False

    def own_name(self, name: str) -> str:
        """See ``Network.own_name``."""
        return LOGITS if name in ALIASES and name not in self._names() else name

    @property
    def weights_sha256(self) -> str:
        """SHA-256 over the sorted state: names, dtypes, shapes and bytes."""
        if self._sha256 is None:
            self._sha256 = state_sha256(self.module)
        return self._sha256

    @property
    def min_size(self) -> int:
        """The smallest power of two, from 1, that works as the side of a picture; 1 if resized."""
        sizes = self._find_sizes()
        if sizes.only is not None:
            return 1
        if self._smallest is None:
            powers = (1, 2, 4, 8, 16, 32, 64, 128, 256)
            self._smallest = next((side for side in powers if self.works(side)), None)
        return max(self._smallest or self._probe_side(), sizes.multiple)

    @property
    def exact_steps(self) -> tuple[int, int]:
        """As of every network: what is no multiple is continued, or seen through overlapping windows."""
        sizes = self._find_sizes()
        if sizes.only is not None:
            return sizes.only if self.fit == "window" or self.input_size is None else (1, 1)
        return (sizes.multiple,) * 2 if MAP_STEP % sizes.multiple else super().exact_steps

    @property
    def patch(self) -> tuple[int, int] | None:
        """See ``Network.patch``; of pictures that are resized or seen through windows there are none."""
        return self._layouts.patch if self._find_sizes().only is None else None

    def layer(self, name: str) -> NetworkLayer:
        """The layer of that name.

        Raises:
            UsageError: There is none, or it does not run in a forward pass.
        """
        own = self.own_name(name)
        self._check([own])
        layers = self.layers
        own = self._same.get(own, own)
        if own not in layers:
            raise UsageError(self._never_ran(own))
        return layers[own]

    def _names(self) -> Mapping[str, nn.Module]:
        own = {name: module for name, module in self.module.named_modules() if name}
        return {LOGITS: self.module, **own, OUTPUT: self.module}

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
        """``_run`` while no other thread runs the module; a size that it does not take is seen to once."""
        if self._sizes is None:
            try:
                return self._laid_out(self._run_as_it_is(x, names), x)
            except Exception:  # the module is the user's: anything may come out of it
                if not self._may_be_the_size():
                    raise
            if self.input_size is not None:
                x = self._resized(x)
        assert self._sizes is not None
        windows = None
        if self._sizes.only is not None and tuple(x.shape[-2:]) != self._sizes.only:
            windows = Windows.over(x.shape[-2], x.shape[-1], self._sizes.only)
        x = padded(x, self._sizes.multiple) if windows is None else windows.cut(x)
        if self._one_by_one:
            ones = [x[i : i + 1] for i in range(len(x))]
            each = [self._laid_out(self._run_as_it_is(one, names), one) for one in ones]
            return joined_all({name: torch.cat([found[name] for found in each]) for name in each[0]}, windows)
        return joined_all(self._laid_out(self._run_as_it_is(x, names), x), windows)

    def _laid_out(self, found: dict[str, Tensor], x: Tensor) -> dict[str, Tensor]:
        return {name: self._layouts.laid_out(name, a, x) for name, a in found.items()}

    def _resized(self, picture: Tensor) -> Tensor:
        if self.fit == "window" and self.input_size is not None:
            return covering(picture, self.input_size)
        return super()._resized(picture)

    def _run_as_it_is(self, x: Tensor, names: list[str]) -> dict[str, Tensor]:
        """One pass of the module, which is changed a little meanwhile."""
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
            except SystemExit as error:
                raise NetworkError(
                    f"network {self.name} ends the process when it runs; take that out"
                ) from error
        if not known:
            self._calls.update(tap.calls)
        first = features(output, self._odd, *whole)
        if self._last is None:  # not in every pass: a recorded one must not look at values
            self._last = () if first is None else tap.that_return(first)
        return tap.found if first is None else {**tap.found, **dict.fromkeys(whole, first)}

    def _never_ran(self, name: str) -> str:
        if name not in self._odd:
            return (
                f'layer "{name}" of network {self.name} does not run in a forward pass; pick another '
                "(reverie layers lists them)"
            )
        return (
            f'layer "{name}" of network {self.name} returns {self._odd[name]}, at which nothing can dream; '
            "pick one before it that returns maps (N, C, h, w), tokens (N, T, C) or vectors (N, C)"
        )

    def _geometry_of(self, name: str) -> tuple[int, int] | None:
        if name not in self._fields:
            whole = self._find_sizes().only is not None or name in self._layouts.tokens
            self._fields[name] = None if whole else measure_field(self, name)
        return self._fields[name]

    def _read_probe(self, names: list[str]) -> dict[str, Tensor]:
        height, width = self.input_size or (self._probe_side(),) * 2
        with torch.no_grad():
            return self._run(self._prepare(self._probe(height, width)), names)

    def _probe_side(self) -> int:
        """The side of a small picture that the module takes."""
        if self._side is None:
            self._side = next((side for side in SIDES if self._takes(side, side)), None)
        if self._side is None:
            raise NetworkError(
                f"network {self.name} fails on {self.channels}-channel pictures of every size tried "
                f"({min(SIDES)} to {max(SIDES)} px): {self._reason}; {_remedy(self._reason)}"
            )
        return self._side

    def _find_sizes(self) -> Sizes:
        """What sizes the module takes; tried once."""
        if self._sizes is None:
            sizes = find_sizes(self._takes, self._probe_side())
            self._sizes, self.input_size = sizes, sizes.only
        return self._sizes

    def _find_whether_one_by_one(self) -> None:
        """Whether the module takes no batches, as many that were exported for one picture; tried once."""
        height, width = self.input_size or (self._probe_side(),) * 2
        two = self._normalised(self._probe(height, width)).repeat(2, 1, 1, 1)
        self._one_by_one = not self._tried(lambda: self._run_as_it_is(two, [OUTPUT]))

    def _may_be_the_size(self) -> bool:
        """Whether a module that failed takes only some sizes."""
        try:
            return self._find_sizes() != Sizes()
        except NetworkError:
            return False

    def _takes(self, height: int, width: int) -> bool:
        """Whether the module itself takes pictures of a size."""
        return self._tried(lambda: self._run_as_it_is(self._normalised(self._probe(height, width)), [OUTPUT]))

    def works(self, side: int) -> bool:
        """Whether square pictures of a side can be shown, continued or resized as they need be."""
        self._find_sizes()
        return self._tried(lambda: self._run(self._prepare(self._probe(side, side)), [OUTPUT]))

    def _tried(self, work: Callable[[], object]) -> bool:
        try:
            with turns_at(self.module, self.name), torch.no_grad():
                work()
        except NetworkError:
            raise
        except Exception as error:  # the module is the user's: anything may come out of it
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            self._reason = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
            return False
        return True


def _remedy(reason: str) -> str:
    """What to do about a module that takes no picture, as far as its own words tell."""
    channels = re.search(r"expected input.* to have (\d+) channels, but got", reason)
    if channels is not None:
        return f"give channels={channels[1]} (--channels {channels[1]})"
    if "argument" in reason and reason.startswith("TypeError"):
        return "a network is called with a picture alone: put it into a module of your own that does the rest"
    return "give input_size (--input-size) if it takes only some sizes, and channels if not these"


def _channels(activation: Tensor) -> int:
    """Features of a map (N, C, h, w), of tokens (N, T, C) or of a vector (N, C)."""
    if activation.ndim == 0:
        return 1
    return activation.shape[1] if activation.ndim >= 4 else activation.shape[-1]


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
