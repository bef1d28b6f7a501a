"""Faces are found and spared: softly, several of them, beside what a mask says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.deepdream.spared import ABOVE, ENDED, HIGH, SHORT, WHOLE, WIDE, free_of_faces, heads, spared
from reverie.errors import UsageError
from reverie.media.picture import Picture
from reverie.network.faces import Face
from reverie.process.notices import collect_warnings
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe, make, read
from support import twins
from support.apparitions import gradients, small
from support.microscope import lite0

FACES = [
    Face((60, 30, 100, 80), (80, 48), (80, 66), 1.0),
    Face((10, 60, 40, 90), (20, 70), (30, 80), 0.99),  # tilted
    Face((130, 20, 150, 60), (140, 39), (140, 40), 0.98),  # seen from above: eyes and mouth are near
]


def head(face: Face, x: float, y: float) -> float:
    """How much of a head is at a place."""
    right, down = face.mouth[0] - face.eyes[0], face.mouth[1] - face.eyes[1]
    unit = max(math.hypot(right, down), SHORT * (face.box[3] - face.box[1]))
    angle = math.atan2(right, down)
    x, y = x - face.eyes[0], y - face.eyes[1]
    across, along = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
    away = math.hypot(across / (WIDE * unit), (along + ABOVE * unit) / (HIGH * unit))
    way = min(1.0, max(0.0, (ENDED - away) / (ENDED - WHOLE)))
    return way * way * (3 - 2 * way)


@pytest.mark.parametrize("size", [(50, 80), (100, 160), (37, 41)])
def test_heads_are_soft_ellipses(size: tuple[int, int]) -> None:
    found = heads(FACES, (100, 160), size)[0, 0].numpy()
    expected: NDArray[np.float64] = np.zeros(size)
    for row in range(size[0]):
        for column in range(size[1]):
            x, y = (column + 0.5) * 160 / size[1], (row + 0.5) * 100 / size[0]
            expected[row, column] = max(head(face, x, y) for face in FACES)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.min() == 0
    assert found.max() == 1


def astronaut(side: int = 200) -> torch.Tensor:
    return twins.photo("astronaut", side, side)


@pytest.mark.slow
def test_a_face_is_taken_from_the_mask() -> None:
    source, recipe = astronaut(), make(spare="faces", spared=0.8)
    free = spared(source, recipe, None, "a.png")
    assert free is not None
    assert free.shape == (1, 1, 200, 200)
    assert float(free[0, 0, 45, 88]) == pytest.approx(0.2, abs=1e-6)  # her nose
    assert float(free[0, 0, 10, 88]) < 0.35  # her hair
    assert float(free[0, 0, 150, 60]) == 1
    mask = torch.rand(1, 1, 31, 47)
    own = torch.nn.functional.interpolate(mask, (200, 200), mode="bilinear", align_corners=False)
    both = spared(source, recipe, mask, "a.png")
    assert both is not None
    torch.testing.assert_close(both, free * own)
    fine = torch.zeros(1, 1, 250, 250)
    fine[..., 125:] = 1
    both = spared(source, recipe, fine, "a.png")
    assert both is not None
    assert both.shape == fine.shape
    assert bool((both[..., :125] == 0).all())
    assert float(both[..., 125:].min()) < 0.5 < float(both[..., 240:].min())


def test_where_there_is_no_face_it_says_so() -> None:
    mask, source = torch.rand(1, 1, 8, 8), twins.photo("coffee", 120, 180)
    with collect_warnings() as said:
        assert spared(source, make(spare="faces"), mask, "cup.png") is mask
        assert spared(source[:, :1], make(spare="faces"), None, "grey.png") is None
        assert spared(source, make(), mask, "cup.png") is mask
    assert len(said) == 2
    assert said[0].startswith("cup.png: no face was found in it, so none is spared")


@pytest.mark.slow
def test_a_face_stays_and_the_rest_dreams() -> None:
    settings: dict[str, Any] = {"steps": (4,), "smallest": 64}
    picture = Picture(astronaut()[0].permute(1, 2, 0).contiguous().numpy())
    session = Session(preset("gentle", **settings), net=lite0())
    found = render(preset("gentle", **settings), picture, session=session)
    change = np.abs(found.pixels - picture.pixels).mean(2)
    assert change[28:66, 78:98].max() < 1e-6  # forehead to chin
    assert change[100:, :].mean() > 0.02
    sky = render(preset("gentle", start="clouds", size=(96, 64), **settings), session=session)
    assert sky.size == (96, 64)  # from nothing there is nothing to spare


def test_it_is_written_and_read() -> None:
    recipe = preset("gentle", spared=0.7)
    assert (recipe.spare, recipe.spared) == ("faces", 0.7)
    assert read(recipe.model_dump(mode="json"), "d.png") == recipe
    assert Recipe().spare == "nothing"
    for way in ("zoom", "film", "portrait"):
        with pytest.raises(
            UsageError, match=rf"^spare: faces are spared in plain dreams, and this has settings of {way}"
        ):
            make(spare="faces", **{way: {}})


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(small())


def photograph(name: str) -> torch.Tensor:
    data = pytest.importorskip("skimage.data")
    return torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255


def test_a_face_is_found_where_it_is(session: Session) -> None:
    free = free_of_faces(photograph("astronaut"), session)
    assert free is not None
    height, width = free.shape[2:]
    assert free.shape == (1, 1, 512, 512)
    assert free[0, 0, 110, 225] < 0.1  # between mouth and eyes
    assert free[0, 0, height * 2 // 3 :].min() > 0.9  # suit and helmet
    assert free[0, 0, :, : width // 6].min() > 0.9  # the flag


def test_what_has_no_face_is_free(session: Session) -> None:
    assert free_of_faces(photograph("coffee"), session) is None
    assert free_of_faces(gradients(64, 96), session) is None


@pytest.mark.slow
def test_nothing_grows_over_a_face(session: Session) -> None:
    photo = photograph("astronaut")[0, :, :256, 100:356]
    settings = {"count": 6, "drafts": 1}
    face = (slice(90, 130), slice(105, 145))
    changed = {}
    for spare in (True, False):
        recipe = small("castle", octaves=1, steps=(3,), sites={**settings, "spare_faces": spare})
        made = render(recipe, photo, session=session).pixels
        changed[spare] = float(np.abs(made - photo.permute(1, 2, 0).numpy())[face].mean())
    assert changed[True] < 0.2 * changed[False]
