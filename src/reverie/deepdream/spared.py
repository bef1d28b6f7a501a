"""What of a photograph is spared by a dream: faces. Who finds them is decided here.

Who asks for it (``spare``) must be able to rely on it: the networks of the extra ``faces`` find faces of
any size and tilt, and say where eyes and mouth are, so that hair is spared too. What appears at sites spares
them unasked: no extra may be needed for that, and the same recipe has to make the same picture whatever is
installed. There one unit of the network that dreams tells, which costs two looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from reverie.ascent.session import Session
from reverie.errors import NetworkError
from reverie.network.faces import Face, find_faces
from reverie.ops.filters import low_pass, resize
from reverie.process.notices import warn
from reverie.recipe.recipe import Recipe

#: A head is an ellipse. In lengths from the eyes to the mouth: how far above the eyes its middle is, half its
#: height, and half its width. Seen from above or below that length is short: at least a share of the face's.
ABOVE, HIGH, WIDE, SHORT = 0.1, 2.1, 1.65, 0.3
#: From the middle of the ellipse (0) to its edge (1): where sparing begins to end, and where it has ended.
WHOLE, ENDED = 0.95, 1.4
#: The longer side of the mask in pixels, where the user's own is no larger.
SIDE = 1024

#: Short sides in pixels at which a unit looks at a picture.
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


def spared(source: Tensor, recipe: Recipe, mask: Tensor | None, name: str) -> Tensor | None:
    """The mask of a dream, and what it spares.

    Args:
        source: What is dreamt on, (1, C, H, W) in [0, 1].
        recipe: Says what is spared, and how much of the dream is kept from it.
        mask: The user's own, (1, 1, h, w), white where it may dream.
        name: What is dreamt on, for what is said.

    Returns:
        (1, 1, h, w), or None where all may dream. That no face was found is warned of.

    Raises:
        NetworkError: What finds faces is not installed.
    """
    if recipe.spare == "nothing":
        return mask
    faces = find_faces(_pixels(source))
    if not faces:
        warn(f"{name}: no face was found in it, so none is spared; --mask keeps what you paint black")
        return mask
    height, width = source.shape[2:]
    factor = min(1.0, SIDE / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    if mask is not None and max(mask.shape[2:]) > max(size):
        size = mask.shape[2], mask.shape[3]
    free = (1 - recipe.spared * heads(faces, (height, width), size)).to(source.device)
    if mask is None:
        return free
    own = F.interpolate(mask, size, mode="bilinear", align_corners=False) if mask.shape[2:] != size else mask
    return free * own


def heads(faces: Sequence[Face], picture: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Where the heads of faces are: 1 within, 0 outside, soft in between; (1, 1, h, w).

    Args:
        faces: In pixels of the picture.
        picture: Its height and width.
        size: (h, w) of the result.
    """
    y = ((torch.arange(size[0]) + 0.5) * (picture[0] / size[0])).view(-1, 1)
    x = ((torch.arange(size[1]) + 0.5) * (picture[1] / size[1])).view(1, -1)
    found = torch.zeros(size)
    for face in faces:
        right, down = face.mouth[0] - face.eyes[0], face.mouth[1] - face.eyes[1]
        apart = max(math.hypot(right, down), 1e-6)
        unit = max(apart, SHORT * (face.box[3] - face.box[1]))
        right, down = right / apart, down / apart  # from the eyes to the mouth
        dx, dy = x - face.eyes[0] + ABOVE * unit * right, y - face.eyes[1] + ABOVE * unit * down
        along, across = (dx * right + dy * down) / (HIGH * unit), (dy * right - dx * down) / (WIDE * unit)
        way = ((ENDED - torch.sqrt(along**2 + across**2)) / (ENDED - WHOLE)).clamp(0, 1)
        found = torch.maximum(found, way * way * (3 - 2 * way))
    return found[None, None]


def free_of_faces(picture: Tensor, session: Session) -> Tensor | None:
    """Where a picture (1, C, H, W) shows no face, (1, 1, H, W) in [0, 1].

    None where there is none at all, or the network cannot tell.
    """
    unit = UNITS.get(session.net.name)
    if unit is None:
        return None
    height, width = picture.shape[2:]
    seen = picture.new_zeros(1, 1, height, width)
    for cells in _answers(unit, picture, session):
        way = ((cells - unit.low) / (unit.high - unit.low)).clamp(0, 1)
        around = F.max_pool2d(way, 3, stride=1, padding=1)  # a face is wider than the cell that tells of it
        seen = torch.maximum(seen, resize(around, height, width, plain=True))
    if float(seen.max()) == 0:
        return None
    return 1 - low_pass(seen, max(1.0, min(height, width) * SOFT)).clamp(0, 1)


def shows_a_face(picture: Tensor, session: Session) -> bool:
    """Whether a picture (1, C, H, W) in [0, 1] surely shows somebody's face; False where nobody can tell.

    The unit of the network that dreams tells, in two looks that cost less than a step each; a blurred cat is
    a face to one of them, never to both. Where the extra ``faces`` is here it has the last word.
    """
    unit, sure = UNITS.get(session.net.name), [0.0]
    if unit is not None:
        sure = [float(cells.max()) for cells in _answers(unit, picture, session)]
        if max(sure) < unit.low:
            return False
    try:
        return bool(find_faces(_pixels(picture)))
    except NetworkError:  # the extra is not here
        return unit is not None and min(sure) >= unit.high


def _answers(unit: FaceUnit, picture: Tensor, session: Session) -> Iterator[Tensor]:
    """What a unit says of a picture (1, C, H, W), (1, 1, h, w), at each size at which it looks."""
    height, width = picture.shape[2:]
    for side in LOOKED_AT:
        factor = side / min(height, width)
        look = resize(picture, round(height * factor), round(width * factor)).clamp(0, 1)
        with session.turn:
            cells = session.engine.forward(look, [unit.layer])[unit.layer]
        yield cells[:, unit.channel : unit.channel + 1].float()


def _pixels(picture: Tensor) -> NDArray[np.float32]:
    """A picture (1, C, H, W) as colours, (H, W, 3)."""
    colours = picture[0].expand(3, -1, -1) if picture.shape[1] == 1 else picture[0, :3]
    return np.ascontiguousarray(colours.permute(1, 2, 0).cpu().numpy())
