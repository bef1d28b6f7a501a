"""What comes into view at the edges: mirrors that stand still in the world, and no streaks."""

import torch

from reverie.motion.zoom.camera import Camera
from reverie.motion.zoom.edges import moved
from reverie.ops.warp import warp
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
    picture, anchor = first, 0
    for index in range(1, frames + 1):
        picture, anchor = moved(picture, view, index, anchor)
    assert anchor == 0
    truth = warp(first, view.between(0, frames))
    error = (picture - truth).abs()
    assert error.mean() < 0.02
    assert (error > 0.15).float().mean() < 0.02  # only where a mirror stands has the picture a crease


def test_no_streaks_come_in():
    """What a pan brings in has as much detail along the pan as the picture has."""
    view = camera(zoom=1, pan_x=0.01)
    picture, anchor = smooth(2), 0
    plain = picture
    for index in range(1, 41):
        picture, anchor = moved(picture, view, index, anchor)
        plain = warp(plain, view.step(index))

    def detail(shown: torch.Tensor) -> float:
        return float(
            shown[..., -50:].diff(dim=3).square().mean() / shown[..., -50:].diff(dim=2).square().mean()
        )

    assert detail(picture) > 0.7
    assert detail(plain) < 0.5 * detail(picture)


def test_where_all_is_in_view_nothing_is_mirrored():
    view, picture = camera(zoom=1.02, rotate=0.1), smooth(3)
    seen, anchor = moved(picture, view, 7, 2)
    assert torch.equal(seen, warp(picture, view.step(7)))
    assert anchor == 7


def test_mirrors_are_put_up_anew_before_they_are_far_away():
    view, picture, anchor = camera(zoom=0.9), smooth(4), 0
    anchors = []
    for index in range(1, 30):
        picture, anchor = moved(picture, view, index, anchor)
        anchors.append(anchor)
        assert torch.isfinite(picture).all()
    assert anchors[:6] == [0] * 6  # 0.9 to the power of 6 is 0.53
    assert sorted(set(anchors)) == [0, 6, 12, 18, 24]
