"""Pictures as they are learnt from: in range, varied, mirrored only where that is allowed."""

import pytest
import torch

from reverie.train.augment import plain, varied


@pytest.fixture
def half():
    """Eight pictures, red on the left, nothing on the right."""
    picture = torch.zeros(8, 4, 16, 16, dtype=torch.uint8)
    picture[:, 0, :, :8] = picture[:, 3, :, :8] = 255
    return picture


def test_what_is_transparent_is_white(half):
    shown = plain(half)
    assert (shown[:, :, :, 8:] == 1).all()
    assert (shown[:, 0, :, :8] == 1).all()
    assert (shown[:, 1:, :, :8] == 0).all()


@pytest.mark.parametrize("mirror", [False, True])
def test_variations_stay_what_they_are(half, mirror):
    rng = torch.Generator().manual_seed(0)
    seen = torch.cat([varied(half, rng, mirror=mirror) for _ in range(8)])
    assert 0 <= float(seen.min()) <= float(seen.max()) <= 1
    assert len({one.numpy().tobytes() for one in seen}) == 64
    red = seen[:, 0] - seen[:, 1]
    left = (red[:, :, :8].mean((1, 2)) > red[:, :, 8:].mean((1, 2))).float().mean()
    assert left == 1 if not mirror else 0.25 < left < 0.75


def test_the_same_chances_give_the_same_pictures(half):
    a, b = (varied(half, torch.Generator().manual_seed(3), mirror=True) for _ in range(2))
    assert torch.equal(a, b)
