"""What the views of random transforms show, against NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from reverie.ops.transform.apply import _of, _runs, apply
from reverie.ops.transform.parse import LUCID, MACO, draw, frame_size, parse_transforms
from reverie.ops.transform.view import Blur, SampledView
from support.transforms import EVERYTHING, generator

Array = NDArray[np.float64]


def picture(count: int, height: int, width: int, *, seed: int = 0, dtype: torch.dtype = torch.float64):
    return torch.rand(count, 3, height, width, generator=generator(seed), dtype=dtype)


def views_of(texts, shown, out_size, *, views=1, seed=0, way=0.0):
    size = (shown.shape[3], shown.shape[2])
    transforms = parse_transforms(texts)
    drawn = [draw(transforms, generator(seed + i), size, views, way=way) for i in range(len(shown))]
    return drawn, apply(drawn, shown, out_size)


def test_some_views_may_be_others():
    """The first two nearly the whole picture, the others parts of it, and noise in the last."""
    texts = [
        "scale(0.9, 1.1) @1-2",
        "crop(0.5, 0.6) @3-",
        "pad(2, reflect) @2",
        "noise(0.1) @4",
        "blur(1) @1",
    ]
    shown = picture(2, 30, 30)
    drawn, seen = views_of(texts, shown, (30, 30), views=4)
    for views in drawn:
        assert [view.size[0] for view in views[:2]] == [30, 34]
        assert all(15 <= view.size[0] <= 18 for view in views[2:])
        assert [view.fill for view in views] == ["grey", "reflect", "grey", "grey"]
        assert [(n.spread, b.sigma) for n, b in (view.touches for view in views)] == [
            (0, 1),
            (0, 0),
            (0, 0),
            (0.1, 0),
        ]
    for v in range(4):
        alone = [[views[v]] for views in drawn]
        assert torch.equal(apply(alone, shown, (30, 30)), seen[2 * v : 2 * v + 2])


def sampled(plane: Array, view: SampledView, out_size: tuple[int, int], *, fill: str) -> Array:
    """Bilinear sampling of a view of (H, W), pixel by pixel."""
    height, width = plane.shape
    a, b, c, d, e, f = view.affine
    padded = np.pad(plane, 1, constant_values=0.5) if fill == "grey" else np.pad(plane, 1, mode="symmetric")

    def mirrored(place: float, size: int) -> float:
        place = place % (2 * size)
        return min(place, 2 * size - place)

    result = np.empty((out_size[1], out_size[0]))
    for i, j in np.ndindex(result.shape):
        x = (j + 0.5) * view.size[0] / out_size[0]
        y = (i + 0.5) * view.size[1] / out_size[1]
        x, y = a * x + b * y + c, d * x + e * y + f
        if fill == "reflect":
            x, y = mirrored(x, width), mirrored(y, height)
        x, y = (
            min(max(x, -0.5), width + 0.5) + 0.5,
            min(max(y, -0.5), height + 0.5) + 0.5,
        )  # of the padded one
        left, top = min(math.floor(x), width), min(math.floor(y), height)
        right, down = x - left, y - top
        four = padded[top : top + 2, left : left + 2]
        result[i, j] = np.array([1 - down, down]) @ four @ np.array([1 - right, right])
    return result


@pytest.mark.parametrize("fill", ["grey", "reflect"])
@pytest.mark.parametrize(("width", "height"), [(24, 17), (15, 22)])
def test_the_warp_against_numpy(width, height, fill):
    texts = [
        f"pad(3, {fill}), jitter(2), scale(0.8, 1.2), rotate(-40, 40), crop(0.5, 1), flip(0.5), jitter(1)"
    ]
    shown = picture(2, height, width)
    drawn, seen = views_of(texts, shown, (19, 14), views=3)
    for item in range(2):
        for v in range(3):
            for channel in range(3):
                wanted = sampled(shown[item, channel].numpy(), drawn[item][v], (19, 14), fill=fill)
                np.testing.assert_allclose(seen[v * 2 + item, channel].numpy(), wanted, atol=1e-10)


def test_what_each_transform_does():
    shown = picture(1, 12, 12)
    for texts, wanted in (
        ((), shown),
        (("rotate(90)",), torch.rot90(shown, 1, (2, 3))),
        (("rotate(-90)",), torch.rot90(shown, -1, (2, 3))),
        (("rotate(180)",), shown.flip(2, 3)),
        (("flip(1)",), shown.flip(3)),
        (("flip(0)",), shown),
        (("brightness(0)", "contrast(1)", "saturation(1)", "blur(0)"), shown),
        (("contrast(2)",), 2 * shown - 0.5),
        (("saturation(0)",), shown.mean(1, keepdim=True).expand_as(shown)),
    ):
        _, seen = views_of(texts, shown, (12, 12))
        torch.testing.assert_close(seen, wanted, atol=1e-10, rtol=0, msg=str(texts))


def test_a_pad_is_grey_all_around_and_exact_within():
    shown = picture(1, 8, 10)
    _, seen = views_of(["pad(3)"], shown, frame_size(parse_transforms(["pad(3)"]), (10, 8)))
    assert seen.shape == (1, 3, 14, 16)
    torch.testing.assert_close(seen[:, :, 3:-3, 3:-3], shown, atol=1e-12, rtol=0)
    seen[:, :, 3:-3, 3:-3] = 0.5
    torch.testing.assert_close(seen, torch.full_like(seen, 0.5), atol=1e-12, rtol=0)


def test_beyond_the_edge_may_be_noise():
    shown = picture(1, 8, 8)
    _, seen = views_of(["pad(4, noise)"], shown, (16, 16))
    torch.testing.assert_close(seen[:, :, 4:-4, 4:-4], shown, atol=1e-12, rtol=0)
    border = seen[:, :, :4]
    assert 0.1 < float(border.std()) < 0.3
    assert abs(float(border.mean()) - 0.5) < 0.1
    _, again = views_of(["pad(4, noise)"], shown, (16, 16))
    assert torch.equal(seen, again)
    _, other = views_of(["pad(4, noise)"], shown, (16, 16), seed=1)
    assert not torch.equal(seen, other)


def test_scaling_keeps_the_middle():
    ramp = torch.linspace(0, 1, 33, dtype=torch.float64).expand(1, 3, 33, 33)
    _, seen = views_of(["scale(2)"], ramp, (33, 33))
    slope = seen[0, 0, 16].diff()
    torch.testing.assert_close(slope, torch.full_like(slope, 1 / 64), atol=1e-10, rtol=0)
    torch.testing.assert_close(seen[0, 0, 16, 16], ramp[0, 0, 16, 16], atol=1e-12, rtol=0)


@pytest.mark.parametrize(("texts", "box"), [(["window(9)"], 9), (["window(9, 0.3)"], 9), (["jitter(7)"], 17)])
def test_whole_pixels_are_cut_out_as_they_are(texts, box):
    shown = picture(2, 24, 24, dtype=torch.float32).requires_grad_(True)
    drawn, seen = views_of(texts, shown, (box, box), views=3)
    total = torch.zeros_like(shown)
    for v in range(3):
        for item in range(2):
            x, y = int(drawn[item][v].affine[2]), int(drawn[item][v].affine[5])
            assert torch.equal(seen[2 * v + item], shown[item, :, y : y + box, x : x + box])
            total[item, :, y : y + box, x : x + box] += 1
    (gradient,) = torch.autograd.grad(seen.sum(), shown)
    assert torch.equal(gradient, total)


@pytest.mark.parametrize("shrinks", [1.5, 2.0, 2.9, 4.0, 6.5])
def test_shrunken_views_do_not_alias(shrinks):
    """A checkerboard goes grey, a constant stays, and a slow wave comes through in its place."""
    side = 105
    out = round(side / shrinks)
    row = torch.arange(side, dtype=torch.float64)
    board = ((row[:, None] + row) % 2).expand(1, 3, side, side)
    _, seen = views_of(["rotate(0.5)"], board, (out, out))
    inner = seen[..., 2:-2, 2:-2]
    assert float((inner - 0.5).abs().mean()) < (0.22 if shrinks < 2 else 0.02)
    wave = (0.5 + 0.4 * torch.sin(row / side * 2 * math.pi)).expand(1, 3, side, side)
    _, seen = views_of(["crop(1)"], wave, (out, out))
    there = (torch.arange(out, dtype=torch.float64) + 0.5) / out * side - 0.5
    wanted = 0.5 + 0.4 * torch.sin(there / side * 2 * math.pi)
    torch.testing.assert_close(seen[0, 0, out // 2, 1:-1], wanted[1:-1], atol=0.03, rtol=0)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_runs_are_of_one_item_or_of_neighbours(items):
    runs = _runs(items)
    assert [i for run in runs for i in items[run]] == items
    source = torch.arange(5.0).view(5, 1, 1, 1)
    for run in runs:
        assert _of(source, items[run]).flatten().tolist() == items[run]
        assert len(items[run]) <= 8
    assert len(_runs([0] * 8)) == len(_runs(list(range(8)))) == 1


def test_every_pixel_of_a_shrunken_view_gets_its_share_of_the_gradient():
    shown = picture(1, 90, 90).requires_grad_(True)
    for out in (64, 45, 30, 20):
        _, seen = views_of(["rotate(10)"], shown, (out, out))
        (gradient,) = torch.autograd.grad(seen.sum(), shown)
        middle = gradient[0, 0, 30:60, 30:60]
        even = (out / 90) ** 2
        assert 0.3 * even < float(middle.min())
        assert float(middle.max()) < 3 * even


def test_views_of_all_items_come_first_by_view():
    shown = torch.linspace(0.1, 0.9, 4, dtype=torch.float64).view(4, 1, 1, 1).expand(4, 3, 8, 8)
    _, seen = views_of(["crop(0.5, 0.9)"], shown, (6, 6), views=3)
    torch.testing.assert_close(
        seen[:, 0, 3, 3], torch.linspace(0.1, 0.9, 4, dtype=torch.float64).repeat(3), atol=1e-12, rtol=0
    )


def test_blur_is_scipys_and_its_own_adjoint():
    shown = picture(2, 21, 16)
    drawn, seen = views_of(["blur(0.3, 2)"], shown, (16, 21))
    for item in range(2):
        (touch,) = drawn[item][0].touches
        assert isinstance(touch, Blur)
        for channel in range(3):
            wanted = gaussian_filter(shown[item, channel].numpy(), touch.sigma, truncate=3.0)
            np.testing.assert_allclose(seen[item, channel].numpy(), wanted, atol=1e-12)


def test_noise_has_its_deviation():
    grey = torch.full((1, 3, 100, 100), 0.5)
    _, seen = views_of(["noise(0.08)"], grey, (100, 100))
    assert abs(float(seen.std()) - 0.08) < 0.002
    assert abs(float(seen.mean()) - 0.5) < 0.002
    _, seen = views_of(["noise(0.1, uniform)"], grey, (100, 100))
    assert float((seen - 0.5).abs().max()) <= 0.1
    assert abs(float(seen.std()) - 0.1 / math.sqrt(3)) < 0.002
    _, seen = views_of(["noise(0.2 -> 0)"], grey, (100, 100), way=1.0)
    assert torch.equal(seen, grey)
    drawn, seen = views_of(["noise(0, 0.15)"], grey, (100, 100), views=6)
    for view, noisy in zip(drawn[0], seen, strict=True):
        (touch,) = view.touches
        assert 0 <= touch.spread <= 0.15
        assert float(noisy.std()) == pytest.approx(touch.spread, rel=0.03)
    assert len({view.touches for view in drawn[0]}) == 6


@pytest.mark.parametrize(
    ("texts", "out_size"),
    [
        (EVERYTHING, (7, 6)),
        (("pad(2, reflect)", "rotate(-30, 30)", "scale(0.3, 2)"), (5, 5)),
        (("pad(2, noise)", "rotate(-30, 30)"), (8, 8)),
        (("window(6)",), (6, 6)),
        (("crop(0.2, 1)", "blur(1, 2)"), (4, 3)),
        (("scale(0.2, 0.3)",), (9, 9)),
    ],
)
def test_gradients_are_those_of_finite_differences(texts, out_size):
    shown = picture(2, 9, 10).requires_grad_(True)
    drawn = [draw(parse_transforms(texts), generator(i), (10, 9), 2) for i in range(2)]
    assert torch.autograd.gradcheck(lambda p: apply(drawn, p, out_size), shown, atol=1e-7, fast_mode=True)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([EVERYTHING, LUCID, MACO, ("window(24), flip(0.5)",), ("scale(0.2, 2), crop(0.3, 1)",)]),
    st.integers(0, 10_000),
    st.integers(1, 11),
)
def test_an_item_is_in_a_batch_what_it_is_alone(texts, seed, views):
    """To the byte, picture and gradient: also where other items are made smaller first, or cut out."""
    shown = picture(3, 40, 52, seed=seed, dtype=torch.float32).requires_grad_(True)
    drawn, seen = views_of(texts, shown, (24, 24), views=views, seed=seed)
    weight = torch.randn(seen.shape, generator=generator(seed))
    (gradient,) = torch.autograd.grad(seen, shown, weight)
    for item in range(3):
        alone = shown[item : item + 1].detach().clone().requires_grad_(True)
        own = apply([drawn[item]], alone, (24, 24))
        (slope,) = torch.autograd.grad(own, alone, weight[item::3])
        assert own.detach().numpy().tobytes() == seen[item::3].detach().numpy().tobytes()
        assert slope.numpy().tobytes() == gradient[item].numpy().tobytes()


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_number_of_channels(channels):
    shown = torch.rand(1, channels, 20, 20, generator=generator())
    _, seen = views_of(EVERYTHING, shown, (12, 12), views=2)
    assert seen.shape == (2, channels, 12, 12)
    assert seen.isfinite().all()


def test_views_have_to_fit_the_pictures():
    shown = picture(2, 8, 8)
    one, two = (draw(parse_transforms([text]), generator(), (8, 8), 1) for text in ("noise(1)", "blur(1)"))
    for drawn in ([one], [one, one * 2], [one, two]):
        with pytest.raises(ValueError, match="views"):
            apply(drawn, shown, (8, 8))


def test_a_portrait_of_any_view_rises():
    """Ascent through lucid's views makes a filter's response larger, at every view."""
    shown = torch.full((1, 3, 48, 48), 0.5).requires_grad_(True)
    wave = torch.sin(torch.arange(60.0) / 3).expand(1, 3, 60, 60)
    transforms, rng = parse_transforms(LUCID), generator()
    before, after = None, 0.0
    for _ in range(40):
        seen = apply([draw(transforms, rng, (48, 48), 2)], shown, frame_size(transforms, (48, 48)))
        score = (seen * wave).mean()
        after = score.item()
        before = after if before is None else before
        (gradient,) = torch.autograd.grad(score, shown)
        shown = (shown + 0.05 * gradient / gradient.std()).clamp(0, 1).detach().requires_grad_(True)
    assert before is not None
    assert after > before + 0.02
