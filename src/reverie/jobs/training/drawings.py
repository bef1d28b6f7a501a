"""How a training went, as pictures: the learning curve, and who was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from reverie.media.picture import Picture
from reverie.media.picture.contact_sheet import FAINT, INK, PAPER, fitted
from reverie.train.fit import Round

#: The colour of what counts, and that of what is only compared with it.
STRONG, GENTLE = (181, 31, 130), (150, 150, 158)
GRID: Final = (226, 224, 218)
#: Width and height of the curve's picture, and its borders: left, top, right, bottom.
CURVE, BORDERS = (960, 540), (70, 50, 40, 60)
#: Side of a cell of the table, and room for names, in pixels; so many kinds are shown at most.
CELL, NAMES, MOST_KINDS = 44, 150, 40


def learning_curve(history: Sequence[Round], best: Round) -> Picture:
    """Held-out accuracy and the loss of the batches over the steps; the round that was kept is marked."""
    sheet = Image.new("RGB", CURVE, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    left, top = BORDERS[0], BORDERS[1]
    right, bottom = CURVE[0] - BORDERS[2], CURVE[1] - BORDERS[3]
    last, most = history[-1].step, max(one.loss for one in history) or 1.0

    def place(step: int, share: float) -> tuple[float, float]:
        return left + (right - left) * step / last, bottom - (bottom - top) * share

    for tenth in range(0, 11, 2):
        y = place(0, tenth / 10)[1]
        draw.line((left, y, right, y), GRID)
        draw.text((left - 8, y), f"{10 * tenth} %", FAINT, font, anchor="rm")
    for quarter in range(5):
        draw.text((place(last * quarter // 4, 0)[0], bottom + 8), str(last * quarter // 4), FAINT, font, "ma")
    loss = [place(one.step, 0.95 * one.loss / most) for one in history]
    accuracy = [place(one.step, one.accuracy) for one in history]
    draw.line(loss, GENTLE, 2, joint="curve")
    draw.line(accuracy, STRONG, 3, joint="curve")
    x, y = place(best.step, best.accuracy)
    draw.ellipse((x - 6, y - 6, x + 6, y + 6), STRONG)
    draw.text((left, 16), f"held-out accuracy: {best.accuracy:.1%} at step {best.step}", STRONG, font)
    draw.text((right, 16), f"loss of the batches (highest {most:.2f})", GENTLE, font, anchor="ra")
    draw.text(((left + right) / 2, CURVE[1] - 12), "steps", FAINT, font, anchor="mb")
    return _picture(sheet)


def confusion_table(kinds: Sequence[str], counts: Tensor) -> Picture:
    """How many held-out pictures of each kind, in rows, are called what, in columns.

    Args:
        kinds: Their names.
        counts: (kinds, kinds) whole numbers. Of many kinds the first ``MOST_KINDS`` are shown.
    """
    shown = list(kinds)[:MOST_KINDS]
    side, font, small = CELL * len(shown), ImageFont.load_default(15), ImageFont.load_default(13)
    words = "rows: what it is; columns: what it is called"
    wide = max(NAMES + side, NAMES + round(small.getlength(words)))
    sheet = Image.new("RGB", (wide + 20, NAMES + side + 46), PAPER)
    draw = ImageDraw.Draw(sheet)
    for i, name in enumerate(shown):
        middle = CELL * i + CELL // 2
        draw.text((NAMES - 10, NAMES + middle), fitted(name, font, NAMES - 20), INK, font, anchor="rm")
        _upright(sheet, fitted(name, font, NAMES - 20), (NAMES + middle, NAMES - 8), font)
        total = max(1, int(counts[i].sum()))
        for j in range(len(shown)):
            count = int(counts[i, j])
            box = (NAMES + CELL * j, NAMES + CELL * i)
            colour = _tinted(STRONG if i == j else INK, count / total)
            draw.rectangle((*box, box[0] + CELL - 2, box[1] + CELL - 2), colour)
            if count:
                ink = PAPER if count / total > 0.5 else INK
                draw.text((box[0] + CELL // 2, box[1] + CELL // 2), str(count), ink, small, anchor="mm")
    draw.text((NAMES, NAMES + side + 16), words, FAINT, small)
    return _picture(sheet)


def _tinted(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """From the table's ground to a colour."""
    red, green, blue = (round(g + (c - g) * share) for g, c in zip(GRID, colour, strict=True))
    return red, green, blue


def _upright(
    sheet: Image.Image, text: str, foot: tuple[int, int], font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    """Write upwards from a point."""
    width = max(1, round(font.getlength(text)))
    line = Image.new("RGB", (width + 2, 20), PAPER)
    ImageDraw.Draw(line).text((0, 10), text, INK, font, anchor="lm")
    turned = line.transpose(Image.Transpose.ROTATE_90)
    sheet.paste(turned, (foot[0] - 10, foot[1] - turned.height))


def _picture(sheet: Image.Image) -> Picture:
    return Picture(np.asarray(sheet).astype(np.float32) / np.float32(255))
