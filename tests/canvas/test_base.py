"""What every canvas of a portrait keeps: range, independent items, gradients, starts, sizes, state."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reverie.canvas import cppn
from reverie.canvas.base import itemwise
from reverie.canvas.make import KINDS
from reverie.errors import UsageError
from support import twins
from support.canvases import canvas, noise, psnr, stirred

EXACT = ("pixels", "fourier", "laplacian")
SIZES = ((24, 24), (23, 17), (16, 31))
BATCH = 3


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_pictures_have_their_size_and_stay_in_range(kind, size, channels):
    made = stirred(kind, size=size, channels=channels, seeds=(0, 1))
    picture = made.picture().detach()
    assert picture.shape == (2, channels, size[1], size[0])
    assert (made.count, made.size, made.channels) == (2, size, channels)
    assert float(picture.min()) >= 0
    assert float(picture.max()) <= 1
    assert float(picture.std()) > 1e-3
    assert all(leaf.is_leaf and leaf.requires_grad and len(leaf) == 2 for leaf in made.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_item_of_a_batch_is_the_one_made_alone(kind, size, monkeypatch):
    """Byte for byte: start, picture, gradient, a start from photographs, another size, a rendering."""
    monkeypatch.setattr(cppn, "FIT_STEPS", 20)
    slope = noise(BATCH, 3, size[1], size[0])
    photos = torch.cat([twins.photo(n, 20, 30) for n in ("chelsea", "coffee", "rocket")])

    def made(items: slice) -> list[Tensor]:
        it = canvas(kind, size, seeds=tuple(range(BATCH))[items])
        results = [*it.parameters(), it.picture()]
        results += torch.autograd.grad(it.picture(), it.parameters(), slope[items])
        it.fit(photos[items])
        results += [it.picture()]
        it.resize((size[0] + 5, size[1] - 2))
        results += [it.picture(), it.render((41, 33))]
        it.note(slope[items, :, :-2])
        return [r.detach() for r in [*results, it.importance((9, 9))]]

    together = made(slice(None))
    for i in range(BATCH):
        for alone, item in zip(made(slice(i, i + 1)), together, strict=True):
            assert torch.equal(alone[0], item[i])


@pytest.mark.parametrize("kind", KINDS)
def test_each_item_starts_from_its_own_generator(kind):
    first, second, again = canvas(kind, seeds=(4, 5, 4)).parameters()[0]
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("squash", ["sigmoid", "clip"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_finite_differences(kind, squash):
    options = {"squash": squash} if kind in EXACT else {}
    made = stirred(kind, size=(11, 8), seeds=(0, 1), dtype=torch.float64, **options)
    made.settle()
    for leaf in made.parameters():
        if kind == "pixels" and squash == "clip":  # off the ends, where the slope is not the difference
            with torch.no_grad():
                leaf.mul_(0.8).add_(0.1)
    slope = noise(2, 3, 8, 11, dtype=torch.float64)
    gradients = torch.autograd.grad(made.picture(), made.parameters(), slope)

    def score() -> float:
        return float((made.picture() * slope).sum())

    for number, (leaf, gradient) in enumerate(zip(made.parameters(), gradients, strict=True)):
        way = noise(*leaf.shape, seed=number, dtype=torch.float64)
        scores = []
        for sign in (1, -1):
            with torch.no_grad():
                leaf.add_(sign * 1e-6 * way)
                scores.append(score())
                leaf.sub_(sign * 1e-6 * way)
        measured = (scores[0] - scores[1]) / 2e-6
        assert measured == pytest.approx(float((gradient * way).sum()), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_ascent_brings_a_picture_towards_another(kind):
    made = stirred(kind)
    wanted = twins.photo("coffee", 16, 24)
    before = psnr(made.picture().detach(), wanted)
    climber = torch.optim.Adam(made.parameters(), lr=0.02, maximize=True)
    for _ in range(60):
        gradient = wanted - made.picture().detach()
        slopes = torch.autograd.grad(made.picture(), made.parameters(), gradient)
        for leaf, slope in zip(made.parameters(), slopes, strict=True):
            leaf.grad = slope
        climber.step()
        made.settle()
    assert psnr(made.picture().detach(), wanted) > before + 1


@pytest.mark.parametrize("colour", ["decorrelated", "rgb"])
@pytest.mark.parametrize("size", [(120, 80), (97, 63)])
@pytest.mark.parametrize("kind", EXACT)
def test_a_photograph_comes_back(kind, size, colour):
    photo = twins.photo("chelsea", size[1], size[0])
    options = {"squash": "sigmoid"} if kind == "pixels" else {"colour": colour, "falloff": 1.4}
    made = canvas(kind, size, seeds=(0, 1), **options)
    made.fit(photo)
    for item in made.picture().detach():
        assert psnr(item, photo[0]) > 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_start_of_another_size_is_resampled(kind):
    photo = twins.photo("coffee", 60, 90)
    made = canvas(kind, (30, 20))
    made.fit(photo)
    small = itemwise(photo, (30, 20)).clamp(0, 1)
    # MACO keeps the phases alone, and a network of places what it can.
    assert psnr(made.picture().detach(), small) > (40 if kind in EXACT else 11)


@pytest.mark.parametrize("kind", KINDS)
def test_optimisers_keep_their_hold_on_the_leaves(kind, monkeypatch):
    monkeypatch.setattr(cppn, "FIT_STEPS", 2)
    made = canvas(kind)
    before = made.parameters()
    made.fit(twins.photo("rocket", 16, 24))
    made.load_state_dict(made.state_dict())
    assert all(a is b for a, b in zip(made.parameters(), before, strict=True))
    if kind == "pixels":
        exact = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
        made.fit(exact)
        assert torch.equal(made.picture(), exact)


@pytest.mark.parametrize("kind", KINDS)
def test_memories_of_the_leaves_fit_them_or_are_given_up(kind):
    made = canvas(kind, seeds=(0, 1))
    memories = [torch.ones_like(leaf) for leaf in made.parameters()]
    same = made.carried(memories, made.size)
    assert same is not None
    assert all(a is b for a, b in zip(same, memories, strict=True))
    made.resize((31, 22))
    carried = made.carried(memories, (24, 16))
    assert (carried is not None) == (kind in ("fourier", "cppn"))
    for memory, leaf in zip(carried or [], made.parameters(), strict=carried is not None):
        assert memory.shape == leaf.shape


@pytest.mark.parametrize("kind", EXACT)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_another_size_has_the_same_content(kind, data):
    """Enlarged, and seen at the old size again, it is nearly the same; back there too."""
    width, height = data.draw(st.integers(14, 40)), data.draw(st.integers(14, 40))
    more = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 30))
    made = canvas(kind, (width, height))
    made.fit(twins.photo("chelsea", height, width))
    before = made.picture().detach()
    made.resize((width + more[0], height + more[1]))
    assert made.size == (width + more[0], height + more[1])
    seen = itemwise(made.picture().detach(), (width, height))
    # The waves of a spectrum meet at the edges: where left and right differ they ring a little.
    assert psnr(seen, before) > 23
    made.resize((width, height))
    assert psnr(made.picture().detach(), before) > (60 if kind == "fourier" else 27)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rendering_leaves_the_canvas_alone(kind):
    made = stirred(kind, seeds=(0, 1))
    before = [leaf.detach().clone() for leaf in made.parameters()]
    picture = made.picture().detach()
    large = made.render((50, 40))
    assert large.shape == (2, 3, 40, 50)
    assert not large.requires_grad
    assert 0 <= float(large.min()) <= float(large.max()) <= 1
    assert torch.equal(made.render(made.size), picture)
    assert made.size == (24, 16)
    assert all(torch.equal(a, b) for a, b in zip(made.parameters(), before, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_comes_back(kind):
    made = stirred(kind, seeds=(0, 1))
    made.resize((31, 22))
    made.note(noise(2, 3, 22, 31))
    kept = made.state_dict()
    again = canvas(kind, seeds=(8, 9))
    again.load_state_dict(kept)
    assert again.size == (31, 22)
    assert torch.equal(again.picture(), made.picture())
    assert torch.equal(again.importance((5, 5)), made.importance((5, 5)))
    with torch.no_grad():
        again.parameters()[0].add_(1)
    assert not torch.equal(again.picture(), made.picture())
    with pytest.raises(UsageError, match="another canvas"):
        canvas(kind, seeds=(0,)).load_state_dict(kept)


def test_only_pixels_move_one_by_one():
    change = 0.1 * noise(1, 3, 16, 24)
    for squash in ("clip", "sigmoid"):
        made = canvas("pixels", squash=squash)
        wanted = made.picture().detach() + change
        made.add(change)
        torch.testing.assert_close(made.picture(), wanted.clamp(0, 1), atol=2e-3, rtol=0)
    for kind in KINDS:
        if kind != "pixels":
            with pytest.raises(TypeError, match="only pixels"):
                canvas(kind).add(change)


def test_importance_is_numpys():
    made = canvas("fourier", seeds=(0, 1))
    first, second = noise(2, 3, 16, 24), noise(2, 3, 16, 24, seed=8)
    assert torch.equal(made.importance((24, 16)), torch.ones(2, 16, 24))
    made.note(first)
    made.note(second)
    alpha = made.importance((24, 16))
    noted = (first.abs() + second.abs()).sum(1)
    for item, seen in zip(noted, alpha, strict=True):
        top = float(item.flatten().sort().values[int(0.8 * (item.numel() - 1))])
        torch.testing.assert_close(seen, (item / top).clamp(0, 1))
        assert float((seen == 1).float().mean()) == pytest.approx(0.2, abs=0.01)
    made.resize((30, 20))
    made.note(noise(2, 3, 20, 30))
    assert made.importance((60, 40)).shape == (2, 40, 60)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("furier", {}, 'did you mean "fourier"'),
        ("fourier", {"saturaton": 1.0}, 'did you mean "saturation"'),
        ("fourier", {"colour": "hsv"}, "there are decorrelated, rgb"),
        ("fourier", {"squash": "sigmoyd"}, 'did you mean "sigmoid"'),
        ("fourier", {"contrast": 0.0}, "contrast: 0.0 is not above 0"),
        ("cppn", {"activation": "relu"}, "there are composite, tanh"),
        ("cppn", {"layers": 0}, "0 layers"),
        ("laplacian", {"levels": 0}, "levels: 0"),
        ("pixels", {"grey": (0.1, 0.2)}, "2 values for 3 channels"),
        ("pixels", {"size": (0, 4)}, "no pixels"),
        ("pixels", {"seeds": ()}, "one generator for each"),
    ],
)
def test_what_does_not_fit_is_said(kind, options, words):
    with pytest.raises(UsageError, match=words):
        canvas(kind, **options)


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 1, 8, 8), (3, 8, 8)])
def test_a_start_that_does_not_fit_is_said(shape):
    with pytest.raises(UsageError, match="does not fit 3 canvases"):
        canvas("fourier", seeds=(0, 1, 2)).fit(torch.zeros(shape))
