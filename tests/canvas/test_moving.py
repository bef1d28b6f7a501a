"""A film's canvas: a rectangle of it by itself, and what the detail is added to."""

from __future__ import annotations

import pytest
import torch

from reverie.canvas.detail import DetailCanvas
from reverie.canvas.moving import FilmCanvas
from support import twins

BOX = (8, 32, 40, 64)


def canvas(mask: torch.Tensor | None = None) -> FilmCanvas:
    made = FilmCanvas.of(DetailCanvas(twins.photo("coffee", 48, 64), mask, soft=True, softened=True))
    made.detail = 0.1 * torch.randn(1, 3, 48, 64, generator=torch.Generator().manual_seed(1))
    return made


@pytest.mark.parametrize("masked", [False, True])
def test_a_rectangle_shows_what_the_whole_does_there(masked: bool) -> None:
    whole = canvas(torch.linspace(0, 1, 64).expand(1, 1, 48, 64).contiguous() if masked else None)
    top, left, bottom, right = BOX
    part = whole.cropped(BOX)
    assert part.size == (right - left, bottom - top)
    torch.testing.assert_close(part.picture(), whole.picture()[:, :, top:bottom, left:right])


def test_only_what_is_pasted_changes_and_is_measured() -> None:
    whole = canvas()
    before, moved, part = whole.detail.clone(), whole.moved(), whole.cropped(BOX)
    part.move(scale=2.0)
    assert torch.equal(whole.detail, before)
    whole.paste(part, BOX)
    top, left, bottom, right = BOX
    before[:, :, top:bottom, left:right] *= 2
    assert torch.equal(whole.detail, before)
    assert whole.moved() > moved


def test_at_its_own_size_the_base_is_that_of_the_source() -> None:
    source = twins.photo("chelsea", 48, 64)
    film = canvas().rebased(source)
    plain = DetailCanvas(source, soft=True, softened=True)
    for size in ((32, 24), (64, 48)):
        film.resize(size)
        assert film.size == size
    assert torch.equal(film.base, plain.base)
    assert torch.equal(
        film.warped(torch.zeros(48, 64, 2)).rebased(1 - source).base, canvas().rebased(1 - source).base
    )
