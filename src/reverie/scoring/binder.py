"""What a term of an objective is bound with: where its names are looked up, and what it can become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.check import check_shown
from reverie.engine.engine import AutogradEngine, answers
from reverie.engine.not_finite import complaint
from reverie.errors import UsageError
from reverie.gradient.cells import as_map
from reverie.network.network import Network
from reverie.objective import Quantity, Term
from reverie.objective.text import MOST_DIGITS
from reverie.ops.colour import with_channels
from reverie.ops.finite import is_finite
from reverie.scoring.terms import (
    BoundCode,
    BoundTerm,
    Comparison,
    OfMaps,
    OfRows,
    Penalty,
    Place,
    ScoreFunction,
)

#: The longest side at which a guide picture is shown to the network, in pixels.
GUIDE_SIDE = 448
Opener = Callable[[str], Tensor]
Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class Binder:
    """One term, the network and the files.

    Attributes:
        term: What is to be bound.
        net: Where layers, channels and classes are looked up.
        open_picture: Gives the picture of a file name as (1, C, H, W) in [0, 1].
        size: (width, height) of what the network will be shown, if that is known.
        portrait: Whether it is for a portrait, which is seen whole.
    """

    term: Term
    net: Network
    open_picture: Opener
    size: Size | None
    portrait: bool

    # -- what a term becomes -----------------------------------------------------------------------

    def at_layer(
        self,
        layer: str,
        function: ScoreFunction,
        *,
        border: int = 0,
        place: Place | None = None,
        peak: bool = False,
    ) -> BoundTerm:
        """A sum over the positions of a layer; see ``BoundTerm`` for what restricts them.

        Raises:
            UsageError: No such layer, a region where there is no map, or a term that only portraits have.
        """
        name = self.net.layer(layer).name
        self.check_portrait()
        if self.term.region and self.net.geometry(name) is None:
            raise UsageError(f'objective "{self.term}": layer {name} has no map, so no region of it; drop @')
        term = self.term
        return BoundTerm(str(term), term.weight, name, function, self._mask, border, place, peak)

    def at_class_scores(self, function: ScoreFunction) -> BoundTerm:
        """A sum over the map of class scores. Its mean is the logits: it can be cut into tiles.

        A portrait needs no tiles, and a network may have no such map: then it is at the logits.

        Raises:
            UsageError: A region where the network has no such map.
        """
        net = self.net
        if self.term.region and net.class_map is None:
            raise UsageError(f'objective "{self.term}": network {net.name} has no class map; drop the @')
        layer = "logits" if self.portrait and "logits" in net.layers else net.class_map or "logits"
        return BoundTerm(str(self.term), self.term.weight, layer, function, self._mask)

    def among_items(self, layer: str, of_maps: OfMaps) -> Comparison:
        """A comparison of the items of a batch at a layer. UsageError: no such layer, or no portrait."""
        self.check_portrait()
        name = self.net.layer(layer).name
        return Comparison(str(self.term), self.term.weight, name, str(self.term.quantity), of_maps)

    def at_picture(self, of_rows: OfRows) -> Penalty:
        """A sum over the rows of the picture itself."""
        return Penalty(str(self.term.quantity), self.term.weight, of_rows)

    # -- what is looked up -------------------------------------------------------------------------

    def channel(self, layer: str, index: int) -> int:
        """The index of a channel; UsageError where the layer has no such channel, or does not exist."""
        channels = self.net.channels_of(layer)
        if not 0 <= index < channels:
            raise UsageError(f"channel {index}: {layer} has channels 0 to {channels - 1}")
        return index

    def class_indices(self, name: str) -> tuple[int, ...]:
        """The channels of the logits that a class, or a group of them, is; UsageError: none has that name."""
        if self.net.classes is not None:
            return self.net.classes.members(name)
        if name.isdecimal() and len(name) <= MOST_DIGITS:
            return (self.channel("logits", int(name)),)
        raise UsageError(f'class "{name}": network {self.net.name} has no class names; give the index')

    def features(self, file: str, layer: str, size: Size | None = None) -> Tensor:
        """What a layer says of a picture, (1, C, h, w): at a size, or as large as it is up to a limit."""
        name = self.net.layer(layer).name
        picture = with_channels(self.open_picture(file), self.net.channels)
        scale = GUIDE_SIDE / max(picture.shape[2:])
        if size is not None:
            picture = covering(picture, size)
        elif scale < 1:
            smaller = [max(self.net.min_size, round(s * scale)) for s in picture.shape[2:]]
            picture = F.interpolate(picture, size=smaller, mode="bilinear", antialias=True)
        check_shown(picture, self.net)
        with torch.no_grad():
            found = as_map(answers(self.net, picture.to(self.net.device), [name])[name])
        if not is_finite(found):
            raise complaint(AutogradEngine(self.net), picture.to(self.net.device), [name])
        return found

    # -- what is refused ---------------------------------------------------------------------------

    def check_portrait(self) -> None:
        """UsageError where only portraits have the term, and this is none."""
        if self.term.quantity.only_portraits and not self.portrait:
            raise UsageError(f'objective "{self.term}": only portraits have it; drop it here')

    def check_region(self) -> None:
        """UsageError where a portrait's term is confined to a region."""
        if self.term.region and self.term.quantity.has_regions and self.portrait:
            raise UsageError(f'objective "{self.term}": a portrait has no regions; drop the @')

    @property
    def _mask(self) -> str | None:
        return str(self.term.region) if self.term.region else None


def covering(picture: Tensor, size: Size) -> Tensor:
    """The middle of a picture (1, C, H, W), scaled so that it just covers (width, height)."""
    width, height = size
    scale = max(width / picture.shape[3], height / picture.shape[2])
    whole = max(height, round(picture.shape[2] * scale)), max(width, round(picture.shape[3] * scale))
    if picture.shape[2:] != whole:
        picture = F.interpolate(picture, size=whole, mode="bilinear", antialias=True)
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    return picture[:, :, top : top + height, left : left + width]


Kind = TypeVar("Kind", bound=Quantity)
Bound = BoundTerm | BoundCode | Comparison | Penalty
Made = TypeVar("Made", bound=Bound)

#: Whose score is which: beside a score function stands, as ``@scores(Mean)``, the quantity that it is for.
_MAKERS: dict[type[Quantity], Callable[[Any, Binder], Bound]] = {}


def scores(kind: type[Kind]) -> Callable[[Callable[[Kind, Binder], Made]], Callable[[Kind, Binder], Made]]:
    """Bind terms of a kind of quantity by the function that this decorates."""

    def register(make: Callable[[Kind, Binder], Made]) -> Callable[[Kind, Binder], Made]:
        _MAKERS[kind] = make
        return make

    return register


def bound(binder: Binder) -> Bound:
    """The binder's term, bound. TypeError: no score function is for its kind of quantity."""
    quantity = binder.term.quantity
    if type(quantity) not in _MAKERS:
        raise TypeError(f"no way to bind {type(quantity).__name__}")
    return _MAKERS[type(quantity)](quantity, binder)
