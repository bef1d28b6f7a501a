"""The photographs that portraits are measured beside: scikit-image's, details and crops of them."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

PHOTOGRAPHS = (
    *("astronaut", "chelsea", "coffee", "rocket", "motorcycle", "camera", "coins", "retina", "hubble"),
    *("grass", "gravel", "brick", "ihc", "moon"),
)
#: Further photographs: name and the box that is cut out, as shares of its sides.
DETAILS = (
    ("astronaut", (0.2, 0.0, 0.7, 0.5)),
    ("astronaut", (0.5, 0.2, 1.0, 0.7)),
    ("chelsea", (0.1, 0.1, 0.7, 0.9)),
    ("coffee", (0.3, 0.2, 0.8, 0.9)),
    ("motorcycle", (0.3, 0.3, 0.9, 0.9)),
    ("rocket", (0.3, 0.1, 0.7, 0.7)),
)


def photograph(name: str) -> Image.Image:
    """One of scikit-image's."""
    import skimage.data as data

    if name == "motorcycle":
        return Image.fromarray(data.stereo_motorcycle()[0])
    maker = {"ihc": "immunohistochemistry", "hubble": "hubble_deep_field"}.get(name, name)
    return Image.fromarray(getattr(data, maker)()).convert("RGB")


def photographs() -> list[tuple[str, Image.Image]]:
    """Twenty photographs and what they are called."""
    found = [(name, photograph(name)) for name in PHOTOGRAPHS]
    for k, (name, box) in enumerate(DETAILS):
        whole = photograph(name)
        sides = (whole.width, whole.height) * 2
        corner = tuple(round(share * side) for share, side in zip(box, sides, strict=True))
        found.append((f"{name}-detail{k}", whole.crop(corner)))
    return found


def crops(count: int, side: int = 224, seed: int = 0) -> Tensor:
    """Square parts of the photographs, (count, 3, side, side), of a quarter to all of their shorter side."""
    rng = np.random.default_rng(seed)
    photos = [image for _, image in photographs()[: len(PHOTOGRAPHS)]]
    made = []
    for k in range(count):
        image = photos[k % len(photos)]
        length = round(min(image.size) * float(rng.uniform(0.25, 1)))
        left, top = (int(rng.integers(0, s - length + 1)) for s in image.size)
        part = image.crop((left, top, left + length, top + length)).resize((side, side), Image.BICUBIC)
        made.append(torch.from_numpy(np.array(part)).permute(2, 0, 1))
    return torch.stack(made).float() / 255
