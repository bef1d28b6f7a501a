"""What is done to a moving picture, against its reference in torch and SciPy's splines."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.canvas.fast import deviation, fast_enlarge, fast_resize, fast_warp, mixture
from reverie.errors import UsageError
from reverie.motion.frame import MovingFrame
from reverie.motion.zoom.steady import SteadyReference, evened, evened_onto, hold
from reverie.native import frames, library
from reverie.native import step as native
from reverie.native.runtime import Runtime
from reverie.ops.filters import enlarge, resize
from reverie.ops.warp import Similarity, warp

pytestmark = pytest.mark.skipif(library() is None, reason="the native library is not built")

KERNELS = native.backends()[1:]
sides = st.integers(1, 70)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def by_torch(work):
    """What the reference makes."""
    with Runtime.of(backend="torch").use():
        return work()


def natively(work, kernels: str = KERNELS[-1], threads: int = 1):
    with Runtime.of(threads, kernels).use():
        return work()


similarities = st.builds(
    lambda zoom, turn, right, down: Similarity.of(zoom=zoom, turn=turn, right=right, down=down),
    st.floats(0.95, 3),  # smaller is blurred before, by torch
    st.floats(-180, 180),
    st.floats(-200, 200),
    st.floats(-200, 200),
)


# -- warps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("border", ["mirror", "wrap"])
@pytest.mark.parametrize("sharp", [True, False])
@given(sides, sides, st.integers(1, 5), similarities)
@settings(max_examples=12, deadline=None)
def test_a_similarity_is_torchs(kernels, border, sharp, height, width, channels, view):
    picture = noise(1, channels, height, width)
    # Looked at linearly, a place between two pixels is off by as much as torch rounds it.
    limit = 2e-4 if sharp else 2e-3
    found = natively(lambda: fast_warp(picture, view, border=border, sharp=sharp), kernels)
    torch.testing.assert_close(
        found, by_torch(lambda: warp(picture, view, border=border, sharp=sharp)), rtol=0, atol=limit
    )


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("border", ["mirror", "wrap"])
@given(sides, sides, sides, sides, st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_a_field_is_torchs_and_may_be_of_another_size(kernels, border, height, width, rows, columns, seed):
    picture = noise(1, 3, height, width, seed=seed)
    field = (noise(rows, columns, 2, seed=seed + 1) * 3 - 1) * torch.tensor([width, height])
    found = natively(lambda: fast_warp(picture, field, border=border, alias=True, clamp=True), kernels)
    assert found.shape == (1, 3, rows, columns)
    from reverie.ops.warp import _spline, coefficients

    wrap = border == "wrap"
    expected = _spline(coefficients(picture, wrap=wrap), field, wrap).clamp(0, 1)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize(("border", "twin"), [("mirror", "mirror"), ("wrap", "grid-wrap")])
def test_a_warp_is_scipys_spline(border, twin):
    from scipy import ndimage

    picture = noise(1, 3, 60, 90)
    place = torch.stack(torch.meshgrid(torch.arange(90.0), torch.arange(60.0), indexing="xy"), -1)
    where = place * 0.9 - 12 + noise(60, 90, 2, seed=2)
    found = natively(lambda: fast_warp(picture, where, border=border, alias=True))
    for channel, plane in zip(found[0], picture[0], strict=True):
        places = [where[..., 1].double().numpy(), where[..., 0].double().numpy()]
        truth = ndimage.map_coordinates(plane.double().numpy(), places, order=3, mode=twin)
        np.testing.assert_allclose(channel.numpy(), truth, atol=1e-5)


def test_what_is_no_number_or_far_away_is_somewhere_in_the_picture():
    field = torch.tensor([[float("nan"), 0.0], [float("inf"), 3.0], [1e30, -1e30], [-7.0, 1e9]])[None]
    found = natively(lambda: fast_warp(noise(1, 3, 9, 11), field, alias=True))
    assert torch.isfinite(found).all()


@pytest.mark.slow
def test_two_hundred_small_warps_stay_sharp():
    """There and back a hundred times: no softer than the reference, and nothing grows."""
    from skimage import data

    picture = torch.from_numpy(data.astronaut()[:160, 100:300].copy()).permute(2, 0, 1)[None].float() / 255
    view, inner = Similarity.of(zoom=1.002, turn=0.05, right=0.3), (..., slice(40, -40), slice(40, -40))

    def energy(seen) -> float:
        x = picture
        for _ in range(100):
            x = seen(seen(x, view), view.inverse())
        return float(x[inner].diff(dim=3).square().mean() / picture[inner].diff(dim=3).square().mean())

    ours = natively(lambda: energy(fast_warp))
    assert ours == pytest.approx(by_torch(lambda: energy(warp)), rel=0.02)
    assert 0.3 < ours < 1


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernels", KERNELS)
@given(sides, sides, sides, sides, st.integers(1, 5), st.booleans(), st.booleans())
@settings(max_examples=20, deadline=None)
def test_another_size_is_torchs(kernels, height, width, rows, columns, channels, circular, plain):
    picture = noise(1, channels, height, width)
    how = {"circular": circular, "plain": plain}
    found = natively(lambda: fast_resize(picture, rows, columns, **how), kernels)
    expected = by_torch(lambda: resize(picture, rows, columns, **how))
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


@given(sides, sides, st.integers(0, 60), st.integers(0, 60), st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_linear_enlargement_is_torchs(height, width, more_rows, more_columns, circular):
    picture, size = noise(1, 2, height, width), (height + more_rows, width + more_columns)
    found = natively(lambda: fast_enlarge(picture, *size, circular=circular))
    expected = by_torch(lambda: enlarge(picture, *size, circular=circular))
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


# -- holding ---------------------------------------------------------------------------------------


def held(channels: int, height: int, width: int, seed: int) -> SteadyReference:
    """Of another picture of the size, somewhat bent."""
    return SteadyReference.of(noise(1, channels, height, width, seed=seed) ** 1.5)


@pytest.mark.parametrize("kernels", KERNELS)
@given(sides, sides, st.integers(1, 5), st.booleans(), st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_picture_is_held_as_by_torch(kernels, height, width, channels, circular, seed):
    reference = held(channels, height, width, seed)
    picture = noise(1, channels, height, width, seed=seed + 1) * 1.3 - 0.2
    found = natively(lambda: hold(picture, reference, circular=circular), kernels)
    expected = by_torch(lambda: hold(picture, reference, circular=circular))
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-5)
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("kernels", KERNELS)
@given(sides, sides, st.integers(1, 5), st.floats(0, 1), st.booleans(), st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_change_is_evened_as_by_torch(kernels, height, width, channels, amount, circular, seed):
    source = noise(1, channels, height, width, seed=seed)
    change = (noise(1, channels, height, width, seed=seed + 1) - 0.5) * noise(
        1, 1, height, width, seed=seed + 2
    )
    found = natively(lambda: evened_onto(source, change, amount, circular=circular), kernels)
    expected = by_torch(lambda: (source + evened(change, amount, circular=circular)).clamp(0, 1))
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-5)


def test_nothing_is_evened_to_nothing():
    source, nothing = noise(1, 3, 64, 64), torch.zeros(1, 3, 64, 64)
    assert torch.equal(natively(lambda: evened_onto(source, nothing, 0.4)), source)


# -- bytes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernels", KERNELS)
@given(sides, sides, st.sampled_from([1, 2, 3, 5]), st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_bytes_are_numpys(kernels, height, width, channels, seed):
    planes = noise(1, channels, height, width, seed=seed) * 1.4 - 0.2
    planes.view(-1)[::7] = torch.arange(len(planes.view(-1)[::7])).remainder(256) / 255 + 0.5 / 255
    found = natively(lambda: frames.rgb(planes), kernels)
    expected = np.rint(np.clip(planes[0].permute(1, 2, 0).numpy(), 0, 1) * 255).astype(np.uint8)
    expected = expected if channels == 3 else np.repeat(expected[:, :, :1], 3, axis=2)
    np.testing.assert_array_equal(found, expected)


def test_a_frame_lays_its_picture_out_when_it_is_asked_for():
    planes = noise(1, 3, 20, 31)
    frame = MovingFrame(0, 1, 0, 1, planes, 0.0, 0.0, None, None)
    np.testing.assert_array_equal(frame.picture.pixels, planes[0].permute(1, 2, 0).numpy())
    assert frame.picture is frame.picture
    assert frame.alpha is None
    np.testing.assert_array_equal(frame.rgb, by_torch(lambda: frame.rgb))


# -- the same wherever -------------------------------------------------------------------------------


@pytest.mark.parametrize("kernels", KERNELS)
def test_the_same_bytes_again_and_for_any_number_of_threads(kernels):
    picture, view = noise(1, 3, 301, 333), Similarity.of(zoom=1.02, turn=3, right=2)
    reference = held(3, 301, 333, 5)

    def made() -> list[bytes]:
        planes = [
            fast_warp(picture, view),
            fast_warp(picture, view, sharp=False),
            fast_resize(picture, 190, 210),
            fast_resize(picture, 400, 500),
            hold(picture, reference),
            evened_onto(picture, picture.flip(3) - 0.5, 0.4),
        ]
        return [plane.numpy().tobytes() for plane in planes] + [frames.rgb(picture).tobytes()]

    found = [natively(made, kernels, threads) for threads in (1, 1, 2, 3)]
    assert found.count(found[0]) == 4


def test_what_no_kernel_takes_is_torchs():
    view, picture = Similarity.of(zoom=1.1), noise(1, 3, 30, 40)
    double, two = picture.double(), torch.cat([picture, picture])
    assert torch.equal(fast_warp(double, view, sharp=False), warp(double, view, sharp=False))
    for given_ in (double, two):
        assert torch.equal(fast_resize(given_, 20, 50), resize(given_, 20, 50))
    turned = picture.permute(0, 1, 3, 2)  # not contiguous
    torch.testing.assert_close(fast_warp(turned, view), warp(turned.contiguous(), view), rtol=0, atol=1e-4)
    with pytest.raises(ValueError, match=r"\(H, W, 2\)"):
        fast_warp(picture, torch.zeros(2, 10, 10))


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda: frames.warp(noise(1, 3, 9, 9).double(), (1, 0, 0, 0)), "contiguous float32"),
        (lambda: frames.warp(noise(3, 9, 9), (1, 0, 0, 0)), r"planes are \(1, C, H, W\)"),
        (lambda: frames.warp(noise(1, 3, 9, 9), (1, 0)), "four numbers"),
        (lambda: frames.warp(noise(1, 3, 9, 9), noise(9, 9)), "a field has the shape"),
        (lambda: frames.warp(noise(1, 3, 9, 9), (1, 0, 0, 0), filter_taps=(0.5, 0.5)), "an odd count"),
        (
            lambda: frames.resample(noise(1, 3, 9, 9), mixture(8, 4, "linear"), mixture(9, 4, "linear")),
            "another picture's size",
        ),
        (lambda: frames.cell_squares(noise(1, 3, 9, 9), 10, 3), "rows is 10"),
        (lambda: hold(noise(1, 3, 40, 40), held(3, 20, 20, 0)), "channels and bands"),
        (
            lambda: frames.Mixture(np.full((2, 2), 5, np.int32), np.ones((2, 2), np.float32), 5),
            "a mixture takes of 5",
        ),
    ],
)
def test_what_would_reach_beyond_memory_is_refused(work, words):
    with pytest.raises(UsageError, match=words):
        natively(work)


def test_the_deviation_is_torchs():
    picture = noise(1, 3, 50, 70) * torch.tensor([1.0, 0.3, 0.01])[:, None, None]
    assert deviation(picture) == pytest.approx(float(picture.std((2, 3), correction=0).mean()), rel=1e-5)
