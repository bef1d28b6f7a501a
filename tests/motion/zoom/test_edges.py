"""What comes into view at the edges: mirrors that stand still in the world, and no streaks."""

import pytest
import torch

from reverie.motion.zoom.camera import Camera
from reverie.motion.zoom.edges import moved
from reverie.ops.warp import Similarity, warp
from reverie.recipe.zoom import Zoom
from support.slow import mostly_slow

HEIGHT, WIDTH = 90, 160


def camera(**settings) -> Camera:
    return Camera(Zoom.model_validate({"per": "frame", **settings}), WIDTH, HEIGHT)


def smooth(seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    small = torch.rand(1, 3, 18, 32, generator=rng)
    return torch.nn.functional.interpolate(small, size=(HEIGHT, WIDTH), mode="bicubic").clamp(0, 1)


@mostly_slow(
    ("settings", "frames"),
    [
        ({"zoom": 1, "pan_x": 0.02}, 20),
        ({"zoom": 1, "pan_y": -0.02}, 20),
        ({"zoom": 0.98}, 30),
        ({"zoom": 0.985, "rotate": 1}, 12),
        ({"zoom": 1.01, "pan_x": 0.03}, 12),
    ],
    quick=2,
)
def test_many_small_moves_are_one_large_one(settings, frames):
    """Into the first frame mirrored at its own edges, which is what one look at it shows."""
    view, first = camera(**settings), smooth(1)
    picture, since = first, Similarity()
    for index in range(1, frames + 1):
        picture, since = moved(picture, view.step(index), since)
    assert since.zoom == pytest.approx(view.between(0, frames).zoom)
    truth = warp(first, view.between(0, frames))
    error = (picture - truth).abs()
    assert error.mean() < 0.02
    assert (error > 0.15).float().mean() < 0.02  # only where a mirror stands has the picture a crease


def test_no_streaks_come_in():
    """What a pan brings in has as much detail along the pan as the picture has."""
    view = camera(zoom=1, pan_x=0.01)
    picture, since = smooth(2), Similarity()
    plain = picture
    for index in range(1, 41):
        picture, since = moved(picture, view.step(index), since)
        plain = warp(plain, view.step(index))

    def detail(shown: torch.Tensor) -> float:
        return float(
            shown[..., -50:].diff(dim=3).square().mean() / shown[..., -50:].diff(dim=2).square().mean()
        )

    assert detail(picture) > 0.7
    assert detail(plain) < 0.5 * detail(picture)


def test_where_all_is_in_view_nothing_is_mirrored():
    view, picture = camera(zoom=1.02, rotate=0.1), smooth(3)
    seen, since = moved(picture, view.step(7), Similarity.of(zoom=0.8))
    torch.testing.assert_close(seen, warp(picture, view.step(7)).clamp(0, 1), rtol=0, atol=1e-4)
    assert since == Similarity()


def test_mirrors_are_put_up_anew_before_they_are_far_away():
    view, picture, since = camera(zoom=0.9), smooth(4), Similarity()
    sizes = []
    for index in range(1, 30):
        picture, since = moved(picture, view.step(index), since)
        sizes.append(since.zoom)
        assert torch.isfinite(picture).all()
    # 0.9 to the power of 6 is 0.53.
    assert sizes == pytest.approx([0.9 ** (1 + i % 6) for i in range(29)])
