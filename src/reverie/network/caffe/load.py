"""From the files of a Caffe network to one that dreams."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import nn

from reverie.errors import NetworkError
from reverie.network.caffe.layers import CaffeDescription, CaffeError
from reverie.network.caffe.module import CaffeNet
from reverie.network.caffe.prototxt import LONGEST, read_text
from reverie.network.caffe.wire import read_model
from reverie.network.class_names import imagenet
from reverie.network.loaded import Loaded, read_file

#: The longest ``.caffemodel``: protobuf has no longer messages.
MOST: Final = (1 << 31) - 1
#: What BVLC's networks take off pixels of 0 to 255, here in the order red, green, blue.
MEAN: Final = (123.0, 117.0, 104.0)


def load_caffe(weights: Path, prototxt: Path | None = None, *, expected: str | None = None) -> Loaded:
    """A network of Caffe: its layers from the ``.prototxt``, or else from the ``.caffemodel`` itself.

    The channels of the first layer are turned round, so that it takes red, green and blue as all others do.

    Args:
        weights: The ``.caffemodel``.
        prototxt: The text that describes it as it is used, which knows the size of its pictures.
        expected: The SHA-256 of the weights in hexadecimal, or None if any will do.

    Raises:
        NetworkError: A file cannot be read, has another hash, or is none of those; says why.
    """
    data = read_file(weights, MOST, ".caffemodel", expected)
    try:
        model = read_model(data)
    except CaffeError as error:
        raise NetworkError(f"weights {weights.name}: {error}; give a .caffemodel") from error
    described = model if prototxt is None else _described(prototxt)
    try:
        module = CaffeNet(described, {layer.name: layer.blobs for layer in model.layers if layer.blobs})
    except CaffeError as error:
        where = weights if prototxt is None else prototxt
        hint = "" if prototxt else "; give its deploy.prototxt too, as in #prototxt=deploy.prototxt"
        raise NetworkError(f"network {where.name}: {error}{hint}") from error
    return _loaded(module)


def _described(path: Path) -> CaffeDescription:
    text = read_file(path, LONGEST, ".prototxt").decode("utf-8", "replace")
    try:
        return read_text(text)
    except CaffeError as error:
        raise NetworkError(f"network {path.name}: {error}; give the .prototxt of this network") from error


def _loaded(module: CaffeNet) -> Loaded:
    channels = module.shape[0]
    if channels == 3:
        _turn_round(module)
    outputs = _outputs(module)
    return Loaded(
        module,
        mean=tuple(value / 255 for value in MEAN) if channels == 3 else (0.0,) * channels,
        std=(1 / 255,) * channels,
        channels=channels,
        classes=imagenet() if outputs == len(imagenet()) else None,
    )


def _turn_round(module: CaffeNet) -> None:
    """Let the module take red, green, blue: its first convolutions read the channels the other way round."""
    first = [step.part for step in module.steps if module.input in step.bottoms]
    parts = [module.get_submodule(part) if "." not in part else None for part in first]
    written = {top for step in module.steps for top in step.tops}
    plain = all(isinstance(p, nn.Conv2d) and p.groups == 1 and p.in_channels == 3 for p in parts)
    if plain and module.input not in written:
        with torch.no_grad():
            for part in parts:
                assert isinstance(part, nn.Conv2d)
                part.weight.copy_(part.weight.flip(1))
    else:
        module.register_forward_pre_hook(lambda _, given: (given[0].flip(1),))


def _outputs(module: CaffeNet) -> int | None:
    """How many classes its last layer tells apart, where that is fully connected or a convolution."""
    for step in reversed(module.steps):
        part = module.get_submodule(step.part)
        if isinstance(part, nn.Linear):
            return part.out_features
        if isinstance(part, nn.Conv2d):
            return part.out_channels
    return None
