"""The canvas: clips, the soft ends of the range, masks, and going from size to size."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.canvas.detail import DetailCanvas
from support import twins


def noise(height: int, width: int, scale: float) -> torch.Tensor:
    return scale * torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(2))


def canvas(**options) -> DetailCanvas:
    return DetailCanvas(twins.photo("coffee", 48, 64), **options)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("scale", [0.05, 0.5, 5.0])
def test_the_picture_stays_in_range(soft, scale):
    pixels = canvas(soft=soft)
    for _ in range(3):
        pixels.add(noise(48, 64, scale))
        pixels.clip()
    picture = pixels.picture()
    assert float(picture.min()) >= -1e-6
    assert float(picture.max()) <= 1 + 1e-6
    assert float((picture - pixels.source).abs().mean()) > 0.02


def test_a_hard_clip_is_numpys():
    pixels = canvas()
    change = noise(48, 64, 0.6)
    pixels.add(change)
    pixels.clip()
    torch.testing.assert_close(pixels.picture(), (pixels.source + change).clamp(0, 1))


def test_soft_ends_leave_small_changes_alone_and_never_arrive():
    pixels = DetailCanvas(torch.full((1, 3, 4, 4), 0.5), soft=True)
    pixels.add(torch.full((1, 3, 4, 4), 0.01))
    assert float(pixels.change().mean()) == pytest.approx(0.01, rel=1e-3)
    pixels.add(torch.full((1, 3, 4, 4), 100.0))
    pixels.clip()
    assert 0.9 < float(pixels.picture().max()) < 1


@pytest.mark.parametrize("soft", [False, True])
def test_black_in_the_mask_does_not_move(soft):
    mask = torch.zeros(1, 1, 48, 64)
    mask[..., 32:] = 1
    pixels = canvas(mask=mask, soft=soft)
    pixels.add(noise(48, 64, 0.3))
    pixels.clip()
    assert torch.equal(pixels.picture()[..., :32], pixels.source[..., :32])
    assert float((pixels.picture() - pixels.source)[..., 32:].abs().mean()) > 0.05


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.floats(0.001, 0.3), st.booleans(), st.floats(0.01, 2))
def test_moved_by_lands_where_it_should(radius, soft, scale):
    pixels = canvas(soft=soft)
    pixels.add(noise(48, 64, scale))
    pixels.clip()
    before = pixels.moved()
    pixels.within(1e9)
    assert pixels.moved() == before
    if radius < before:
        pixels.moved_by(radius)
        assert pixels.moved() == pytest.approx(radius, rel=0.02)


def test_within_never_moves_away():
    pixels = canvas()
    pixels.add(noise(48, 64, 0.1))
    pixels.within(0.04)
    assert pixels.moved() == pytest.approx(0.04, rel=1e-4)
    pixels.within(0.05)
    assert pixels.moved() == pytest.approx(0.04, rel=1e-4)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("size", [(96, 70), (31, 40)])
def test_only_the_detail_crosses(size, plain):
    pixels = canvas(plain=plain)
    pixels.add(noise(48, 64, 0.05))
    resample = twins.bilinear if plain else twins.bicubic
    width, height = size
    source, detail = (t[0].double().numpy() for t in (pixels.source, pixels.detail))
    expected = resample(source, height, width).clip(0, 1) + resample(detail, height, width)
    pixels.resize(size)
    assert pixels.size == size
    torch.testing.assert_close(pixels.picture()[0].double(), torch.from_numpy(expected), rtol=0, atol=1e-5)


def test_without_detail_any_number_of_sizes_gives_the_source_back():
    pixels = canvas()
    for size in ((20, 15), (90, 70), (64, 48)):
        pixels.resize(size)
    assert torch.equal(pixels.picture(), pixels.source)


def test_the_picture_crosses_whole_and_loses_what_does_not_fit():
    pixels = canvas(plain=True)
    pixels.resize((32, 24), carry="picture")
    pixels.resize((64, 48), carry="picture")
    source = pixels.source[0].double().numpy()
    expected = twins.bilinear(twins.bilinear(source, 24, 32), 48, 64)
    torch.testing.assert_close(pixels.picture()[0].double(), torch.from_numpy(expected), rtol=0, atol=1e-5)
    assert pixels.moved() > 0.005


def test_a_copy_at_another_size_leaves_the_first_alone():
    pixels = canvas()
    pixels.add(noise(48, 64, 0.05))
    picture = pixels.picture().clone()
    twin = pixels.at((96, 72))
    twin.add(torch.ones_like(twin.detail))
    same = pixels.at((64, 48))
    same.add(torch.ones_like(same.detail))
    assert torch.equal(pixels.picture(), picture)
    assert pixels.size == (64, 48)


def test_a_mask_of_another_size_is_resampled_in_range():
    mask = torch.rand(1, 1, 11, 200, generator=torch.Generator().manual_seed(0))
    pixels = canvas(mask=mask)
    assert pixels.mask.shape == (1, 1, 48, 64)
    assert 0 <= float(pixels.mask.min()) < float(pixels.mask.max()) <= 1
    assert float(pixels.mask.mean()) == pytest.approx(float(mask.mean()), abs=0.02)
