"""What earlier looks say to the next: shares, gains and the map of where something is seen."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from reverie import objective as ob
from reverie.engine.engine import AutogradEngine
from reverie.gradient.attention import ELSEWHERE, FAINT, KEPT, Attention, attention_map, cells_in_view
from reverie.gradient.picture_gradient import picture_gradient
from reverie.gradient.tiles import Tiling
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.scoring.bind import BoundObjective, bind
from support import twins

TEXT = "standard(block3b) + 0.35*standard(block4a)"


@cache
def lite64() -> Network:
    return load_net("lite0").to(dtype=torch.float64)


def photograph(height: int, width: int) -> Tensor:
    return twins.photo("coffee", height, width).double()


def goal(text: str = TEXT, balance: str = "octave") -> BoundObjective:
    return bind(ob.parse(text), lite64(), balance=balance)


def looks(attention: Attention, count: int, *, tiling: Tiling | None = None) -> list[Tensor]:
    """The gradients of some looks at a picture, each under another roll."""
    engine, picture, found = AutogradEngine(lite64()), photograph(160, 224), []
    for k in range(count):
        _, gradient = picture_gradient(
            engine, goal(), picture, roll=(13 * k, 7 * k), tiling=tiling, attention=attention
        )
        found.append(gradient.clone())
    return found


@pytest.mark.slow
def test_the_first_look_of_an_octave_is_balanced_as_terms_are():
    engine, picture = AutogradEngine(lite64()), photograph(96, 128)
    _, wanted = picture_gradient(engine, goal(balance="terms"), picture)
    _, found = picture_gradient(engine, goal(), picture, attention=Attention())
    torch.testing.assert_close(found, wanted)


@pytest.mark.slow
def test_the_next_look_at_the_same_picture_takes_one_pass_and_comes_to_the_same():
    engine, picture, attention = AutogradEngine(lite64()), photograph(96, 128), Attention()
    passes = []
    backward = engine.backward
    engine.backward = lambda *a, **k: passes.append(1) or backward(*a, **k)  # type: ignore[method-assign]
    _, first = picture_gradient(engine, goal(), picture, attention=attention)
    first = first.clone()
    assert len(passes) == 2
    _, second = picture_gradient(engine, goal(), picture, attention=attention)
    assert len(passes) == 3
    torch.testing.assert_close(second, first, rtol=1e-6, atol=1e-12)
    attention.enter()
    picture_gradient(engine, goal(), picture, attention=attention)
    assert len(passes) == 5


@pytest.mark.slow
def test_tiles_change_nothing():
    """What a look needs of the whole picture is the last look's, so that tiles come to the same."""
    whole = looks(Attention(calm=1.0, variety=0.3), 3)
    tiled = looks(Attention(calm=1.0, variety=0.3), 3, tiling=Tiling(96, 256, 32))
    for a, b in zip(whole, tiled, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-6, atol=1e-9)


def test_channels_that_are_strong_all_over_are_held_back():
    attention = Attention(variety=0.5)
    energy = torch.tensor([4.0, 1.0, 0.0, 9.0])
    attention.energy = [energy]
    gain = attention.gain(0, len(energy))
    assert gain is not None
    wanted = (energy.numpy() + FAINT * 3.5) ** -0.5
    np.testing.assert_allclose(gain.flatten().numpy(), wanted / wanted.mean(), rtol=1e-6)
    assert Attention().gain is not None
    assert Attention(variety=0.0, energy=[energy]).gain(0, len(energy)) is None


@pytest.mark.parametrize("calm", [0.0, 0.5, 1.0])
def test_gradients_count_less_where_nothing_is_seen(calm):
    seen = torch.linspace(0, 1, 12).view(1, 1, 3, 4)
    emphasis = Attention(calm=calm, map=seen).emphasis()
    if not calm:
        assert emphasis is None
        return
    least = 1 - (1 - ELSEWHERE) * calm
    assert emphasis is not None
    torch.testing.assert_close(emphasis, least + (1 - least) * seen)


def test_the_map_is_where_a_layer_stands_out():
    """Against scipy, for cells that lie as the picture does; no edges of the roll are seen in it."""
    rng = torch.Generator().manual_seed(6)
    seen = torch.rand(1, 1, 20, 24, dtype=torch.float64, generator=rng) * 6
    found = attention_map(seen, (1.2, 4.0), (160, 192))[0, 0].numpy()
    smooth = ndimage.gaussian_filter(seen[0, 0].numpy(), 0.7, mode="wrap", radius=3)
    way = np.clip((smooth - 1.2) / 2.8, 0, 1)
    certain = way * way * (3 - 2 * way)
    large = ndimage.zoom(certain, 8, order=1, grid_mode=True, mode="nearest")
    wanted = ndimage.gaussian_filter(large, 12.0, mode="reflect")
    assert np.abs(found - wanted)[20:-20, 20:-20].max() < 0.02
    assert np.abs(found - wanted).max() < 0.15  # the edges are mirrored at another place


@pytest.mark.slow
@pytest.mark.parametrize("roll", [(0, 0), (32, -48), (13, 7)])
def test_the_map_lies_as_the_picture_does_whatever_the_roll(roll):
    """A bright thing in an empty picture is seen where it is."""
    attention = Attention(calm=1.0)
    picture = torch.full((1, 3, 192, 256), 0.5, dtype=torch.float64)
    picture[:, :, 60:130, 150:230] = photograph(70, 80)
    engine = AutogradEngine(lite64())
    picture_gradient(engine, goal("standard(block4a)"), picture, roll=roll, attention=attention)
    assert attention.map is not None
    seen = attention.map[0, 0]
    assert float(seen[80:110, 170:210].mean()) > 4 * float(seen[:, :90].mean())


@pytest.mark.parametrize("roll", [(0, 0), (32, -48), (13, 7)])
@pytest.mark.parametrize("size", [(160, 192), (157, 190)])
def test_a_map_on_cells_is_that_of_the_pixels(size, roll):
    """The means of the map over each cell; where the roll's edges meet it is smooth, and that is not."""
    rng = torch.Generator().manual_seed(3)
    seen = ndimage.gaussian_filter(torch.rand(1, 1, 20, 24, generator=rng).numpy() * 6, (0, 0, 1, 1))
    seen = torch.from_numpy(seen)
    pixels = attention_map(seen, (2.0, 4.0), size, roll)
    expected = torch.nn.functional.avg_pool2d(pixels, 4, ceil_mode=True)
    found = attention_map(seen, (2.0, 4.0), size, roll, 4)
    assert found.shape == expected.shape
    assert (found - expected).abs().mean() < 0.01
    assert (found - expected).abs().max() < 0.15


@pytest.mark.parametrize(
    ("start", "seen"), [((0, 0), (40, 60)), ((-7, 13), (40, 60)), ((-20, -30), (72, 124))]
)
def test_cells_are_viewed_as_pixels_are(start, seen):
    """Rolled and continued circularly, against the same of every pixel."""
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(60.0), indexing="ij")
    plane = (0.5 + 0.3 * torch.sin(2 * torch.pi * y / 40) + 0.2 * torch.cos(2 * torch.pi * x / 60))[
        None, None
    ]
    cells = torch.nn.functional.avg_pool2d(plane, 4)
    rows, columns = ((torch.arange(n) + at) % size for n, at, size in zip(seen, start, (40, 60), strict=True))
    expected = torch.nn.functional.avg_pool2d(plane[:, :, rows][..., columns], 4)
    found = cells_in_view(cells, 4, (40, 60), start, seen)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.03)


@pytest.mark.slow
def test_gradients_hardly_tell_cells_from_pixels():
    """Some looks of each, under rolls: the same scores, and nearly the same gradients."""
    by = {cell: looks(Attention(calm=1.0, variety=0.3, cell=cell), 3) for cell in (1, 4)}
    for one, other in zip(by[1], by[4], strict=True):
        alike = torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0)
        assert alike > 0.999


@pytest.mark.parametrize("cells", [(1, 1), (2, 5), (3, 3), (4, 40)])
def test_a_map_of_few_cells_is_a_map(cells):
    found = attention_map(torch.full((1, 1, *cells), 9.0), (1.2, 4.0), (16 * cells[0], 16 * cells[1]))
    torch.testing.assert_close(found, torch.ones_like(found))


@pytest.mark.slow
def test_the_map_is_kept_from_look_to_look():
    attention = Attention(calm=1.0)
    engine = AutogradEngine(lite64())
    first, second = photograph(96, 128), photograph(96, 128).flip(3)
    picture_gradient(engine, goal("standard(block3b)"), first, attention=attention)
    one = attention.map
    picture_gradient(engine, goal("standard(block3b)"), second, attention=attention)
    fresh = Attention(calm=1.0)
    picture_gradient(engine, goal("standard(block3b)"), second, attention=fresh)
    assert one is not None
    assert fresh.map is not None
    torch.testing.assert_close(attention.map, KEPT * one + (1 - KEPT) * fresh.map)


@pytest.mark.slow
def test_what_is_kept_can_be_taken_up():
    attention = Attention(calm=1.0, variety=0.3)
    looks(attention, 2)
    other = Attention(calm=1.0, variety=0.3)
    other.load_state_dict(attention.state_dict())
    for a, b in zip(looks(attention, 2), looks(other, 2), strict=True):
        assert torch.equal(a, b)


@pytest.mark.slow
def test_a_penalty_goes_along():
    engine, picture, attention = AutogradEngine(lite64()), photograph(96, 128), Attention()
    bound = goal("standard(block3b) - 0.1*tv")
    _, wanted = picture_gradient(engine, goal("standard(block3b) - 0.1*tv", "terms"), picture)
    for _ in range(2):
        _, found = picture_gradient(engine, bound, picture, attention=attention)
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("there", ["0.1*standard(block3b) + 0.9*standard(block4a)", "standard(block4a)"])
def test_terms_whose_weights_change_go_on_as_if_measured_anew(there: str) -> None:
    """As where one scene goes over into another: shares follow the weights."""
    engine, picture, attention = AutogradEngine(lite64()), photograph(96, 128), Attention()
    picture_gradient(engine, goal(), picture, attention=attention)
    _, wanted = picture_gradient(engine, goal(there), picture, attention=Attention())
    for _ in range(2):
        _, found = picture_gradient(engine, goal(there), picture, attention=attention)
        scale = float(wanted.norm() / found.norm()) if "+" not in there else 1.0  # alone, any length will do
        torch.testing.assert_close(found * scale, wanted, rtol=1e-6, atol=0)


def test_what_was_said_of_terms_that_stay_is_kept() -> None:
    attention = Attention()
    attention.begin(("0.5*a", "0.25*b", "-0.25*b"))
    energy = [torch.ones(1) * k for k in range(3)]
    attention.energy, attention.norms, attention.shares = [*energy], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    attention.map = torch.zeros(1, 1, 2, 2)
    attention.begin(("0.25*a", "0.5*b", "-1e-02*b"))
    assert attention.norms == pytest.approx([0.5, 4.0, 0.12])
    assert attention.shares == pytest.approx([2.0, 10.0, 0.24])
    assert attention.map is not None
    attention.begin(("b", "c"))
    assert attention.energy == [energy[1], None]
    assert attention.shares is None  # of c nothing is known
    assert attention.map is None  # some came, some went


def test_that_of_a_rectangle_has_its_cells_and_says_of_the_whole_only_what_is_seen() -> None:
    whole = Attention(calm=1.0, map=torch.rand(1, 1, 12, 19), cell=4, norms=[1.0])
    whole.of_partner(0).map = whole.map
    part = whole.cropped((8, 32, 47, 75))
    assert whole.map is not None
    assert part.map is not None
    assert torch.equal(part.map, whole.map[:, :, 2:12, 8:19])
    assert part.of_partner(0).map is not None
    before = whole.map.clone()
    part.norms, part.map = [2.0], 1 - part.map
    assert torch.equal(whole.map, before)
    whole.paste(part, (8, 32, 47, 75))
    assert whole.norms == [1.0]
    before[:, :, 2:12, 8:19] = part.map
    assert torch.equal(whole.map, before)
