"""Faces are found and spared, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.api import render
from reverie.apparition.faces import free_of_faces
from reverie.ascent.session import Session
from support.apparitions import gradients, small

data = pytest.importorskip("skimage.data")


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(small())


def photograph(name: str) -> torch.Tensor:
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
