"""An objective bound to a network: activations in, scores and seeds (gradients at the layers) out.

Every term is a weighted sum over the positions of one layer, ``score = sum_p w(p) f(a(p))``. The weights
carry the mean, a region's mask, a border that does not count and the tile that is being looked at, so tiles
and regions need nothing special anywhere else. ``tv`` and ``l2`` read the picture itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.gradient.windows import Window, as_map
from reverie.net.core import Net

#: The longest side at which a guide picture is shown to the network, in pixels.
GUIDE_SIDE = 448
#: At most so many dot products are held at once when a guide's columns are matched.
MATCH_CELLS = 1 << 24


Value = Callable[[Tensor], Tensor]  # (N, C, h, w) -> (N, h, w)


@dataclass(frozen=True)
class BoundTerm:
    """One term with its names resolved: which layer, what of it, where, and how much."""

    text: str
    weight: float
    layer: str
    value: Value
    mask: str | None = None
    border: int = 0
    place: tuple[float, float] | None = None

    def score(self, activation: Tensor, window: Window, mask: Tensor | None) -> Tensor:
        """This term's unweighted score, (N,).

        ``activation`` is the map of the tile, (N, C, h, w); ``mask`` (1, 1, h', w') the cells that count in
        it.
        """
        cells = window.owned(activation)
        height, width = cells.shape[2:]
        if self.place is not None:
            x, y = self.place
            row = round(y * (window.height - 1)) - window.top
            column = round(x * (window.width - 1)) - window.left
            if not (0 <= row < height and 0 <= column < width):
                return cells.flatten(1).sum(1) * 0
            return self.value(cells[:, :, row : row + 1, column : column + 1])[:, 0, 0]
        values = self.value(cells)  # (N, h, w)
        if self.border:
            rows = torch.arange(window.top, window.top + height, device=cells.device)
            columns = torch.arange(window.left, window.left + width, device=cells.device)
            inside = _inside(rows, window.height, self.border)[:, None] * _inside(
                columns, window.width, self.border
            )
            values = values * inside.to(values.dtype)
        if mask is not None:
            values = values * mask[0, 0].to(values)
        return values.sum((1, 2)) / (window.height * window.width)

    def slope(self, activation: Tensor, window: Window, mask: Tensor | None) -> tuple[Tensor, Tensor] | None:
        """The score (N,) and its gradient at the map, where that is short; None leaves it to autograd.

        A layer's mean square is what most dreams climb, at every step.
        """
        if self.value is not _mean_square or self.border or mask is not None:
            return None
        cells = window.owned(activation)
        share = 1 / (activation.shape[1] * window.height * window.width)
        score = torch.linalg.vector_norm(cells, dim=(1, 2, 3)).square() * share
        if cells.shape == activation.shape:
            return score, cells * (2 * share)
        seed = torch.zeros_like(activation)
        torch.mul(cells, 2 * share, out=window.owned(seed))
        return score, seed


def _inside(index: Tensor, size: int, border: int) -> Tensor:
    return (index >= border) & (index < size - border)


@dataclass(frozen=True)
class Penalty:
    """A term that reads the picture itself, a sum over its rows."""

    text: str
    weight: float
    of_rows: Callable[[Tensor, int, int], Tensor]  # see ``total_variation``

    def piece(self, strip: Tensor, rows: int, height: int) -> Tensor:
        """What the first ``rows`` of a strip of a picture ``height`` rows high give, (N,), unweighted."""
        return self.of_rows(strip, rows, height)


@dataclass(frozen=True)
class Goal:
    """What ``bind`` makes: terms at layers, penalties at the picture, and the masks they need.

    ``balance`` says how terms share the work: "none" as weighted; "layers" each term's gradient at its layer
    over its L2 norm (K. Crowson's deep_dream); "terms" each term's gradient at the picture over its RMS.
    """

    terms: tuple[BoundTerm, ...]
    penalties: tuple[Penalty, ...]
    balance: str = "none"
    masks: Mapping[str, Tensor] = field(default_factory=dict)  # name -> (1, 1, H, W) in [0, 1]

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is read, each once."""
        return tuple(dict.fromkeys(t.layer for t in self.terms))

    def fields(self, height: int, width: int, like: Tensor) -> dict[str, Tensor]:
        """The masks at the size of a picture; they are rolled and cropped along with it."""
        return {
            name: F.interpolate(mask.to(like), size=(height, width), mode="area")
            if mask.shape[2] >= height
            else F.interpolate(mask.to(like), size=(height, width), mode="bilinear")
            for name, mask in self.masks.items()
        }

    def groups(self) -> list[tuple[BoundTerm, ...]]:
        """Terms whose gradients may be added at the layers; each group costs one backward pass."""
        if self.balance == "terms" and len(self.terms) > 1:
            return [(term,) for term in self.terms]
        return [self.terms] if self.terms else []


def bind(
    objective: ob.Objective,
    net: Net,
    *,
    balance: str = "none",
    open_picture: Callable[[str], Tensor] | None = None,
) -> Goal:
    """Resolve an objective's names against a network and compute what it needs once (guide features).

    Args:
        objective: The value to bind.
        net: The network; layers, channels and classes are looked up in it.
        balance: See ``Goal``.
        open_picture: Gives the picture of a file name as (1, C, H, W) in [0, 1], for guides and masks.

    Raises:
        UsageError: An unknown layer or class, a channel out of range, or a region where there is no map.
    """
    opener = open_picture or _no_files
    terms: list[BoundTerm] = []
    penalties: list[Penalty] = []
    masks: dict[str, Tensor] = {}
    for term in objective.terms:
        read = term.read
        if isinstance(read, ob.TotalVariation):
            penalties.append(Penalty("tv", term.weight, total_variation))
        elif isinstance(read, ob.L2):
            penalties.append(Penalty("l2", term.weight, distance_from_grey))
        else:
            bound = _bind_read(term, read, net, opener)
            if term.region is not None and bound.mask not in masks:
                masks[str(term.region)] = _mask(term.region, opener)
            terms.append(bound)
    return Goal(tuple(terms), tuple(penalties), balance, masks)


def _no_files(name: str) -> Tensor:
    raise UsageError(f'objective: no way to open "{name}" was given; pass open_picture')


def _mask(region: ob.Region, opener: Callable[[str], Tensor]) -> Tensor:
    grey = opener(region.file).mean(1, keepdim=True)
    return 1 - grey if region.inverse else grey


def _bind_read(term: ob.Term, read: ob.Read, net: Net, opener: Callable[[str], Tensor]) -> BoundTerm:
    region = str(term.region) if term.region else None
    if isinstance(read, ob.Logit):
        return _bind_logit(term, read, net, region)
    if not isinstance(read, ob.AtLayer):
        raise TypeError(f"no way to bind {type(read).__name__}")
    layer = net.layer(read.layer).name
    channels = net.channels_of(layer)
    border, place = 0, None
    if isinstance(read, ob.Layer):
        value: Value = _mean_square
        border = read.border
    elif isinstance(read, ob.Mean):
        value = _mean
    elif isinstance(read, ob.Channel | ob.Neuron):
        value = _pick(_checked(read.index, channels, layer))
        place = (read.x, read.y) if isinstance(read, ob.Neuron) else None
    elif isinstance(read, ob.Direction):
        value = _along(read, channels)
    elif isinstance(read, ob.Guide):
        value = _guided(read, net, layer, opener)
    else:
        raise TypeError(f"no way to bind {type(read).__name__}")
    if region and net.geometry(layer) is None:
        raise UsageError(f'objective "{term}": layer {layer} has no map, so no region of it; drop @')
    return BoundTerm(str(term), term.weight, layer, value, region, border, place)


def _bind_logit(term: ob.Term, read: ob.Logit, net: Net, region: str | None) -> BoundTerm:
    if net.classes is not None:
        index = net.classes.lookup(read.name)
    elif read.name.isdigit():
        index = _checked(int(read.name), net.channels_of("logits"), "logits")
    else:
        raise UsageError(f'class "{read.name}": network {net.name} has no class names; give the index')
    if region and net.class_map is None:
        raise UsageError(f'objective "{term}": network {net.name} has no class map; drop the @')
    return BoundTerm(str(term), term.weight, net.class_map or "logits", _pick(index), region)


def _checked(index: int, channels: int, layer: str) -> int:
    if not 0 <= index < channels:
        raise UsageError(f"channel {index}: {layer} has channels 0 to {channels - 1}")
    return index


def _mean_square(a: Tensor) -> Tensor:
    return (a * a).mean(1)


def _mean(a: Tensor) -> Tensor:
    return a.mean(1)


def _pick(index: int) -> Value:
    return lambda a: a[:, index]


def _along(read: ob.Direction, channels: int) -> Value:
    vector = torch.zeros(channels, dtype=torch.float64)
    for index, weight in read.weights:
        vector[_checked(index, channels, read.layer)] = weight
    vector = vector / vector.norm()

    def value(a: Tensor) -> Tensor:
        dot = torch.einsum("nchw,c->nhw", a, vector.to(a))
        if not read.cosine:
            return dot
        # Cosine to a power, at least a tenth of it so that a start that points away still moves (lucid).
        length = a.square().sum(1).clamp_min(1e-12).sqrt()
        return dot * (dot / length).clamp_min(0.1) ** read.cosine

    return value


def _guided(read: ob.Guide, net: Net, layer: str, opener: Callable[[str], Tensor]) -> Value:
    picture = opener(read.file)
    scale = GUIDE_SIDE / max(picture.shape[2:])
    if scale < 1:
        size = [max(net.min_size, round(s * scale)) for s in picture.shape[2:]]
        picture = F.interpolate(picture, size=size, mode="bilinear", antialias=True)
    with torch.no_grad():
        features = as_map(net.forward(picture.to(net.device), [layer])[layer])[0].flatten(1)  # (C, M)
    if read.how == "channels":
        weights = features.sum(1)
        weights = weights / weights.abs().sum().clamp_min(1e-12)
        return lambda a: torch.einsum("nchw,c->nhw", a * a, weights.to(a))

    def match(a: Tensor) -> Tensor:
        columns = features.to(a)
        flat = a.detach().flatten(2).transpose(1, 2).reshape(-1, a.shape[1])  # (N h w, C)
        rows = max(1, MATCH_CELLS // columns.shape[1])
        best = torch.cat([(part @ columns).argmax(1) for part in torch.split(flat, rows)])
        wanted = columns.t()[best].view(a.shape[0], *a.shape[2:], -1).permute(0, 3, 1, 2)
        return (a * wanted).sum(1)

    return match


def total_variation(strip: Tensor, rows: int, height: int) -> Tensor:
    """Mean absolute difference of neighbours, the part of some rows, (N,) (Rudin et al. 1992).

    Args:
        strip: (N, C, rows or rows + 1, W): these rows of a picture, and the one below if there is one.
        rows: How many count.
        height: Of the picture.
    """
    channels, width = strip.shape[1], strip.shape[3]
    own = strip[:, :, :rows]
    down = (strip[:, :, 1:] - strip[:, :, :-1]).abs().sum((1, 2, 3))
    across = (own[..., 1:] - own[..., :-1]).abs().sum((1, 2, 3))
    return down / (channels * max(1, height - 1) * width) + across / (channels * height * max(1, width - 1))


def distance_from_grey(strip: Tensor, rows: int, height: int) -> Tensor:
    """Mean square distance from 0.5, the part of some rows, (N,); arguments as ``total_variation``."""
    own = strip[:, :, :rows]
    return (own - 0.5).square().sum((1, 2, 3)) / (own[0, :, 0].numel() * height)
