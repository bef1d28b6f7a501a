"""Films of several scenes: a part of a photograph that moves, and a cut to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Photographs of scikit-image whose parts are told apart as scenes.
SHOWN = ("astronaut", "coffee", "chelsea", "rocket", "astronaut")


def five_scenes(each: int, size: tuple[int, int] = (96, 64), blank: int = 0) -> list[NDArray[np.uint8]]:
    """Pictures (H, W, 3) of five scenes, each of so many frames, after some black ones."""
    import skimage.data

    width, height = size
    frames = [np.zeros((height, width, 3), np.uint8)] * blank
    for scene, name in enumerate(SHOWN):
        photo = Image.fromarray(getattr(skimage.data, name)())
        if scene == 4:
            photo = photo.rotate(180)
        photo = photo.resize((width + 2 * each, height + each))
        for k in range(each):
            frames.append(np.asarray(photo.crop((2 * k, k, 2 * k + width, k + height))))
    return frames
