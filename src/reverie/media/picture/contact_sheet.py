"""Contact sheets: labelled pictures side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reverie.media.picture import Picture
from reverie.media.picture.picture import no_larger

PAPER = (250, 249, 246)
INK = (32, 32, 36)
FAINT = (120, 120, 126)


def contact_sheet(
    cells: Sequence[tuple[str, str, Picture]],
    *,
    side: int = 320,
    columns: int | None = None,
    gap: int = 12,
) -> Picture:
    """One picture of many, each with a name and a few words under it.

    Args:
        cells: (name, words, picture) each; pictures are made no larger than ``side``.
        side: Longest side of a cell's picture in pixels.
        columns: How many beside each other; as many as make the sheet a little wider than high if None.
        gap: Pixels between cells.
    """
    pictures = [no_larger(picture, side) for _, _, picture in cells]
    side = max(max(p.size) for p in pictures)
    width = max(p.size[0] for p in pictures)
    height = max(p.size[1] for p in pictures)
    bold, small = ImageFont.load_default(max(12, side // 18)), ImageFont.load_default(max(10, side // 24))
    text = round(3.4 * max(12, side // 18))
    if columns is None:
        columns = max(1, min(len(cells), round(math.sqrt(1.4 * len(cells) * (height + text) / width))))
    rows = math.ceil(len(cells) / columns)
    size = (columns * (width + gap) + gap, rows * (height + text + gap) + gap)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, ((name, words, _), picture) in enumerate(zip(cells, pictures, strict=True)):
        left = gap + index % columns * (width + gap)
        top = gap + index // columns * (height + text + gap)
        bits = np.rint(np.clip(picture.pixels, 0, 1) * 255).astype(np.uint8)
        sheet.paste(Image.fromarray(bits), (left, top + height - picture.size[1]))
        draw.text((left, top + height + 4), _fitted(name, bold, width), INK, bold)
        below = top + height + 6 + round(1.3 * max(12, side // 18))
        draw.text((left, below), _fitted(words, small, width), FAINT, small)
    return Picture(np.asarray(sheet).astype(np.float32) / np.float32(255))


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, cut so that it is no wider than a cell."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
