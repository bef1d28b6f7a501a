"""Stimuli: the patches of one's own photographs that excite a unit most.

What really excites it, beside the portrait of what would (Le et al. 2012, "Building high-level features using
large scale unsupervised learning", the "cat neuron"; Zeiler & Fergus 2014 for the patches).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reverie.engine.check import check_shown
from reverie.engine.engine import Engine
from reverie.engine.not_finite import complaint
from reverie.errors import BadInput, UsageError
from reverie.media.picture import MAX_PIXELS, Picture, load_picture
from reverie.media.picture.folder import pictures_in
from reverie.media.picture.picture import Floats
from reverie.native.runtime import Runtime
from reverie.network.network import Network
from reverie.ops.colour import with_channels
from reverie.ops.finite import is_finite
from reverie.process.notices import warn

#: Short side that photographs are shown at, in pixels: larger ones are scaled down.
SIDE = 256
#: Of a receptive field larger than this, in pixels, the middle part of this share is shown: nearly all that a
#: cell answers to is there (Luo et al. 2016, "Understanding the effective receptive field").
SMALL_FIELD, MIDDLE = 64, 0.5
#: What lies beyond the edge of a photograph: the mean grey that networks pad with.
GREY = 0.5
Units = Mapping[str, Sequence[int]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Patch:
    """The place in a photograph that excites a unit most.

    Attributes:
        photo: Path of the photograph.
        activation: The unit's activation there.
        cell: (column, row) in the layer's map; None where the layer has no positions.
        box: (left, top, right, bottom) in pixels of the photograph as it was shown: what the unit sees, or
            the middle of that where it is large; it may reach beyond the edges.
        shown: (width, height) the photograph was shown at.
        marked: (left, top, right, bottom) of the cell itself, in the same pixels: its share of the
            photograph; None where the layer has no positions.
    """

    photo: str
    activation: float
    cell: tuple[int, int] | None
    box: tuple[int, int, int, int]
    shown: tuple[int, int]
    marked: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class Stimuli:
    """What came of a pass over photographs.

    Attributes:
        patches: By layer and channel, the strongest first.
        responses: By layer, (photographs, channels asked for): each channel's largest activation anywhere.
        photos: Paths of the photographs that could be read, in the order of ``responses``.
        failed: One line for each that could not.
    """

    patches: dict[str, dict[int, tuple[Patch, ...]]]
    responses: dict[str, NDArray[np.float32]]
    photos: tuple[str, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Peaks:
    """A photograph's largest activation of each channel asked for: (C,), and where: flat positions (C,).

    ``cells`` is (columns, rows) of the layer's map; None where it has no positions.
    """

    values: NDArray[np.float32]
    where: NDArray[np.int64]
    cells: tuple[int, int] | None


@dataclass(frozen=True)
class Response:
    """What a photograph does: its (width, height) as it was shown, and the peaks of each layer."""

    size: tuple[int, int]
    peaks: Mapping[str, Peaks]


#: Paths of photographs to the response of each, in their order, or why there is none.
Responder = Callable[[Sequence[str]], Iterable[Response | BadInput]]


def strongest(
    engine: Engine,
    photos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    units: Units,
    *,
    count: int = 9,
    side: int = SIDE,
    max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
    runtime: Runtime | None = None,
    elsewhere: Responder | None = None,
) -> Stimuli:
    """The strongest patches of photographs for each unit, at most one of each photograph.

    Photographs are read one after the other, so memory does not grow with their number; each is shown whole,
    at a short side of ``side`` pixels if it is larger.

    Args:
        engine: The network at work.
        photos: A folder, which is not searched deeper, or paths.
        units: By layer, the channels asked for.
        count: How many patches a unit, at most.
        side: Short side in pixels that photographs are shown at.
        max_pixels: The most pixels a photograph may have.
        progress: Told after each photograph how many are done, of how many.
        runtime: What it is computed with; None takes what the caller computes with.
        elsewhere: Who looks at the photographs instead, at the same side and by the same network.

    Returns:
        A Stimuli; where two patches are equally strong, the earlier photograph and the upper cell come first.

    Raises:
        UsageError: A layer or channel that does not exist, or a count under 1.
        BadInput: No folder, or no photograph in it that can be read. One that cannot is warned of and left
            out.
    """
    net, runtime = engine.net, runtime or Runtime.here()
    if count < 1:
        raise UsageError(f"count {count}: at least one patch is needed")
    wanted = {layer: checked(net, layer, channels) for layer, channels in units.items()}
    if not wanted:
        raise UsageError("no units: give at least one layer and channel")
    paths = photographs(photos)
    tables = {layer: _Table(len(channels), count) for layer, channels in wanted.items()}
    read: list[str] = []
    sizes: list[tuple[int, int]] = []
    failed: list[str] = []

    def here(paths: Sequence[str]) -> Iterator[Response | BadInput]:
        for path in paths:
            yield respond(engine, path, wanted, side=side, max_pixels=max_pixels, runtime=runtime)

    for done, (path, found) in enumerate(zip(paths, (elsewhere or here)(paths), strict=True), start=1):
        if isinstance(found, BadInput):
            failed.append(str(found))
            warn(f"{found}; left out")
        else:
            for layer, peaked in found.peaks.items():
                tables[layer].take(len(read), peaked)
            read.append(path)
            sizes.append(found.size)
        if progress is not None:
            progress(done, len(paths))
    if not read:
        raise BadInput(f"{_place(photos)}: none of {len(paths)} photographs can be read; {failed[0]}")
    patches = {}
    for layer, channels in wanted.items():
        field = net.geometry(layer)
        rows = tables[layer].patches(read, sizes, None if field is None else field[1])
        patches[layer] = dict(zip(channels, rows, strict=True))
    responses = {layer: np.stack(table.responses) for layer, table in tables.items()}
    return Stimuli(patches, responses, tuple(read), tuple(failed))


def respond(
    engine: Engine, path: str, units: Units, *, side: int, max_pixels: int, runtime: Runtime
) -> Response | BadInput:
    """What a photograph does to units, or why it cannot be read; errors as of ``look``."""
    try:
        picture = shown(path, side=side, max_pixels=max_pixels)
        with runtime.use():
            activations = look(engine, as_input(picture, engine.net), list(units))
    except BadInput as error:
        return error
    with runtime.use():
        found = {layer: _peaked(activations[layer], channels) for layer, channels in units.items()}
    return Response(picture.size, found)


def _peaked(activation: Tensor, channels: Sequence[int]) -> Peaks:
    """The peaks of an activation of a layer, (1, C, h, w), (1, T, C) or (1, C)."""
    values, where = peaks(activation)
    values, where = values[0, list(channels)], where[0, list(channels)]
    cells = (activation.shape[3], activation.shape[2]) if activation.ndim == 4 else None
    return Peaks(values.numpy().copy(), where.numpy().copy(), cells)


def checked(net: Network, layer: str, channels: Sequence[int]) -> list[int]:
    """The channels of a layer in order, each once; UsageError with the valid range if one does not exist."""
    have = net.layer(layer).channels
    for channel in channels:
        if not 0 <= channel < have:
            raise UsageError(f"{layer}:{channel}: channel is out of range; {layer} has 0 to {have - 1}")
    return sorted(set(channels))


def photographs(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    """Paths of the pictures in a folder, by name, or the paths that were given.

    Raises:
        BadInput: No such folder, or no picture in it.
    """
    if not isinstance(given, str | os.PathLike):
        paths = [os.fspath(path) for path in given]
        if not paths:
            raise BadInput("no photographs: give at least one")
        return paths
    folder = os.fspath(given)
    if os.path.isfile(folder):
        return [folder]
    return pictures_in(folder)


def shown(path: str, *, side: int = SIDE, max_pixels: int = MAX_PIXELS) -> Picture:
    """A photograph as the network is shown it: no larger than ``side`` pixels along its short side."""
    return reduced(load_picture(path, max_pixels=max_pixels), side)


def reduced(picture: Picture, side: int = SIDE) -> Picture:
    """A picture no larger than ``side`` pixels along its short side."""
    factor = side / min(picture.size)
    if factor >= 1:
        return picture
    width, height = picture.size
    return picture.resized((max(1, round(width * factor)), max(1, round(height * factor))))


def as_input(picture: Picture, net: Network) -> Tensor:
    """A picture as (1, C, H, W) with the network's channels; UsageError where it cannot have them."""
    pixels = torch.from_numpy(picture.pixels).permute(2, 0, 1)[None]
    return with_channels(pixels, net.channels).contiguous()


def look(engine: Engine, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Activations of a picture (N, C, H, W) in [0, 1], on the CPU in fp32; no gradient can follow.

    Raises:
        UsageError: A picture that the network cannot take.
        BadInput: Pixels that are not finite.
        NetworkError: Weights or activations that are not finite; the message names the tensor or layer.
    """
    check_shown(picture, engine.net)
    from reverie.engine.native import NativeEngine

    with torch.no_grad():
        if isinstance(engine, NativeEngine):
            found = engine.forward(picture, layers, keep=False)
        else:
            found = engine.net.forward(picture, list(layers))
    if not all(map(is_finite, found.values())):
        raise complaint(engine, picture, layers)
    return {name: activation.float().cpu() for name, activation in found.items()}


def peaks(activation: Tensor) -> tuple[Tensor, Tensor]:
    """Each channel's largest activation and the flat position of the first such, (N, C) both.

    Args:
        activation: A map (N, C, h, w), tokens (N, T, C), or a vector (N, C).
    """
    if activation.ndim == 3:
        activation = activation.transpose(1, 2)
    flat = activation.reshape(*activation.shape[:2], -1)
    values = flat.amax(2)
    # torch.max leaves open which of several equal positions it returns.
    where = (flat == values[..., None]).to(torch.int8).argmax(2)
    return values, where


def cut(
    patches: Sequence[Patch], *, side: int, max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[int, Picture]]:
    """The patches' pictures, square, ``side`` pixels each; every photograph is read once.

    Yields:
        (index into ``patches``, picture), photograph by photograph.

    Raises:
        BadInput: A photograph can no longer be read.
    """
    by_photo: dict[tuple[str, tuple[int, int]], list[int]] = {}
    for index, patch in enumerate(patches):
        by_photo.setdefault((patch.photo, patch.shown), []).append(index)
    for (path, size), indices in by_photo.items():
        picture = load_picture(path, max_pixels=max_pixels).resized(size)
        for index in indices:
            yield index, Picture(_cropped(picture.pixels, patches[index].box)).resized((side, side))


def _cropped(pixels: Floats, box: tuple[int, int, int, int]) -> Floats:
    """The box of a picture (H, W, C), grey where it reaches beyond the edges."""
    height, width, channels = pixels.shape
    left, top, right, bottom = box
    whole = np.full((bottom - top, right - left, channels), GREY, np.float32)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, right), min(height, bottom)
    if x1 > x0 and y1 > y0:
        whole[y0 - top : y1 - top, x0 - left : x1 - left] = pixels[y0:y1, x0:x1]
    return whole


def seen_box(
    cell: tuple[int, int] | None, cells: tuple[int, int], size: tuple[int, int], field: int | None
) -> tuple[int, int, int, int]:
    """The square of a picture that excites a cell, (left, top, right, bottom).

    Args:
        cell: (column, row), or None for a layer without positions.
        cells: (columns, rows) of the map.
        size: (width, height) of the picture.
        field: Side of the receptive field; None sees all.

    Returns:
        The field, centred at the cell and beyond the edges where need be. Of a large field its middle, no
        larger than the picture's short side, kept inside the picture as near to the cell as can be. For a
        layer without positions: the middle square.
    """
    width, height = size
    side, centre = min(size), (width / 2, height / 2)
    if cell is not None:
        centre = ((cell[0] + 0.5) * width / cells[0], (cell[1] + 0.5) * height / cells[1])
        if field is not None:
            side = min(side, field, max(SMALL_FIELD, round(MIDDLE * field)))
    left, top = round(centre[0] - side / 2), round(centre[1] - side / 2)
    if field is None or side < field:
        left, top = min(max(0, left), width - side), min(max(0, top), height - side)
    return left, top, left + side, top + side


def cell_box(
    cell: tuple[int, int], cells: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The share of a picture (width, height) that a cell of a map has, (left, top, right, bottom)."""
    (column, row), (columns, rows), (width, height) = cell, cells, size
    left, right = (round(c * width / columns) for c in (column, column + 1))
    top, bottom = (round(r * height / rows) for r in (row, row + 1))
    return left, top, right, bottom


class _Table:
    """The strongest so far of each channel, kept as arrays: photograph, value and place."""

    def __init__(self, channels: int, count: int) -> None:
        self.count = count
        self.values = torch.empty(channels, 0)
        self.photos = torch.empty(channels, 0, dtype=torch.long)
        self.cells = torch.empty(channels, 0, dtype=torch.long)
        self.maps: list[tuple[int, int] | None] = []  # (columns, rows) of each photograph's map
        self.responses: list[NDArray[np.float32]] = []

    def take(self, photo: int, found: Peaks) -> None:
        """Take in a photograph's peaks of the layer."""
        values, where = torch.tensor(found.values), torch.tensor(found.where)
        self.responses.append(found.values)
        self.maps.append(found.cells)
        self.values = torch.cat([self.values, values[:, None]], 1)
        self.photos = torch.cat([self.photos, torch.full_like(where, photo)[:, None]], 1)
        self.cells = torch.cat([self.cells, where[:, None]], 1)
        # Stable, so that of equals the earlier photograph stays in front.
        order = self.values.argsort(stable=True, dim=1, descending=True)[:, : self.count]
        self.values, self.photos, self.cells = (
            table.gather(1, order) for table in (self.values, self.photos, self.cells)
        )

    def patches(
        self, photos: Sequence[str], sizes: Sequence[tuple[int, int]], field: int | None
    ) -> list[tuple[Patch, ...]]:
        """Of each channel, strongest first."""

        def patch(value: float, photo: int, where: int) -> Patch:
            cells = self.maps[photo]
            cell = None if cells is None else (where % cells[0], where // cells[0])
            box = seen_box(cell, cells or (1, 1), sizes[photo], field)
            marked = None if cell is None else cell_box(cell, cells or (1, 1), sizes[photo])
            return Patch(photos[photo], value, cell, box, sizes[photo], marked)

        rows = zip(self.values.tolist(), self.photos.tolist(), self.cells.tolist(), strict=True)
        return [tuple(patch(*found) for found in zip(*row, strict=True)) for row in rows]


def _place(photos: object) -> str:
    return os.fspath(photos) if isinstance(photos, str | os.PathLike) else "photographs"
