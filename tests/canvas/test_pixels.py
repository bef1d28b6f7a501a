"""Plain pixels as a canvas."""

from __future__ import annotations

import pytest
import torch

from support.canvases import canvas, noise


def test_pixels_start_grey_or_about_a_level_of_each_channel():
    assert torch.equal(canvas("pixels", spread=0.0).picture(), torch.full((1, 3, 16, 24), 0.5))
    tinted = canvas("pixels", (90, 90), grey=(0.2, 0.5, 0.7), spread=8 / 255)
    picture = tinted.picture().detach()
    torch.testing.assert_close(picture.mean((0, 2, 3)), torch.tensor([0.2, 0.5, 0.7]), atol=2e-3, rtol=0)
    assert float(picture.std((2, 3)).mean()) == pytest.approx(8 / 255, rel=0.05)
    sigmoid = canvas("pixels", (90, 90), squash="sigmoid", spread=0.05).picture().detach()
    assert float(sigmoid.std()) == pytest.approx(0.05, rel=0.05)


def test_pixels_that_went_too_far_are_brought_back():
    made = canvas("pixels")
    (leaf,) = made.parameters()
    with torch.no_grad():
        leaf.add_(10 * noise(1, 3, 16, 24))
    shown = made.picture().detach()
    made.settle()
    assert torch.equal(leaf.detach(), shown)
