"""How what layers return lies: as maps (N, C, h, w) wherever it has a place in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from torch import Tensor, nn

from reverie.network.description import MOST_CHANNELS

#: The most tokens that stand for no place in the picture: of a class, of distillation, registers.
MOST_EXTRA: Final = 16
#: Vision transformers merge 2 x 2 tokens at most so many times.
_MERGES: Final = 4


@dataclass(frozen=True)
class _Grid:
    """Tokens that lie on a grid: one for each ``patch`` pixels, behind ``extra`` that have no place."""

    patch: tuple[int, int]
    extra: int


@dataclass
class Layouts:
    """How the layers of one network lie; told at the first look at each, and kept.

    Attributes:
        patches: Strides of the convolutions that may cut a picture into patches, (down, across) in pixels.
        patch: Of those the one that does, without any overlap; None if none does.
        known: By the layer's name its grid of tokens, ``last`` for maps with their channels last, or
            nothing.
        tokens: Layers whose maps were tokens: each sees the whole picture.
    """

    patches: tuple[tuple[int, int], ...]
    patch: tuple[int, int] | None = None
    known: dict[str, _Grid | str | None] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)

    @staticmethod
    def of(module: nn.Module) -> Layouts:
        """Of a network's module."""
        convs = [p for p in module.modules() if isinstance(p, nn.Conv2d) and min(p.stride) >= 4]
        strides = tuple(dict.fromkeys((p.stride[0], p.stride[1]) for p in convs))
        cuts = convs and convs[0].kernel_size == convs[0].stride and convs[0].in_channels <= MOST_CHANNELS
        return Layouts(strides, strides[0] if cuts else None)

    def laid_out(self, name: str, found: Tensor, shown: Tensor) -> Tensor:
        """A layer's activation with its items apart, and as a map if it is one.

        Args:
            name: The layer's.
            found: What it returned: (N, C, h, w), (N, h, w, C), (N, T, C), (T, N, C) or (N, C), or parts of
                items in the place of N.
            shown: What the network was shown, (N, C, H, W).
        """
        parts = found.ndim != 3 or found.shape[1] != shown.shape[0]
        parts = parts and found.shape[0] != shown.shape[0]  # whose order in the picture nobody knows
        found = _by_item(found, shown.shape[0])
        height, width = int(shown.shape[-2]), int(shown.shape[-1])
        if name not in self.known:
            self.known[name] = None if parts else self._look(found, height, width)
        layout = self.known[name]
        if layout == "last" and found.ndim == 4:
            return found.permute(0, 3, 1, 2)
        if isinstance(layout, _Grid) and found.ndim == 3:
            rows, columns = height // layout.patch[0], width // layout.patch[1]
            if found.shape[1] == layout.extra + rows * columns:
                self.tokens.add(name)
                places = found[:, layout.extra :].transpose(1, 2)
                return places.reshape(*places.shape[:2], rows, columns)
        return found

    def _look(self, found: Tensor, height: int, width: int) -> _Grid | str | None:
        if found.ndim == 3:
            return self._grid(int(found.shape[1]), height, width)
        if found.ndim == 4:
            down, across, last = (int(side) for side in found.shape[1:])
            if not _is_grid(across, last, height, width) and _is_grid(down, across, height, width):
                return "last" if self.patches else None
        return None

    def _grid(self, count: int, height: int, width: int) -> _Grid | None:
        """The grid that so many tokens lie on; the one with the fewest that are over."""
        grids = []
        for down, across in self.patches:
            for merged in range(_MERGES):
                patch = down << merged, across << merged
                extra = count - (height // patch[0]) * (width // patch[1])
                if 0 <= extra <= MOST_EXTRA and count - extra > extra:
                    grids.append(_Grid(patch, extra))
        return min(grids, key=lambda grid: grid.extra, default=None)


def _by_item(found: Tensor, items: int) -> Tensor:
    """An activation with one entry of its first axis for each item of the batch, where that can be."""
    if found.ndim == 3 and found.shape[1] == items != found.shape[0]:
        return found.transpose(0, 1)
    count, rest = divmod(found.shape[0], items)
    if count <= 1 or rest:
        return found
    parts = found.reshape(items, count, *found.shape[1:])
    if found.ndim == 4:  # (items, parts, C, h, w)
        return parts.transpose(1, 2).flatten(2, 3)
    return parts.flatten(1, 2) if found.ndim == 3 else parts


def _is_grid(rows: int, columns: int, height: int, width: int) -> bool:
    """Whether cells may lie evenly on a picture of this size."""
    if not (0 < rows <= height and 0 < columns <= width):
        return False
    cell = max(1, round(height / rows))
    return abs(rows - height / cell) <= 1 and abs(columns - width / cell) <= 1
