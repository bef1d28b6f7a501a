"""What the portraits and photographs of a microscope show: responses, likenesses, classes and patches.

All of it follows from files that are there, so it is kept beside them and made again only when they change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor, nn

from reverie.analysis.stimuli import Patch, Responder, as_input, cut, look, peaks, photographs, strongest
from reverie.ascent.session import Session
from reverie.jobs.microscope.contents import Plan, Unit
from reverie.jobs.provenance.note import sha256_of
from reverie.media.local_file import read_regular
from reverie.media.picture import MAX_PIXELS, Picture, load_picture
from reverie.media.picture.write import encode, write_whole
from reverie.network.network import Network
from reverie.portrait.units import LOGITS

Floats = NDArray[np.float32]

#: Patches of a channel, how many beside each other in their file, and the side of each in pixels.
PATCHES, COLUMNS, PATCH_SIDE, PATCH_QUALITY = 9, 3, 96, 80
#: With fewer pictures than this a correlation says nothing.
FEWEST = 8
#: What is kept of a layer is never longer than this, in bytes.
LONGEST = 1 << 30


@dataclass(frozen=True)
class Readings:
    """How strongly each channel answers to each portrait, and what the network calls them.

    Attributes:
        units: Of the rows, in the plan's order.
        responses: By layer, (units, channels shown): the largest activation anywhere in the portrait.
        logits: (units, classes), or None for a network without.
    """

    units: tuple[Unit, ...]
    responses: dict[str, Floats]
    logits: Floats | None


@dataclass(frozen=True)
class Photographs:
    """The strongest patches, and how each channel answers to each photograph (as ``Stimuli``)."""

    patches: dict[str, dict[int, tuple[Patch, ...]]]
    responses: dict[str, Floats]
    failed: tuple[str, ...]


def read_portraits(session: Session, root: Path, plan: Plan, there: Sequence[Unit]) -> Readings:
    """Show the network every portrait as it was saved, one at a time."""
    net = session.net
    layers = [*plan.layers, *([LOGITS] if LOGITS in net.layers else [])]
    rows: dict[str, list[Floats]] = {name: [] for name in layers}
    made = set(there)
    for name, units in plan.groups():
        group = [unit for unit in units if unit in made]
        if not group:
            continue
        file = root / "data" / f"{'classes' if name is None else 'layer-' + plan.folders[name]}.safetensors"
        key = _key(net, plan, [sha256_of(root / unit.portrait) for unit in group])
        found = _kept(file, key)
        if found is None:
            found = _read_group(session, root, plan, layers, group)
            _keep(file, key, found)
        for index, layer in enumerate(layers):
            rows[layer].append(found[f"{index}"].astype(np.float32))
    joined = {name: np.concatenate(parts) for name, parts in rows.items() if parts}
    logits = joined.pop(LOGITS, None)
    return Readings(tuple(unit for unit in plan.units() if unit in made), joined, logits)


def _read_group(
    session: Session, root: Path, plan: Plan, layers: Sequence[str], units: Sequence[Unit]
) -> dict[str, NDArray[Any]]:
    """By position of the layer, (units, channels) in half precision, which is enough to compare by."""
    channels = plan.channels()
    found: list[list[Tensor]] = [[] for _ in layers]
    for unit in units:
        picture = load_picture(root / unit.portrait).of_channels(session.net.channels)
        with session.runtime.use():
            activations = look(session.engine, as_input(picture, session.net), layers)
        for index, name in enumerate(layers):
            values = peaks(activations[name])[0][0]
            found[index].append(values[channels[name]] if name in channels else values)
    most = float(torch.finfo(torch.float16).max)
    return {str(i): torch.stack(v).clamp(-most, most).half().numpy() for i, v in enumerate(found)}


def read_photographs(
    session: Session,
    root: Path,
    plan: Plan,
    photos: Sequence[str],
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Callable[[int, int], None] | None = None,
    elsewhere: Responder | None = None,
) -> Photographs:
    """Search photographs for each channel's strongest patches and write them, one file a channel.

    Raises:
        BadInput: None of the photographs can be read.
    """
    given = photos[0] if len(photos) == 1 else photos
    paths = photographs(given)
    found = strongest(
        session.engine,
        paths,
        plan.channels(),
        count=PATCHES,
        max_pixels=max_pixels,
        progress=progress,
        runtime=session.runtime,
        elsewhere=elsewhere,
    )
    digests = [sha256_of(path) for path in found.photos]
    for layer, units in plan.layers.items():
        patches = found.patches[layer]
        file = root / "data" / f"patches-{plan.folders[layer]}.safetensors"
        key = _key(session.net, plan, [layer, *digests])
        there = all((root / unit.patches).is_file() for unit in units)
        if there and _kept(file, key) is not None:
            continue
        _write_patches(root, units, patches, max_pixels)
        _keep(file, key, {"responses": found.responses[layer]})
    return Photographs(found.patches, found.responses, found.failed)


def _write_patches(
    root: Path, units: Sequence[Unit], patches: Mapping[int, tuple[Patch, ...]], max_pixels: int
) -> None:
    """For each unit one picture of its patches, row by row; white where there are fewer."""
    flat = [(unit, place, p) for unit in units for place, p in enumerate(patches[unit.index])]
    sheets = {unit: _blank(len(patches[unit.index])) for unit in units}
    for index, picture in cut([patch for _, _, patch in flat], side=PATCH_SIDE, max_pixels=max_pixels):
        unit, place, _ = flat[index]
        top, left = (PATCH_SIDE * k for k in divmod(place, COLUMNS))
        sheets[unit][top : top + PATCH_SIDE, left : left + PATCH_SIDE] = np.rint(picture.pixels * 255)
    for unit, sheet in sheets.items():
        (root / unit.patches).parent.mkdir(parents=True, exist_ok=True)
        pixels = sheet.astype(np.float32) / np.float32(255)
        data = encode(Picture(pixels), "webp", quality=PATCH_QUALITY)
        write_whole(data, root / unit.patches, overwrite=True)


def _blank(count: int) -> NDArray[np.uint8]:
    rows = -(-count // COLUMNS)
    return np.full((rows * PATCH_SIDE, min(count, COLUMNS) * PATCH_SIDE, 3), 255, np.uint8)


def alike(vectors: NDArray[Any], *, centre: bool) -> Floats:
    """Cosine of each pair of rows (N, K) -> (N, N), of rows less their mean with ``centre``: a correlation.

    A row without length is like none. What cannot be said is 0.
    """
    rows = np.asarray(vectors, np.float64)
    if centre:
        rows = rows - rows.mean(1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-9)
    found: Floats = (rows @ rows.T).astype(np.float32)
    return found


def nearest(
    row: NDArray[Any], count: int, *, without: int | None = None, least: float = 0.0
) -> list[tuple[int, float]]:
    """The values of a row above ``least``, (index, value), largest first and of equals the first."""
    order = np.argsort(-row, kind="stable")
    found = ((int(i), float(row[i])) for i in order if i != without and row[i] > least)
    return [pair for pair, _ in zip(found, range(count), strict=False)]


def correlations(responses: Floats) -> Floats | None:
    """How alike channels answer to pictures: (pictures, channels) -> (channels, channels), or None if few."""
    return alike(responses.T, centre=True) if len(responses) >= FEWEST else None


def weights_of(net: Network, layer: str) -> Tensor | None:
    """The weights that make each channel of a layer, (channels, inputs), or None where there are none such.

    Those of the last convolution or matrix in the layer that has as many outputs. Where its result is added
    to what came before, as in a residual block, this is the layer's own part.
    """
    module = _module_of(net, layer)
    if module is None:
        return None
    count = net.layer(layer).channels
    for part in reversed(list(module.modules())):
        weight = getattr(part, "weight", None)
        if isinstance(weight, Tensor) and weight.ndim >= 2 and weight.shape[0] == count:
            return weight.detach().float().cpu().flatten(1)
    return None


def _module_of(net: Network, layer: str) -> nn.Module | None:
    stages = getattr(net.module, "stages", None)
    if isinstance(stages, nn.ModuleDict) and layer in stages:
        return stages[layer]
    if layer == LOGITS and isinstance(classify := getattr(net.module, "classify", None), nn.Module):
        return classify
    if layer == LOGITS:
        return net.module
    return dict(net.module.named_modules()).get(layer)


def _key(net: Network, plan: Plan, parts: Sequence[str]) -> str:
    """What a kept reading follows from."""
    document = [net.weights_sha256, plan.channels(), list(parts)]
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()


def _kept(file: Path, key: str) -> dict[str, NDArray[Any]] | None:
    """What was kept under a key, or None."""
    try:
        data = read_regular(file, most=LONGEST, within=file.parent)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return load(data) if header["__metadata__"]["key"] == key else None
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(file: Path, key: str, found: Mapping[str, NDArray[Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {name: np.ascontiguousarray(array) for name, array in found.items()}
    write_whole(save(whole, metadata={"key": key}), file, overwrite=True)
