"""Colours of portraits against NumPy: lucid's matrix, there and back, and the ends of the range."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.canvas.colour_space import Tone, clipped, mixing
from support import twins

#: lucid's, typed in again.
ROOT = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
LARGEST = max(np.sqrt((ROOT[:, k] ** 2).sum()) for k in range(3))


def values(seed: int = 3) -> torch.Tensor:
    return torch.randn(3, 9, 13, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("saturation", [1.0, 0.3, 2.0])
def test_the_matrix_is_lucids(saturation):
    matrix = mixing(3, saturation=saturation, dtype=torch.float64)
    assert matrix is not None
    np.testing.assert_allclose(matrix.numpy(), ROOT / LARGEST * [1, saturation, saturation], atol=1e-15)
    # The figures that Xplique and Horama print, transposed.
    np.testing.assert_allclose(mixing(3)[:, 0], [0.56282854, 0.58447580, 0.58447580], atol=1e-7)


@pytest.mark.parametrize("squash", ["sigmoid", "clip"])
def test_a_picture_is_numpys(squash):
    tone = Tone(3, saturation=0.8, contrast=1.7, squash=squash, dtype=torch.float64)
    given = values()
    mixed = np.einsum("ij,jhw->ihw", ROOT / LARGEST * [1, 0.8, 0.8], given.numpy()) * 1.7
    wanted = 1 / (1 + np.exp(-mixed)) if squash == "sigmoid" else np.clip(0.5 + mixed / 4, 0, 1)
    np.testing.assert_allclose(tone.picture(given).numpy(), wanted, atol=1e-14)


@pytest.mark.parametrize("squash", ["sigmoid", "clip"])
@pytest.mark.parametrize("colour", ["decorrelated", "rgb"])
@pytest.mark.parametrize("contrast", [1.0, 0.4])
def test_there_and_back(squash, colour, contrast):
    photo = twins.photo("coffee", 20, 30)[0].double().clamp(0.01, 0.99)
    tone = Tone(3, colour=colour, contrast=contrast, squash=squash, dtype=torch.float64)
    torch.testing.assert_close(tone.picture(tone.values(photo)), photo, atol=1e-12, rtol=0)


def test_black_and_white_are_within_half_a_level():
    ends = torch.tensor([0.0, 1.0]).view(1, 1, 2).expand(3, -1, -1)
    tone = Tone(3)
    assert bool(tone.values(ends).isfinite().all())
    assert float((tone.picture(tone.values(ends)) - ends).abs().max()) <= 0.51 / 255


def test_without_saturation_a_picture_is_grey_and_can_be_fitted():
    tone = Tone(3, saturation=0.0, dtype=torch.float64)
    picture = tone.picture(values())
    # lucid's axis of brightness is a warm grey: red has 0.26 where green and blue have 0.27.
    logits = torch.logit(picture)
    torch.testing.assert_close(logits[0] / logits[1], torch.full_like(logits[0], 26 / 27))
    torch.testing.assert_close(logits[1], logits[2])
    torch.testing.assert_close(tone.picture(tone.values(picture)), picture)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_are_left_alone(channels):
    tone = Tone(channels, saturation=0.2)
    given = torch.randn(channels, 4, 4, generator=torch.Generator().manual_seed(0))
    assert mixing(channels) is None
    assert torch.equal(tone.picture(given), torch.sigmoid(given))


def test_beyond_the_range_a_gradient_leads_back_but_no_further():
    given = torch.tensor([-0.5, -0.5, 0.3, 0.3, 1.5, 1.5], requires_grad=True)
    picture = clipped(given)
    assert picture.tolist() == pytest.approx([0, 0, 0.3, 0.3, 1, 1])
    (gradient,) = torch.autograd.grad(picture, given, torch.tensor([1.0, -1.0] * 3))
    assert gradient.tolist() == [1, 0, 1, -1, 0, -1]
