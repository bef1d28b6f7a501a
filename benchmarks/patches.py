"""How much of the grid of patches is in a vision transformer's dream: ``python -m benchmarks.patches``.

The architecture is timm's, with random weights. What the dream adds to a photograph is looked at line by
line: the energy at multiples of one cycle a patch, as a part of that of the frequencies beside them (2 to 6
away).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.recipe.presets.preset import preset

#: The side of a patch in pixels, and how many multiples are looked at.
PATCH, MULTIPLES = 16, 7


def network(name: str) -> Network:
    """An architecture of timm with random weights, for pictures of any size."""
    import_module("support.torchvision_stub").importable()
    torch.manual_seed(0)
    module = import_module("timm").create_model(name, dynamic_img_size=True).eval()
    return wrap_net(module, mean=0.5, std=0.5)


def photograph(name: str, size: tuple[int, int]) -> NDArray[np.float32]:
    """One of scikit-image's, (H, W, 3), at (width, height)."""
    from skimage import data

    return np.asarray(Image.fromarray(getattr(data, name)()).resize(size), np.float32) / 255


def added(net: Network, layer: str, photo: NDArray[np.float32], steps: int, seed: int = 0) -> Any:
    """What a dream adds to a photograph, (H, W, 3)."""
    recipe = preset("reverie", objective=[layer], octaves=1, steps=[steps], seed=seed)
    made = render(recipe, torch.from_numpy(photo).permute(2, 0, 1), session=Session(recipe, net=net))
    return made.pixels - photo


def loudness(pixels: NDArray[np.float32], axis: int) -> list[float]:
    """Of each multiple, along rows (1) or columns (0)."""
    lines = pixels if axis == 1 else pixels.transpose(1, 0, 2)
    length = lines.shape[1] // PATCH * PATCH
    lines = (lines[:, :length] - lines.mean(1, keepdims=True)) * np.hanning(length)[None, :, None]
    power = (np.abs(np.fft.rfft(lines, axis=1)) ** 2).mean((0, 2))
    found = []
    for place in range(length // PATCH, MULTIPLES * length // PATCH + 1, length // PATCH):
        beside = np.r_[power[place - 6 : place - 1], power[place + 2 : place + 7]].mean()
        found.append(float(power[place - 1 : place + 2].mean() / beside))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patches", description=__doc__)
    parser.add_argument("photos", nargs="*", default=["chelsea", "coffee"], help="names of scikit-image's")
    parser.add_argument("--network", default="vit_small_patch16_224")
    parser.add_argument("--layer", default="blocks.7")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 427), metavar=("W", "H"))
    parser.add_argument("--steps", type=int, default=12)
    given = parser.parse_args(arguments)
    sys.path.insert(0, str(Path("tests").resolve()))
    net = network(given.network)
    for name in given.photos:
        found = added(net, given.layer, photograph(name, tuple(given.size)), given.steps)
        for axis, way in ((1, "across"), (0, "down")):
            print(f"{name}, {way}: {', '.join(f'{one:.2f}' for one in loudness(found, axis))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
