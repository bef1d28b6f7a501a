"""An objective bound to a network: activations in, scores and seeds (gradients at the layers) out.

Every term is a weighted sum over the positions of one layer, ``score = sum_p w(p) f(a(p))``. The weights
carry the mean, a region's mask, a border that does not count and the tile that is being looked at, so tiles
and regions need nothing special anywhere else. ``tv`` and its like read the picture itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.gradient.cells import as_map
from reverie.network.network import Net
from reverie.notices import warn
from reverie.scoring import functions as values
from reverie.scoring import pairwise as together
from reverie.scoring.feature_statistics import Natural
from reverie.scoring.functions import Value
from reverie.scoring.regularizers import (
    OfRows,
    alpha_norm,
    distance_from_grey,
    total_variation,
    total_variation_to,
)
from reverie.scoring.terms import BoundTerm, Comparison, Penalty, Place

__all__ = [
    "BoundTerm",
    "Comparison",
    "Goal",
    "Penalty",
    "Place",
    "bind",
    "covering",
    "distance_from_grey",
    "total_variation",
]

#: The longest side at which a guide picture is shown to the network, in pixels.
GUIDE_SIDE = 448
Opener = Callable[[str], Tensor]
Size = tuple[int, int]  # width, height


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
    together: tuple[Comparison, ...] = ()  # for portraits, see ``reverie.scoring.batch``
    natural: tuple[Natural, ...] = ()  # for portraits too

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is read, each once."""
        terms: tuple[BoundTerm | Comparison, ...] = (*self.terms, *self.together)
        names = [term.layer for term in terms] + [name for one in self.natural for name in one.layers]
        return tuple(dict.fromkeys(names))

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
    open_picture: Opener | None = None,
    size: Size | None = None,
    portrait: bool = False,
) -> Goal:
    """Resolve an objective's names against a network and compute what it needs once (guide features).

    Args:
        objective: The value to bind.
        net: The network; layers, channels and classes are looked up in it.
        balance: See ``Goal``.
        open_picture: Gives the picture of a file name as (1, C, H, W) in [0, 1], for guides and masks.
        size: (width, height) in pixels of what the network will be shown, at which ``invert`` and
            ``caricature`` look at their pictures; without it they look at them as guides are looked at, and
            resample the features.
        portrait: For a ``Crowd``, whose items are seen whole and beside each other: ``peak``, ``diversity``
            and ``alignment`` are possible, regions are not, and classes are read from the logits.

    Raises:
        UsageError: An unknown layer or class, a channel out of range, a region where there is no map, or a
            term that only portraits have.
    """
    binder = _Binder(net, open_picture or _no_files, size, portrait)
    terms: list[BoundTerm] = []
    penalties: list[Penalty] = []
    comparisons: list[Comparison] = []
    priors: list[ob.Term] = []
    masks: dict[str, Tensor] = {}
    for term in objective.terms:
        if isinstance(term.read, ob.AtPicture):
            penalties.append(Penalty(str(term.read), term.weight, _of_rows(term.read)))
        elif isinstance(term.read, ob.Together):
            comparisons.append(binder.comparison(term, term.read))
        elif isinstance(term.read, ob.Unnatural):
            priors.append(term)
        else:
            bound = binder.term(term)
            if term.region is not None and bound.mask not in masks:
                masks[str(term.region)] = _mask(term.region, binder.opener)
            terms.append(bound)
    read = [t.layer for t in terms] + [t.layer for t in comparisons]
    natural = binder.natural(priors, read)
    return Goal(tuple(terms), tuple(penalties), balance, masks, tuple(comparisons), natural)


def covering(picture: Tensor, size: Size) -> Tensor:
    """The middle of a picture (1, C, H, W), scaled so that it just covers (width, height)."""
    width, height = size
    scale = max(width / picture.shape[3], height / picture.shape[2])
    whole = max(height, round(picture.shape[2] * scale)), max(width, round(picture.shape[3] * scale))
    if picture.shape[2:] != whole:
        picture = F.interpolate(picture, size=whole, mode="bilinear", antialias=True)
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    return picture[:, :, top : top + height, left : left + width]


def _no_files(name: str) -> Tensor:
    raise UsageError(f'objective: no way to open "{name}" was given; pass open_picture')


def _mask(region: ob.Region, opener: Opener) -> Tensor:
    grey = opener(region.file).mean(1, keepdim=True)
    return 1 - grey if region.inverse else grey


def _of_rows(read: ob.AtPicture) -> OfRows:
    if isinstance(read, ob.TotalVariation):
        return total_variation_to(read.power)
    if isinstance(read, ob.L2):
        return distance_from_grey
    if isinstance(read, ob.Alpha):
        return alpha_norm(read.power)
    raise TypeError(f"no way to bind {type(read).__name__}")


def _checked(index: int, channels: int, layer: str) -> int:
    if not 0 <= index < channels:
        raise UsageError(f"channel {index}: {layer} has channels 0 to {channels - 1}")
    return index


@dataclass(frozen=True)
class _Binder:
    """Where names are looked up."""

    net: Net
    opener: Opener
    size: Size | None
    portrait: bool

    def term(self, term: ob.Term) -> BoundTerm:
        read = term.read
        region = str(term.region) if term.region else None
        if region and self.portrait:
            raise UsageError(f'objective "{term}": a portrait has no regions; drop the @')
        if isinstance(read, ob.OfClass):
            return self._of_class(term, read, region)
        if not isinstance(read, ob.AtLayer):
            raise TypeError(f"no way to bind {type(read).__name__}")
        layer = self.net.layer(read.layer).name
        value = self._value(read, layer)
        if isinstance(read, ob.Peak):
            self._only_portraits(term)
        if region and self.net.geometry(layer) is None:
            raise UsageError(f'objective "{term}": layer {layer} has no map, so no region of it; drop @')
        return BoundTerm(
            str(term),
            term.weight,
            layer,
            value,
            region,
            border=read.border if isinstance(read, ob.Layer) else 0,
            place=Place(read.x, read.y, read.cell) if isinstance(read, ob.Neuron) else None,
            peak=isinstance(read, ob.Peak),
        )

    def comparison(self, term: ob.Term, read: ob.Together) -> Comparison:
        self._only_portraits(term)
        layer = self.net.layer(read.layer).name
        of_maps = together.diversity if isinstance(read, ob.Diversity) else together.alignment
        return Comparison(str(term), term.weight, layer, str(read), of_maps)

    def natural(self, priors: Sequence[ob.Term], layers: Sequence[str]) -> tuple[Natural, ...]:
        """The terms that hold features natural, as deep as these layers; none where nothing can."""
        net = self.net
        for term in priors:
            self._only_portraits(term)
        if priors and not net.statistics:
            warn(
                f"network {net.name}: has no batch norms that remember natural pictures; portraits go "
                "without that prior",
                stacklevel=3,
            )
            return ()
        order = {name: place for place, name in enumerate(net.layers)}
        deepest = max((order[name] for name in layers), default=len(order))
        reached = tuple(s for s in net.statistics if order[s.layer] <= deepest)
        return tuple(Natural(str(term.read), term.weight, reached) for term in priors if reached)

    def _only_portraits(self, term: ob.Term) -> None:
        if not self.portrait:
            raise UsageError(f'objective "{term}": only portraits have it; drop it here')

    def _value(self, read: ob.AtLayer, layer: str) -> Value:
        channels = self.net.channels_of(layer)
        if isinstance(read, ob.Layer):
            return values.mean_square
        if isinstance(read, ob.Mean):
            return values.MeanOfChannels()
        if isinstance(read, ob.Channel | ob.Neuron | ob.Peak):
            return values.Pick(_checked(read.index, channels, layer))
        if isinstance(read, ob.Direction):
            vector = torch.zeros(channels, dtype=torch.float64)
            for index, weight in read.weights:
                vector[_checked(index, channels, read.layer)] = weight
            return values.along(vector / vector.norm(), read.cosine)
        if isinstance(read, ob.Guide):
            features = self._features(read.file, layer, None)[0].flatten(1)  # (C, M)
            return values.by_channels(features) if read.how == "channels" else values.by_match(features)
        if isinstance(read, ob.Caricature):
            return values.exaggerated(self._features(read.file, layer, self.size), read.cosine)
        if isinstance(read, ob.Inversion):
            return values.remembered(self._features(read.file, layer, self.size))
        raise TypeError(f"no way to bind {type(read).__name__}")

    def _of_class(self, term: ob.Term, read: ob.OfClass, region: str | None) -> BoundTerm:
        net = self.net
        if net.classes is not None:
            index = net.classes.lookup(read.name)
        elif read.name.isdigit():
            index = _checked(int(read.name), net.channels_of("logits"), "logits")
        else:
            raise UsageError(f'class "{read.name}": network {net.name} has no class names; give the index')
        if isinstance(read, ob.LogProb):
            if region:
                raise UsageError(f'objective "{term}": a probability has no region; drop the @')
            layer = net.layer("logits").name
            return BoundTerm(str(term), term.weight, layer, values.log_probability(index))
        if region and net.class_map is None:
            raise UsageError(f'objective "{term}": network {net.name} has no class map; drop the @')
        # The map's mean is the logits: it can be cut into tiles, which a portrait needs not.
        layer = "logits" if self.portrait and "logits" in net.layers else net.class_map or "logits"
        return BoundTerm(str(term), term.weight, layer, values.Pick(index), region)

    def _features(self, file: str, layer: str, size: Size | None) -> Tensor:
        """What the layer says of a picture, (1, C, h, w): at a size, or as large as it is up to a limit."""
        picture = self.opener(file)
        scale = GUIDE_SIDE / max(picture.shape[2:])
        if size is not None:
            picture = covering(picture, size)
        elif scale < 1:
            smaller = [max(self.net.min_size, round(s * scale)) for s in picture.shape[2:]]
            picture = F.interpolate(picture, size=smaller, mode="bilinear", antialias=True)
        with torch.no_grad():
            return as_map(self.net.forward(picture.to(self.net.device), [layer])[layer])
