"""Heat maps over photographs: colours by strength, nothing where there is none, and frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reverie.media.picture.picture import Floats, Picture

#: Colours on the way from weak to strong, as sRGB: violet, magenta, orange, pale yellow.
WAY = ((0x2B, 0x0F, 0x6B), (0xB5, 0x1F, 0x82), (0xF8, 0x6B, 0x3A), (0xFF, 0xF4, 0xA8))
#: How many colours the ramp has.
COLOURS = 256
#: The most that a heat map covers of the photograph.
OPAQUE = 0.5
#: Up to this heat a map fades from nothing to its full cover.
FADES = 0.6
#: The photograph beneath keeps so much of its colours and of its brightness, so that the map's stand out.
COLOURED, BRIGHT = 0.7, 0.9
#: Sides in pixels under which a frame is drawn larger, so that it can be seen.
LEAST_FRAME = 7
#: Rounds in which discs with numbers push each other away.
ROUNDS = 60
#: Linear sRGB to the cones of OKLab, and those, as cube roots, to lightness and two axes of colour
#: (Ottosson 2020, "A perceptual color space for image processing").
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_AXES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours (..., 3), sRGB in [0, 1], as OKLab: equal distances look equally far apart."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float64] = np.cbrt(linear @ _CONES.T) @ _AXES.T
    return lab


def _from_oklab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = (lab @ np.linalg.inv(_AXES).T) ** 3 @ np.linalg.inv(_CONES).T
    linear = linear.clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def ramp() -> Floats:
    """The colours from weak to strong, (COLOURS, 3) sRGB, evenly spaced to the eye, ever lighter."""
    corners = oklab(np.array(WAY, np.float64) / 255)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    steps = np.linspace(0, along[-1], COLOURS)
    lab = np.stack([np.interp(steps, along, corners[:, axis]) for axis in range(3)], 1)
    return _from_oklab(lab).astype(np.float32)


def heat_map(picture: Picture, heat: Floats) -> Picture:
    """A heat map over a picture, which stays visible beneath it and is as it was, only paler, where none is.

    Args:
        picture: Of any number of channels; other than three are shown grey.
        heat: (H, W) in [0, 1], of the picture's size.
    """
    pixels = as_colours(picture).pixels
    grey = pixels.mean(2, keepdims=True)
    beneath = BRIGHT * (grey + COLOURED * (pixels - grey))
    colours = ramp()[np.rint(heat * (COLOURS - 1)).astype(np.intp)]
    share = np.clip(heat / FADES, 0, 1)
    cover = (OPAQUE * share * share * (3 - 2 * share))[..., None]
    return Picture((beneath + cover * (colours - beneath)).astype(np.float32))


def framed(
    picture: Picture, boxes: Sequence[tuple[float, float, float, float]], *, width: int = 2
) -> Picture:
    """A picture with thin frames, white in black, at (left, top, right, bottom) in its pixels.

    What lies beyond its edges is drawn at them.
    """
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    for left, top, right, bottom in boxes:
        grow = max(0.0, LEAST_FRAME - (right - left)) / 2
        x0, x1 = (min(max(x, 1), image.width - 2) for x in (left - grow, right + grow - 1))
        y0, y1 = (min(max(y, 1), image.height - 2) for y in (top - grow, bottom + grow - 1))
        if x1 - x0 > 2 and y1 - y0 > 2:
            draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=(0, 0, 0), width=width + 2)
            draw.rectangle((x0, y0, x1, y1), outline=(255, 255, 255), width=width)
    return of_image(image)


def numbered(picture: Picture, places: Sequence[tuple[float, float]]) -> Picture:
    """A picture with a small disc at each place (x, y), in its pixels, that bears its number, from 1 on.

    Discs that would cover each other are moved apart.
    """
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    radius = max(8.0, max(image.size) / 40)
    font = ImageFont.load_default(radius * 1.2)
    for number, (x, y) in enumerate(_moved_apart(places, radius, image.size), start=1):
        circle = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(circle, fill=(250, 249, 246), outline=(20, 20, 24), width=1)
        draw.text((x, y), str(number), (20, 20, 24), font, anchor="mm")
    return of_image(image)


def _moved_apart(
    places: Sequence[tuple[float, float]], radius: float, size: tuple[int, int]
) -> list[tuple[float, float]]:
    """Centres of discs inside a picture (width, height) that cover each other as little as there is room."""
    if not places:
        return []
    # Discs at the very same place begin a hair apart, each in another direction.
    angles = np.arange(len(places)) * 2.4
    centres = np.array(places, np.float64) + 0.01 * np.stack([np.cos(angles), np.sin(angles)], 1)
    for _ in range(ROUNDS):
        apart = centres[:, None] - centres[None]
        far = np.linalg.norm(apart, axis=2) + np.eye(len(places)) * 1e9
        push = np.maximum(0, 2 * radius - far) / 2
        centres += (apart / far[..., None] * push[..., None]).sum(1)
        centres = centres.clip(radius, np.maximum(np.array(size) - radius, radius))
    return [(float(x), float(y)) for x, y in centres]


def as_colours(picture: Picture) -> Picture:
    """A picture with three channels and nothing else; of another count of them it is grey."""
    if picture.pixels.shape[2] == 3:
        return Picture(picture.pixels)
    return Picture(np.repeat(picture.pixels.mean(2, keepdims=True), 3, axis=2))


def to_image(picture: Picture) -> Image.Image:
    """A picture as Pillow's, in 8 bits and three channels."""
    return Image.fromarray(np.rint(np.clip(as_colours(picture).pixels, 0, 1) * 255).astype(np.uint8))


def of_image(image: Image.Image) -> Picture:
    """Pillow's picture as one of ours."""
    return Picture(np.asarray(image.convert("RGB")).astype(np.float32) / np.float32(255))
