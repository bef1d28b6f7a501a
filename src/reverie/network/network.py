"""The network noun: a frozen module, its preprocessing, its named layers and its class names."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.errors import NetworkError, UsageError, did_you_mean
from reverie.network.batch_norms import Statistics, of_modules
from reverie.network.class_names import ClassNames
from reverie.ops.finite import is_finite

#: A multiple of what most networks' cells are apart, in pixels.
MAP_STEP = 32
PROBE = 128  # side in pixels of the picture that memory is measured with
#: The class scores, and whatever a network of one's own returns.
LOGITS, OUTPUT = "logits", "output"
#: What people call the class scores, wherever a network has no other layer of that name.
ALIASES = (OUTPUT, "fc", "classifier")

#: Layers of the embedded networks, which presets climb.
OF_LITE = re.compile(r"block\d[a-z]")


@dataclass(frozen=True)
class NetworkLayer:
    """A place in a network that an objective can look at.

    Attributes:
        name: What objectives and the command line call it.
        channels: How many features it has.
        stride: Input pixels from one position to the next; None when it has no positions in the
            picture (logits, tokens) or nobody has measured them yet (see ``Network.geometry``).
        receptive_field: Side in input pixels of the square one position sees; None as for stride.
        draws: A few words on what it tends to draw; empty when nobody has looked.
    """

    name: str
    channels: int
    stride: int | None = None
    receptive_field: int | None = None
    draws: str = ""


class Network:
    """A frozen network that can dream.

    Attributes:
        name: What ``load_net`` was asked for, or the class of a wrapped module.
        asked: The same in full, with its settings and its files as paths; empty of a wrapped module.
        module: The torch module. ``module(x, names)`` returns ``{name: activation}``.
        channels: Channels of the pictures it takes.
        mean: Per channel, subtracted from a picture in [0, 1] before the network sees it.
        std: Per channel, divides it after that.
        classes: Names of its output units, or None.
        class_map: The layer with the class scores at every position, (N, classes, h, w), or None.
        input_size: (height, width) every picture is resized to first, or None for any size.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        *,
        layers: Mapping[str, NetworkLayer],
        mean: Sequence[float],
        std: Sequence[float],
        classes: ClassNames | None = None,
        class_map: str | None = None,
        input_size: tuple[int, int] | None = None,
        weights_sha256: str = "",
        min_size: int = 1,
        statistics: Sequence[Statistics] | None = None,
    ) -> None:
        self.name = name
        self.asked = ""
        self.module = module
        self.mean = tuple(float(value) for value in mean)
        self.std = tuple(float(value) for value in std)
        self.channels = len(self.mean)
        self.classes = classes
        self.class_map = class_map
        self.input_size = input_size
        self._layers = dict(layers)
        self._weights_sha256 = weights_sha256
        self._min_size = min_size
        self._statistics = None if statistics is None else tuple(statistics)
        self._bytes: dict[tuple[str, ...], float] = {}
        self._affine: dict[tuple[torch.device, torch.dtype], tuple[Tensor, Tensor]] = {}
        self._finite: tuple[tuple[int, int], ...] = ()  # weights that were found to be, and their versions

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"<{kind} {self.name}: {self.channels} channels, {self.device}, {self.dtype}>"

    @property
    def layers(self) -> dict[str, NetworkLayer]:
        """Every layer by name, in the order they run."""
        return self._layers

    @property
    def weights_sha256(self) -> str:
        """SHA-256 (hex) of the file the weights came from, or of a wrapped module's state."""
        return self._weights_sha256

    @property
    def min_size(self) -> int:
        """The smallest side of a picture, in pixels, that is worth giving to the network."""
        return self._min_size

    @property
    def exact_steps(self) -> tuple[int, int]:
        """(height, width) in pixels: maps of pictures with multiples of them as sides fit these exactly."""
        return (MAP_STEP, MAP_STEP)

    @property
    def patch(self) -> tuple[int, int] | None:
        """(height, width) in pixels of the patches that it cuts pictures into; None where these overlap."""
        return None

    @property
    def statistics(self) -> tuple[Statistics, ...]:
        """What its batch norms remember of natural pictures; empty where there are none to be read."""
        if self._statistics is None:
            self._statistics = of_modules(self.module, self.layers)
        return self._statistics

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        for tensor in chain(self.module.parameters(), self.module.buffers()):
            return tensor.device
        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The number format the network computes in."""
        for tensor in chain(self.module.parameters(), self.module.buffers()):
            if tensor.is_floating_point():
                return tensor.dtype
        return torch.get_default_dtype()

    @property
    def tells_fields(self) -> bool:
        """Whether its layers know how far they see; cells then lie in the middle of that.

        Otherwise it is measured, layer by layer, when it is first asked for.
        """
        return True

    def own_name(self, name: str) -> str:
        """What the network itself calls a layer of which there are several names, as of the class scores."""
        if name in ALIASES and name not in self._layers and LOGITS in self._layers:
            return LOGITS
        return name

    def layer(self, name: str) -> NetworkLayer:
        """The layer of that name.

        Raises:
            UsageError: There is none; the message lists the nearest names.
        """
        own = self.own_name(name)
        self._check([own])
        return self.layers[own]

    def channels_of(self, name: str) -> int:
        """How many features the layer of that name has."""
        return self.layer(name).channels

    def forward(self, picture: Tensor, names: Sequence[str] | str) -> dict[str, Tensor]:
        """The activations of some layers, differentiable with respect to the picture.

        Args:
            picture: (N, C, H, W) in [0, 1], any floating dtype.
            names: Layers to read. The network runs only to the deepest of them.

        Returns:
            By layer name: maps (N, C, h, w), tokens (N, T, C) or vectors (N, C), in the network's
            dtype.

        Raises:
            UsageError: A layer does not exist, or the picture's shape or channels do not fit.
        """
        wanted = [names] if isinstance(names, str) else list(dict.fromkeys(names))
        own = {name: self.own_name(name) for name in wanted}
        self._check(list(own.values()))
        if not wanted:
            return {}
        found = self._read(self._prepare(picture), list(dict.fromkeys(own.values())))
        return {name: found[own[name]] for name in wanted}

    __call__ = forward

    def geometry(self, names: Sequence[str] | str) -> tuple[int, int] | None:
        """How far the layers see, for cutting a picture into tiles with a halo.

        Returns:
            (stride, receptive field) in pixels: the least common multiple of the strides and the
            largest field; None when a layer sees the whole picture (logits, tokens).
        """
        wanted = [self.own_name(name) for name in ([names] if isinstance(names, str) else names)]
        self._check(wanted)
        if self.input_size is not None:
            return None
        stride, field = 1, 1
        for name in wanted:
            seen = self._geometry_of(name)
            if seen is None:
                return None
            stride, field = math.lcm(stride, seen[0]), max(field, seen[1])
        return stride, field

    def bytes_per_pixel(self, names: Sequence[str] | str) -> float:
        """Bytes that autograd keeps for the gradient at the picture, per pixel of one picture.

        Measured once on a small picture of noise and remembered.
        """
        key = (names,) if isinstance(names, str) else tuple(sorted(set(names)))
        if key not in self._bytes:
            self._bytes[key] = self._measure_bytes(key)
        return self._bytes[key]

    def check_weights(self) -> None:
        """See that all weights are finite; looked at once, and again after somebody has changed them.

        Infinity is let through in buffers, where masks of attention have it.

        Raises:
            NetworkError: One is not; the message names the tensor.
        """
        named = [*self.module.named_parameters(), *self.module.named_buffers()]
        seen = tuple((id(w), -1 if w.is_inference() else w._version) for _, w in named)
        if seen == self._finite:
            return
        parameters = {id(w) for w in self.module.parameters()}
        for name, weight in named:
            if nn.parameter.is_lazy(weight) or is_finite(weight):
                continue
            if id(weight) in parameters or bool(torch.isnan(weight).any()):
                raise NetworkError(
                    f'network {self.name}: weight "{name}" holds NaN or infinite values; load them again'
                )
        self._finite = seen

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Network:
        """This network with a copy of its module on another device or in another number format.

        The module of this one is not changed. Without anything to change, this one is returned.

        Raises:
            NetworkError: The module cannot be copied.
        """
        place = self.device if device is None else torch.device(device)
        kind = self.dtype if dtype is None else dtype
        if place == self.device and kind == self.dtype:
            return self
        other = copy.copy(self)
        try:
            other.module = copy.deepcopy(self.module).to(device=place, dtype=kind)
        except (RuntimeError, TypeError) as error:
            said = str(error).partition("\n")[0]
            raise NetworkError(f"network {self.name} cannot be copied to {place}: {said}") from error
        other._bytes, other._affine, other._finite = {}, {}, ()
        return other

    def check_picture(self, picture: Tensor) -> None:
        """See that a tensor can be pictures for this network.

        Raises:
            UsageError: Not of shape (N, C, H, W) with the network's C, a side of 0, no floating numbers, or
                none that lie in memory one by one.
        """
        shape = tuple(picture.shape)
        if picture.ndim != 4 or shape[1] != self.channels:
            raise UsageError(
                f"network {self.name} takes pictures of shape (N, {self.channels}, H, W), not {shape}"
            )
        if 0 in shape:
            raise UsageError(f"picture: has no pixels, its shape is {shape}; every side has to be at least 1")
        if not picture.is_floating_point():
            raise UsageError(f"picture: is of {picture.dtype}; give floating numbers from 0 to 1")
        if picture.is_meta or picture.layout != torch.strided:
            raise UsageError("picture: is sparse or has no memory; give a plain tensor")

    def _check(self, names: Sequence[str]) -> None:
        known = self._names()
        for name in names:
            if name not in known:
                some = ", ".join(list(known)[:6])
                many = f"it has {len(known)}, such as {some}; reverie layers lists them"
                hint = did_you_mean(name, known) or many
                if OF_LITE.fullmatch(name) and not any(map(OF_LITE.fullmatch, known)):
                    inner = [one for one in known if one not in (LOGITS, *ALIASES)] or list(known)
                    deep = inner[len(inner) // 2]
                    hint = f"it is one of lite0's, which presets mean; name one of this network's, as {deep}"
                if self.classes is not None and self.classes.knows(name):
                    hint = f'as a class it is class("{name}"), or --class'
                raise UsageError(f'layer "{name}" is not in network {self.name}; {hint}')

    def _names(self) -> Mapping[str, object]:
        return self._layers

    def _read(self, x: Tensor, names: list[str]) -> dict[str, Tensor]:
        activations: dict[str, Tensor] = self.module(x, names)
        return activations

    def _geometry_of(self, name: str) -> tuple[int, int] | None:
        layer = self.layers[name]
        if layer.stride is None or layer.receptive_field is None:
            return None
        return layer.stride, layer.receptive_field

    def _prepare(self, picture: Tensor) -> Tensor:
        """Resized and normalised: what the module itself expects."""
        self.check_picture(picture)
        if self.input_size is not None and picture.shape[-2:] != self.input_size:
            picture = self._resized(picture)
        return self._normalised(picture)

    def _resized(self, picture: Tensor) -> Tensor:
        """As the only pictures that the module takes."""
        assert self.input_size is not None
        return F.interpolate(picture, self.input_size, mode="bilinear", align_corners=False, antialias=True)

    def _normalised(self, picture: Tensor) -> Tensor:
        x = picture.to(device=self.device, dtype=self.dtype)
        key = (x.device, x.dtype)
        if key not in self._affine:
            shape = (1, self.channels, 1, 1)
            self._affine[key] = (
                torch.tensor(self.mean, device=x.device, dtype=x.dtype).view(shape),
                torch.tensor(self.std, device=x.device, dtype=x.dtype).view(shape),
            )
        mean, std = self._affine[key]
        return (x - mean) / std

    def _probe(self, height: int, width: int) -> Tensor:
        """Noise in [0, 1], the same every time. (1, C, height, width)."""
        generator = torch.Generator().manual_seed(0)
        return torch.rand(1, self.channels, height, width, generator=generator)

    def _measure_bytes(self, names: tuple[str, ...]) -> float:
        height, width = self.input_size or (max(PROBE, self.min_size),) * 2
        weights = {t.untyped_storage().data_ptr() for t in self.module.state_dict().values()}
        kept: dict[int, Tensor] = {}  # holding the tensors keeps their addresses from being used twice

        def keep(tensor: Tensor) -> Tensor:
            address = tensor.untyped_storage().data_ptr()
            if address not in weights:
                kept.setdefault(address, tensor)
            return tensor

        picture = self._probe(height, width).requires_grad_(True)
        with (
            torch.enable_grad(),
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        ):
            self.forward(picture, names)
        return sum(t.untyped_storage().nbytes() for t in kept.values()) / (height * width)
