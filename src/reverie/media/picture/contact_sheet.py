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
    letters: int | None = None,
    below: Sequence[str] = (),
) -> Picture:
    """One picture of many, each with a name and a few words under it.

    Args:
        cells: (name, words, picture) each; pictures are made no larger than ``side``.
        side: Longest side of a cell's picture in pixels.
        columns: How many beside each other; as many as make the sheet a little wider than high if None.
        gap: Pixels between cells.
        letters: Size of a name's letters in pixels; what suits the cells if None.
        below: Sentences under all of them, on as many lines as they need.
    """
    pictures = [no_larger(picture.in_colours(), side) for _, _, picture in cells]
    side = max(max(p.size) for p in pictures)
    width = max(p.size[0] for p in pictures)
    height = max(p.size[1] for p in pictures)
    below_it = max(10, side // 24 if letters is None else letters * 3 // 4)
    letters = letters or max(12, side // 18)
    bold, small = ImageFont.load_default(letters), ImageFont.load_default(below_it)
    text = round(3.4 * letters)
    if columns is None:
        columns = max(1, min(len(cells), round(math.sqrt(1.4 * len(cells) * (height + text) / width))))
    rows = math.ceil(len(cells) / columns)
    wide, high = columns * (width + gap) + gap, rows * (height + text + gap) + gap
    lines = [line for said in below for line in wrapped(said, small, wide - 2 * gap)]
    step = round(1.4 * below_it)
    sheet = Image.new("RGB", (wide, high + (len(lines) * step + gap if lines else 0)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, ((name, words, _), picture) in enumerate(zip(cells, pictures, strict=True)):
        left = gap + index % columns * (width + gap)
        top = gap + index // columns * (height + text + gap)
        bits = np.rint(np.clip(picture.pixels, 0, 1) * 255).astype(np.uint8)
        sheet.paste(
            Image.fromarray(bits[..., 0] if bits.shape[2] == 1 else bits),
            (left, top + height - picture.size[1]),
        )
        draw.text((left, top + height + 4), fitted(name, bold, width), INK, bold)
        under = top + height + 6 + round(1.3 * letters)
        draw.text((left, under), fitted(words, small, width), FAINT, small)
    for index, line in enumerate(lines):
        draw.text((gap, high + index * step), line, INK, small)
    return Picture(np.asarray(sheet).astype(np.float32) / np.float32(255))


def fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, cut so that it is no wider than a cell."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """The words of a text on lines no wider than that; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(fitted(word, font, width))
    return lines


def side_by_side(pictures: Sequence[Picture], gap: int = 6) -> Picture:
    """Pictures in a row on paper, their upper edges level."""
    pictures = [picture.in_colours() for picture in pictures]
    height = max(picture.size[1] for picture in pictures)
    paper = np.asarray(PAPER, np.float32) / np.float32(255)
    parts = []
    for index, picture in enumerate(pictures):
        width = picture.size[0] + (gap if index else 0)
        part = np.broadcast_to(paper, (height, width, 3)).copy()
        part[: picture.size[1], width - picture.size[0] :] = picture.pixels
        parts.append(part)
    return Picture(np.concatenate(parts, axis=1))


def bars(rows: Sequence[tuple[str, float]], side: int) -> Picture:
    """A square of that side in which shares (0 to 1) stand below each other, each with its name and a bar."""
    sheet = Image.new("RGB", (side, side), PAPER)
    draw = ImageDraw.Draw(sheet)
    step = side / max(5, len(rows))
    font = ImageFont.load_default(max(9, step * 0.36))
    for index, (name, share) in enumerate(rows):
        top, said = index * step, f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"
        room = side - font.getlength(said) - 6
        draw.text((0, top), fitted(name, font, round(room)), INK, font)
        draw.text((side, top), said, INK, font, anchor="ra")
        below = top + step * 0.56
        draw.rectangle((0, below, side - 1, below + step * 0.16), fill=(226, 224, 218))
        draw.rectangle((0, below, max(1.0, share * (side - 1)), below + step * 0.16), fill=(181, 31, 130))
    return Picture(np.asarray(sheet).astype(np.float32) / np.float32(255))
