"""Faces in a photograph, by the one unit of a network that sees them, so that nothing grows over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ascent.session import Session
from reverie.ops.filters import low_pass, resize

#: Short sides in pixels at which a picture is looked at.
LOOKED_AT: Final = (288, 400)
#: How softly what is spared ends, as a share of the short side.
SOFT: Final = 1 / 40


@dataclass(frozen=True)
class FaceUnit:
    """A channel that sees faces: from ``low`` on there may be one at a cell, from ``high`` on there is."""

    layer: str
    channel: int
    low: float
    high: float


#: Of networks whose unit is known. Lite0's is above 19 on 95 of the hundred small grey faces of
#: scikit-image's ``lfw_subset`` and on one of its hundred other pictures; 39 on the astronaut, up to 23 on
#: dogs and cats.
UNITS: Final = {"lite0": FaceUnit("block6d", 70, 20.0, 26.0)}


def free_of_faces(picture: Tensor, session: Session) -> Tensor | None:
    """Where a picture (1, C, H, W) shows no face, (1, 1, H, W) in [0, 1].

    None where there is none at all, or the network cannot tell.
    """
    unit = UNITS.get(session.net.name)
    if unit is None:
        return None
    height, width = picture.shape[2:]
    seen = picture.new_zeros(1, 1, height, width)
    for side in LOOKED_AT:
        factor = side / min(height, width)
        look = resize(picture, round(height * factor), round(width * factor)).clamp(0, 1)
        with session.turn:
            cells = session.engine.forward(look, [unit.layer])[unit.layer][:, unit.channel : unit.channel + 1]
        way = ((cells.float() - unit.low) / (unit.high - unit.low)).clamp(0, 1)
        around = F.max_pool2d(way, 3, stride=1, padding=1)  # a face is wider than the cell that tells of it
        seen = torch.maximum(seen, resize(around, height, width, plain=True))
    if float(seen.max()) == 0:
        return None
    return 1 - low_pass(seen, max(1.0, min(height, width) * SOFT)).clamp(0, 1)
