"""Whole samples with their colour profile, as float sRGB; a profile that cannot be used is said."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reverie.media.picture.colour_profile import Floats, ProfileError, to_srgb, to_srgb_deep
from reverie.process.notices import warn


def unit(array: NDArray[Any]) -> Floats:
    """Integers -> float32 in [0, 1]; rounding the product takes every value back exactly."""
    out: Floats = array.astype(np.float32)
    out /= np.float32(np.iinfo(array.dtype).max)
    return out


def shallow_to_srgb(image: Image.Image, icc: bytes, name: str) -> Floats:
    """An 8-bit image (L, RGB or CMYK) as (H, W, 3) in [0, 1].

    Args:
        image: The colours without their transparency.
        icc: The file's colour profile, or nothing.
        name: What to call the file in a warning.
    """
    if icc:
        try:
            image = to_srgb(image, icc)
        except ProfileError as error:
            warn(f"{name}: its colour profile is ignored ({error}); colours may be off")
    return unit(np.asarray(image if image.mode == "RGB" else image.convert("RGB")))


def deep_to_srgb(deep: NDArray[np.uint16], icc: bytes, name: str) -> Floats:
    """A 16-bit picture (H, W) or (H, W, 3) as (H, W, 3) in [0, 1]; arguments as `shallow_to_srgb`."""
    pixels: Floats | None = None
    if icc:
        try:
            pixels = to_srgb_deep(deep, icc)
        except ProfileError as error:
            pixels = _at_8_bits(deep, icc, name, error)
    if pixels is None:
        pixels = unit(deep)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return pixels


def _at_8_bits(deep: NDArray[np.uint16], icc: bytes, name: str, error: ProfileError) -> Floats | None:
    """A deep picture of a profile that only LittleCMS can apply, at 8 bits."""
    image = Image.fromarray(eight_bits(deep))
    try:
        image = to_srgb(image, icc)
    except ProfileError:
        warn(f"{name}: its colour profile is ignored ({error}); colours may be off")
        return None
    warn(f"{name}: its colour profile is of a kind that is applied at 8 bits a channel")
    return unit(np.asarray(image))


def eight_bits(deep: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16 bits -> 8, rounded."""
    return (deep / np.float32(257) + np.float32(0.5)).astype(np.uint8)
