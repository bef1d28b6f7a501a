"""Colours of a file's ICC profile, brought to sRGB.

Eight bits go through LittleCMS (Pillow's ImageCms). It has no door for 16-bit RGB in Pillow, so the
profiles that such files really carry (three curves and a matrix: Adobe RGB, Display P3, ProPhoto;
or one curve for grey) are read here, as laid down in ICC.1:2022, 8.3.3, 8.4.3, 10.6 and 10.18.
"""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Floats = NDArray[np.float32]

# Linear sRGB -> XYZ of the D50 profile connection space (IEC 61966-2-1, adapted by Bradford).
_SRGB_TO_XYZ = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_ROWS = 256  # converted at a time, so that the temporaries stay small


class ProfileError(Exception):
    """The profile is broken, or belongs to another kind of picture."""


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """An 8-bit image (L, RGB or CMYK) of a profile as RGB in sRGB.

    Raises:
        ProfileError: The profile is broken or does not fit the image.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space) != image.mode:
            raise ProfileError(f"a {space} profile in a picture of mode {image.mode}")
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), image.mode, "RGB")
        if image.mode == "RGB" and _is_identity(transform):
            return image
        converted = ImageCms.applyTransform(image, transform)
    except (
        ImageCms.PyCMSError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        raise ProfileError(str(error) or type(error).__name__) from error
    if converted is None:
        raise ProfileError("it gives no picture")
    return converted


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform moves no colour by more than rounding; then it is better left out."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    moved = ImageCms.applyTransform(Image.fromarray(grid), transform)
    return moved is not None and int(np.abs(np.asarray(moved, int) - grid).max()) <= 1


def to_srgb_deep(pixels: NDArray[np.uint16], icc: bytes) -> Floats:
    """A 16-bit picture (H, W, 3) or (H, W) of a matrix or grey profile as float32 sRGB in [0, 1].

    Raises:
        ProfileError: The profile is broken, or of a kind with tables only.
    """
    try:
        tags = _tags(icc)
        space = icc[16:20].strip()
        if space == b"GRAY" and pixels.ndim == 2:
            curves, matrix = [_curve(tags[b"kTRC"])], np.eye(1)
        elif space == b"RGB" and pixels.ndim == 3:
            curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
            columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
            matrix = np.linalg.inv(_SRGB_TO_XYZ) @ np.stack(columns, axis=1)
        else:
            raise ProfileError("it does not fit the picture")
    except (KeyError, IndexError, struct.error, ValueError, OverflowError) as error:
        raise ProfileError(f"not a profile of curves and a matrix ({error!r})") from error
    full = pixels if pixels.ndim == 3 else pixels[..., None]
    if len(curves) == 3:
        steps = np.linspace(0, 65535, 9).astype(np.uint16)
        grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1)
        if np.abs(_apply(grid, curves, matrix) * 65535 - grid).max() <= 257:
            return full.astype(np.float32) / np.float32(65535)  # sRGB, but for its own rounding
    out = np.empty(full.shape, np.float32)
    for row in range(0, len(full), _ROWS):
        out[row : row + _ROWS] = _apply(full[row : row + _ROWS], curves, matrix)
    return out.reshape(pixels.shape)


def _apply(values: NDArray[np.uint16], curves: list[Floats], matrix: NDArray[np.float64]) -> Floats:
    linear = np.stack([curve[values[..., c]] for c, curve in enumerate(curves)], axis=-1)
    return encode_srgb(linear @ matrix.T.astype(np.float32))


def encode_srgb(linear: Floats) -> Floats:
    """Linear light -> sRGB, clipped to [0, 1] (IEC 61966-2-1)."""
    linear = np.clip(linear, 0.0, 1.0)
    curve = 1.055 * np.power(linear, 1 / 2.4) - 0.055
    encoded: Floats = np.where(linear <= 0.0031308, 12.92 * linear, curve).astype(np.float32)
    return encoded


def to_encoded_srgb(xyz: NDArray[np.float64]) -> Floats:
    """XYZ of the D50 white (..., 3), where white's Y is 1 -> sRGB, clipped to [0, 1]."""
    return encode_srgb((xyz @ np.linalg.inv(_SRGB_TO_XYZ).T).astype(np.float32))


def _tags(icc: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", icc, 128)
    tags = {}
    for index in range(min(count, 100)):
        name, at, length = struct.unpack_from(">4sII", icc, 132 + 12 * index)
        tags[name] = icc[at : at + length]
    return tags


def _xyz(tag: bytes) -> NDArray[np.float64]:
    if tag[:4] != b"XYZ ":
        raise ValueError("no XYZ value")
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Floats:
    """A tone curve, tabled for every 16-bit value."""
    x = np.linspace(0.0, 1.0, 65536)
    if tag[:4] == b"para":
        return np.clip(_parametric(tag, x), 0.0, 1.0).astype(np.float32)
    if tag[:4] != b"curv":
        raise ValueError("no tone curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return x.astype(np.float32)
    values = struct.unpack_from(f">{min(count, 65536)}H", tag, 12)
    if count == 1:
        table = np.power(x, values[0] / 256)
    else:
        table = np.interp(x, np.linspace(0.0, 1.0, len(values)), np.array(values) / 65535)
    return np.asarray(table, np.float32)


def _parametric(tag: bytes, x: NDArray[np.float64]) -> NDArray[np.float64]:
    kind = struct.unpack_from(">H", tag, 8)[0]
    wanted = (1, 3, 4, 5, 7)[kind]
    given = [value / 65536 for value in struct.unpack_from(f">{wanted}i", tag, 12)]
    if kind == 0:
        return np.asarray(np.power(x, given[0]))
    gamma, a, b = given[:3]
    above = np.power(np.maximum(a * x + b, 0.0), gamma)
    if kind in (1, 2):  # a straight floor, under the zero of the power
        offset = given[3] if kind == 2 else 0.0
        return np.asarray(np.where(a * x + b >= 0, above + offset, offset))
    slope, start = given[3:5]
    e, f = given[5:7] if kind == 4 else (0.0, 0.0)
    return np.asarray(np.where(x >= start, above + e, slope * x + f))
