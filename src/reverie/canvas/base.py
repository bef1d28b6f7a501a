"""Canvases of portraits: how N pictures are stored as parameters that an optimiser can move.

Every item is computed from its own parameters alone, by the same operations in whatever company: a picture
made in a batch is byte for byte the one made alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.canvas.colour_space import Tone
from reverie.errors import UsageError
from reverie.ops.filters import resize

#: What counts most is opaque from this percentile on (Fel et al. 2023).
OPAQUE: Final = 80.0


@dataclass(frozen=True)
class CanvasSetup:
    """What a canvas of any kind is made with.

    Attributes:
        size: Width and height in pixels, odd or even.
        channels: C of the pictures; only three have colours to decorrelate.
        rngs: One generator for each picture; one draw is made from each.
        device: Where the parameters are.
        dtype: Their number format.
    """

    size: tuple[int, int]
    channels: int
    rngs: Sequence[torch.Generator]
    device: torch.device | str = "cpu"
    dtype: torch.dtype = torch.float32


class Canvas(ABC):
    """Parameters <-> N pictures in [0, 1]. Sizes are (width, height), pictures (N, C, height, width).

    The leaves are (N, ...), and each item's picture is computed by itself.

    Attributes:
        count: N, the pictures.
        size: Width and height.
        channels: C of the pictures.
    """

    def __init__(self, setup: CanvasSetup) -> None:
        """A start drawn for each item from its own generator.

        Raises:
            UsageError: Nothing to draw from, or a size without pixels.
        """
        if not setup.rngs:
            raise UsageError("canvas: one generator for each picture is needed, there is none")
        width, height = setup.size
        if min(width, height) < 1 or setup.channels < 1:
            raise UsageError(f"canvas: {width} x {height} x {setup.channels} has no pixels")
        self.count = len(setup.rngs)
        self.size = (int(width), int(height))
        self.channels = setup.channels
        self.device, self.dtype = torch.device(setup.device), setup.dtype
        self._toned = partial(Tone, self.channels, dtype=self.dtype, device=self.device)
        self._leaves: list[Tensor] = []
        self._noted: Tensor | None = None

    @abstractmethod
    def _one(self, parts: Sequence[Tensor]) -> Tensor:
        """The picture of one item, (C, H, W), from its slices of the leaves."""

    @abstractmethod
    def _fitted(self, picture: Tensor, index: int) -> list[Tensor]:
        """The slices of the leaves that give item ``index`` a picture, (C, H, W) at this size."""

    @abstractmethod
    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size with the same content."""

    def parameters(self) -> list[Tensor]:
        """The leaves, each (N, ...), that optimisers move in place; others after a ``resize``."""
        return self._leaves

    def picture(self) -> Tensor:
        """The pictures, (N, C, H, W) in [0, 1], differentiable in the parameters."""
        return torch.stack([self._one(parts) for parts in self._items()])

    def fit(self, picture: Tensor) -> None:
        """Put the parameters so that ``picture()`` is the given one as nearly as it can be.

        Args:
            picture: (1 or N, C, h, w) in [0, 1]; another size is resampled.

        Raises:
            UsageError: Another count of channels or pictures.
        """
        if picture.ndim != 4 or picture.shape[0] not in (1, self.count) or picture.shape[1] != self.channels:
            raise UsageError(
                f"start: a picture of shape {tuple(picture.shape)} does not fit {self.count} canvases"
                f" of {self.channels} channels"
            )
        given = itemwise(picture.detach().to(self.device, self.dtype), self.size).clamp(0, 1)
        parts = [self._fitted(given[i if len(given) > 1 else 0], i) for i in range(self.count)]
        self._put([torch.stack(leaf) for leaf in zip(*parts, strict=True)])

    def carried(self, remembered: Sequence[Tensor], old: tuple[int, int]) -> list[Tensor] | None:
        """After a ``resize``: what an optimiser remembers of each leaf, at the size there is now.

        Args:
            remembered: Moments of the leaves, of their shapes at the size ``old``.
            old: The size before.

        Returns:
            Tensors of the leaves' shapes, 0 for what is new; None where memories mean nothing any more.
        """
        return None if old != self.size else list(remembered)

    @torch.no_grad()
    def render(self, size: tuple[int, int]) -> Tensor:
        """The pictures at a size, (N, C, H, W) in [0, 1], without a graph; the canvas stays as it is."""
        return itemwise(self.picture(), size).clamp(0, 1)

    def add(self, change: Tensor) -> None:
        """Move the pictures by (N, C, H, W).

        Raises:
            TypeError: The parameters of this canvas do not belong to places.
        """
        raise TypeError(f"{type(self).__name__}: only pixels can be moved one by one")

    def settle(self) -> None:
        """Bring parameters that an optimiser carried too far back to where they may be: here anywhere."""
        return None

    @torch.no_grad()
    def note(self, gradient: Tensor) -> None:
        """Add up |gradient at the pictures|, (N, C, H, W): where they matter (Fel et al. 2023)."""
        strength = gradient.abs().sum(1)
        if self._noted is not None and self._noted.shape != strength.shape:
            self._noted = itemwise(self._noted[:, None], self.size)[:, 0].clamp_min(0)
        self._noted = strength if self._noted is None else self._noted + strength

    def importance(self, size: tuple[int, int]) -> Tensor:
        """How much each place mattered so far, (N, H, W) in [0, 1] at a size: the transparency of MACO.

        The most important fifth is opaque, the rest in proportion; opaque all over if nothing was noted.
        """
        if self._noted is None:
            width, height = size
            return torch.ones(self.count, height, width, device=self.device, dtype=self.dtype)
        noted = itemwise(self._noted[:, None], size)[:, 0].clamp_min(0)
        tops = [i.flatten().kthvalue(int(OPAQUE / 100 * (i.numel() - 1)) + 1).values for i in noted]
        return torch.stack([(i / t.clamp_min(1e-30)).clamp(0, 1) for i, t in zip(noted, tops, strict=True)])

    def state_dict(self) -> dict[str, Any]:
        """Everything that moves, as plain tensors and numbers."""
        return {
            "size": self.size,
            "parameters": [leaf.detach().clone() for leaf in self._leaves],
            "noted": None if self._noted is None else self._noted.clone(),
        }

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        """Take up what ``state_dict`` gave, at whatever size that was.

        Raises:
            UsageError: It is of another kind of canvas, or of other items.
        """
        leaves = [leaf.to(self.device, self.dtype).clone() for leaf in kept["parameters"]]
        if [p.ndim for p in leaves] != [p.ndim for p in self._leaves] or any(
            len(p) != self.count for p in leaves
        ):
            raise UsageError("canvas: what was kept belongs to another canvas")
        self._sized(tuple(kept["size"]))
        self._put(leaves)
        noted = kept["noted"]
        self._noted = None if noted is None else noted.to(self.device).clone()

    def _sized(self, size: tuple[int, int]) -> None:
        """Take another size, without regard to the leaves, and what else depends on it."""
        if min(size) < 1:
            raise UsageError(f"canvas: {size[0]} x {size[1]} has no pixels")
        self.size = (int(size[0]), int(size[1]))

    def _start(
        self, rngs: Sequence[torch.Generator], draw: Callable[[torch.Generator], list[Tensor]]
    ) -> None:
        """Make the leaves of what ``draw`` gives for each item."""
        self._put([torch.stack(leaf) for leaf in zip(*map(draw, rngs), strict=True)])

    @torch.no_grad()
    def _put(self, leaves: Sequence[Tensor]) -> None:
        """Take these values, in place where shapes allow: optimisers hold on to the leaves."""
        if [p.shape for p in leaves] == [p.shape for p in self._leaves]:
            for leaf, values in zip(self._leaves, leaves, strict=True):
                leaf.copy_(values)
            return
        self._leaves = [p.detach().to(self.device, self.dtype).requires_grad_(True) for p in leaves]

    def _items(self) -> list[tuple[Tensor, ...]]:
        """The slices of the leaves, item by item; ``unbind`` because its backward is one pass."""
        return list(zip(*(leaf.unbind(0) for leaf in self._leaves), strict=True))


def itemwise(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, h, w) at another (width, height), each item by itself so that its bytes do not depend on N."""
    width, height = size
    if tuple(planes.shape[2:]) == (height, width):
        return planes
    return torch.cat([resize(plane[None], height, width) for plane in planes])


def enlarged(plane: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear resampling of (C, h, w) to a larger (width, height)."""
    if tuple(plane.shape[1:]) == (size[1], size[0]):
        return plane
    return F.interpolate(plane[None], size=(size[1], size[0]), mode="bilinear", align_corners=False)[0]
