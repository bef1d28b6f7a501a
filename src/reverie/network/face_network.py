"""``faces``: a network that has seen nothing but faces, and dreams of nothing else.

D. King's ``dlib_face_recognition_resnet_model_v1`` (2017, CC0): K. He et al.'s residual network of 34 layers,
"Deep Residual Learning for Image Recognition" (2015), with a few layers and half the filters left out, which
learned from three million photographs whose face is whose. It comes with the package
face-recognition-models, which is the extra ``face-network``.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.errors import NetworkError
from reverie.network.description import KINDS
from reverie.network.dlib_file import DlibError, DlibLayer, DlibNetwork, read_dlib
from reverie.network.loaded import Loaded, read_file

PACKAGE: Final = "face_recognition_models"
FILE: Final = "models/dlib_face_recognition_resnet_model_v1.dat"
SHA256: Final = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
#: The longest file, in bytes; the network's own has 22.5 million.
MOST: Final = 1 << 28
#: What the network divides pixels of 0 to 255 by, after their mean was taken off.
SCALE: Final = 256
#: A block of two convolutions, and one that halves its maps.
_PLAIN: Final = ("con_4", "affine_", "relu_", "con_4", "affine_", "add_prev_", "relu_")
_HALVING: Final = (*_PLAIN[:-2], "avg_pool_2", *_PLAIN[-2:])
_STEM: Final = ("con_4", "affine_", "relu_", "max_pool_2")
_HEAD: Final = ("avg_pool_2", "fc_2")


def load_faces(path: Path | None = None, *, expected: str | None = None) -> Loaded:
    """The network of faces.

    Args:
        path: A file of dlib's with a network of this kind; None takes the package's.
        expected: Its SHA-256 in hexadecimal, or None if any will do; of the package's it is known.

    Raises:
        NetworkError: It is not installed, cannot be read, has another hash, or is another network.
    """
    file = _packaged() if path is None else path
    data = read_file(file, MOST, ".dat file of dlib", expected or (SHA256 if path is None else None))
    try:
        found = read_dlib(data)
        module = FaceNetwork(found)
    except DlibError as error:
        raise NetworkError(f"weights {file.name}: {error}; give a network of faces of dlib's") from error
    return Loaded(
        module,
        mean=tuple(value / 255 for value in found.mean),
        std=SCALE / 255,
    )


def packaged_file() -> Path | None:
    """Where the package's file is, found without importing the package; None where it is not installed."""
    spec = find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        if Path(folder, FILE).is_file():
            return Path(folder, FILE)
    return None


def _packaged() -> Path:
    path = packaged_file()
    if path is None:
        raise NetworkError(f"network faces: its weights are not installed; {KINDS['faces'].install}")
    return path


class FaceNetwork(nn.Module):
    """Blocks ``block1a`` to ``block5a``, and what tells one face from another, ``descriptor`` (N, 128)."""

    def __init__(self, found: DlibNetwork) -> None:
        """Raises DlibError where the layers are those of another network."""
        super().__init__()
        layers = list(found.layers)
        conv, affine, _, pool = _taken(layers, _STEM)
        if list(pool.numbers.values()) != [3, 3, 2, 2, 0, 0]:
            raise DlibError("no network of faces: it pools in another way")
        self.stem = nn.Sequential(OrderedDict(conv=_convolution(conv, affine, 3), relu=nn.ReLU()))
        self.pool = nn.MaxPool2d(3, 2)
        channels, stage, place, names = conv.numbers["filters"], 1, 0, []
        while len(layers) > len(_HEAD):
            block = Residual(layers, channels)
            channels = block.conv2.out_channels
            stage, place = (stage + 1, 0) if block.halves else (stage, place)
            names.append(f"block{stage}{chr(ord('a') + place)}")
            self.add_module(names[-1], block)
            place += 1
        self.blocks = tuple(names)
        self.descriptor = _fully_connected(_taken(layers, _HEAD)[1], channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x))
        for name in self.blocks:
            x = self.get_submodule(name)(x)
        described: Tensor = self.descriptor(x.mean((2, 3)))
        return described


class Residual(nn.Module):
    """Two convolutions, and what came in added to them; maps of two sizes are added at their upper left."""

    def __init__(self, layers: list[DlibLayer], channels: int) -> None:
        """A block from the front of a list, which is taken off it.

        Args:
            layers: What is left of the network.
            channels: Of the maps that come in.

        Raises:
            DlibError: It does not begin with a block.
        """
        super().__init__()
        self.halves = [one.kind for one in layers[: len(_HALVING)]] == list(_HALVING)
        first, affine, _, second, its_affine, *_ = _taken(layers, _HALVING if self.halves else _PLAIN)
        self.conv1 = _convolution(first, affine, channels)
        self.conv2 = _convolution(second, its_affine, self.conv1.out_channels)
        if self.conv1.stride != ((2, 2) if self.halves else (1, 1)) or self.conv2.stride != (1, 1):
            raise DlibError("no network of faces: a block has other strides")
        more = self.conv2.out_channels - channels
        if more < 0 or (more and not self.halves):
            raise DlibError("no network of faces: a block has other channels than what it is added to")

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(x)))
        if self.halves:
            x = F.avg_pool2d(x, 2)
            down, across, more = (y.shape[side] - x.shape[side] for side in (2, 3, 1))
            x = F.pad(x, (0, max(0, across), 0, max(0, down), 0, more))
            y = F.pad(y, (0, max(0, -across), 0, max(0, -down)))
        return F.relu(x + y)


def _taken(layers: list[DlibLayer], kinds: tuple[str, ...]) -> list[DlibLayer]:
    """The first layers of a list, taken off it; DlibError where they are not of these kinds."""
    found = layers[: len(kinds)]
    if [one.kind for one in found] != list(kinds):
        raise DlibError("no network of faces: its layers follow each other in another order")
    del layers[: len(kinds)]
    return found


def _convolution(conv: DlibLayer, affine: DlibLayer, channels: int) -> nn.Conv2d:
    """A convolution of maps of so many channels, times and plus what the layer above it says."""
    given = conv.numbers
    filters, rows, columns = given["filters"], given["rows"], given["columns"]
    shape, pads = (filters, channels, rows, columns), (given["pad_down"], given["pad_across"])
    strides = given["down"], given["across"]
    if (
        not (1 <= min(rows, columns) <= max(rows, columns) <= 15)
        or not 1 <= min(strides) <= max(strides) <= 4
    ):
        raise DlibError("no network of faces: a window or a stride out of its range")
    if pads[0] >= rows or pads[1] >= columns:
        raise DlibError("no network of faces: a margin out of its range")
    weight, bias = _parts(conv, shape, (1, filters, 1, 1))
    factor, offset = (part.flatten() for part in _parts(affine, *((1, filters, 1, 1),) * 2))
    made = nn.Conv2d(channels, filters, (rows, columns), strides, pads, device="meta")
    made.weight = nn.Parameter(weight * factor[:, None, None, None])
    made.bias = nn.Parameter(bias.flatten() * factor + offset)
    return made


def _fully_connected(layer: DlibLayer, channels: int) -> nn.Linear:
    outputs = layer.numbers["outputs"]
    (weight,) = _parts(layer, (channels, outputs, 1, 1))
    made = nn.Linear(channels, outputs, bias=False, device="meta")
    made.weight = nn.Parameter(weight[:, :, 0, 0].T.contiguous())
    return made


def _parts(layer: DlibLayer, *shapes: tuple[int, ...]) -> Iterator[Tensor]:
    """The weights of a layer apart; DlibError where they are not of these shapes."""
    counts = [math.prod(shape) for shape in shapes]
    if layer.parts[: len(shapes)] != shapes or len(layer.weights) != sum(counts) or not sum(counts):
        raise DlibError(f"no network of faces: weights of another shape in a layer of the kind {layer.kind}")
    found = torch.split(torch.from_numpy(layer.weights), counts)
    return (part.reshape(shape) for part, shape in zip(found, shapes, strict=True))
