"""How much of the grid of patches is in a vision transformer's dream: ``python -m benchmarks.patches``.

The architecture is timm's, with random weights. What the dream adds to a photograph is looked at line by
line: the energy at multiples of one cycle a patch, as a part of that of the frequencies beside them (2 to 6
away). What chance does is seen in the same ratio at frequencies that are far from any multiple, and in how
far dreams of several photographs and seeds lie apart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import product
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
#: What lies so near a multiple, in frequencies, may be of the grid.
CLEAR = 8


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


def spectrum(pixels: NDArray[np.float32], axis: int) -> tuple[NDArray[np.float32], int]:
    """Power along rows (1) or columns (0), and how many of its frequencies are one cycle a patch."""
    lines = pixels if axis == 1 else pixels.transpose(1, 0, 2)
    length = lines.shape[1] // PATCH * PATCH
    lines = (lines[:, :length] - lines.mean(1, keepdims=True)) * np.hanning(length)[None, :, None]
    return (np.abs(np.fft.rfft(lines, axis=1)) ** 2).mean((0, 2)), length // PATCH


def ratio(power: NDArray[np.float32], place: int) -> float:
    """Of the energy at a frequency to that of those beside it."""
    beside = np.r_[power[place - 6 : place - 1], power[place + 2 : place + 7]].mean()
    return float(power[place - 1 : place + 2].mean() / beside)


def loudness(pixels: NDArray[np.float32], axis: int) -> list[float]:
    """Of each multiple, along rows (1) or columns (0)."""
    power, patches = spectrum(pixels, axis)
    return [ratio(power, times * patches) for times in range(1, MULTIPLES + 1)]


def by_chance(pixels: NDArray[np.float32], axis: int) -> list[float]:
    """The same of every frequency from half a cycle a patch on whose neighbours are far from any multiple."""
    power, patches = spectrum(pixels, axis)
    places = range(patches // 2, MULTIPLES * patches + 1)
    return [ratio(power, place) for place in places if min(place % patches, -place % patches) > CLEAR]


def summary(ratios: Sequence[Sequence[float]]) -> str:
    """The mean over dreams of each multiple, and its standard error."""
    found = np.array(ratios)
    errors = found.std(0, ddof=1) / len(found) ** 0.5 if len(found) > 1 else np.full(found.shape[1], np.nan)
    return ", ".join(f"{mean:.2f} ± {error:.2f}" for mean, error in zip(found.mean(0), errors, strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patches", description=__doc__)
    parser.add_argument("photos", nargs="*", default=["chelsea", "coffee"], help="names of scikit-image's")
    parser.add_argument("--network", default="vit_small_patch16_224")
    parser.add_argument("--layer", default="blocks.7")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 427), metavar=("W", "H"))
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=1, help="dreams of each photograph")
    given = parser.parse_args(arguments)
    sys.path.insert(0, str(Path("tests").resolve()))
    net = network(given.network)
    all_of: dict[str, list[list[float]]] = {"across": [], "down": []}
    for name, seed in product(given.photos, range(given.seeds)):
        found = added(net, given.layer, photograph(name, tuple(given.size)), given.steps, seed)
        for way, axis in (("across", 1), ("down", 0)):
            all_of[way].append(loudness(found, axis))
            chance = by_chance(found, axis)
            words = ", ".join(f"{one:.2f}" for one in all_of[way][-1])
            print(
                f"{name}, seed {seed}, {way}: {words}; elsewhere {np.mean(chance):.2f}, "
                f"deviation {np.std(chance):.2f}",
                flush=True,
            )
    for way, ratios in all_of.items():
        print(f"mean of {len(ratios)}, {way}: {summary(ratios)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
