"""Sites: found among all squares, by a twin that looks at each of them alone."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reverie.ascent.session import Session
from reverie.deepdream.apparition.find import APART, Site, find_sites, sites_in, squares
from reverie.network.zoo import load_net
from reverie.recipe.sites import Sites
from support.apparitions import gradients, small
from support.twins import small as photograph


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(small())


def test_squares_lie_within_the_picture_and_leave_nothing_out() -> None:
    for size, side in (((160, 100), 0.45), ((100, 100), 1.0), ((90, 200), 0.75)):
        length, seen = side * min(size), np.zeros((size[1], size[0]), bool)
        for x, y in squares(size, side):
            left, top = x * size[0] - length / 2, y * size[1] - length / 2
            assert min(left, top) > -1e-6
            assert left + length < size[0] + 1e-6
            assert top + length < size[1] + 1e-6
            seen[math.floor(top) : math.ceil(top + length), math.floor(left) : math.ceil(left + length)] = (
                True
            )
        assert seen.all()


def greedy(tables: dict[float, np.ndarray], size: tuple[int, int], sides: list[float]) -> list[Site]:
    """Sites by trying every square again for each: ``sides`` in turn for the targets in turn."""
    found: list[Site] = []
    for turn, side in enumerate(sides):
        target = turn % len(tables[side])
        best = None
        for place, (x, y) in enumerate(squares(size, side)):
            here = np.array([x * size[0], y * size[1]])
            free = all(
                np.linalg.norm(here - np.array([s.x * size[0], s.y * size[1]]))
                > APART * (side + s.side) * min(size)
                for s in found
            )
            if free and (best is None or tables[side][target][place] > best[0]):
                best = tables[side][target][place], Site(x, y, side, target)
        assert best is not None
        found.append(best[1])
    return found


@pytest.mark.parametrize("targets", [1, 2])
def test_sites_are_those_of_a_twin_that_tries_all_squares(targets: int) -> None:
    size, settings = (300, 200), Sites(count=4, sides=(0.6, 0.3))
    tables: dict[float, np.ndarray] = {}

    def score(side: float, centres: object) -> torch.Tensor:
        rng = np.random.default_rng(round(side * 1000))
        tables[side] = rng.normal(size=(targets, len(squares(size, side))))
        return torch.from_numpy(tables[side])

    found = find_sites(score, size, settings, targets)
    sides = [site.side for site in found]
    assert len(found) == 4
    assert sides[0] == pytest.approx(0.6 / math.sqrt(targets))
    assert found == greedy(tables, size, sides)


def test_more_sites_than_fit_become_smaller_and_at_last_fewer() -> None:
    def score(side: float, centres: object) -> torch.Tensor:
        return torch.zeros(1, len(squares((200, 200), side)))

    many = find_sites(score, (200, 200), Sites(count=32), 1)
    assert 5 < len(many) < 32
    assert min(site.side for site in many) < 0.45
    for one, other in combinations(many, 2):
        gap = math.hypot(one.x - other.x, one.y - other.y)
        assert gap > APART * (one.side + other.side)


def test_every_target_has_a_site_even_where_there_is_no_room() -> None:
    def score(side: float, centres: object) -> torch.Tensor:
        return torch.zeros(20, len(squares((64, 64), side)))

    found = find_sites(score, (64, 64), Sites(count=1), 20)
    assert {site.target for site in found} == set(range(20))


@pytest.mark.slow
def test_the_first_site_is_where_the_class_is_most_nearly_seen(session: Session) -> None:
    recipe = small("tabby", sites={"look_size": 64, "certainty": 1.0, "count": 1, "sides": (0.75, 0.45)})
    source = photograph("chelsea", 120)
    (site,) = sites_in(source, None, recipe, session)
    net, index = load_net("lite0"), load_net("lite0").classes.lookup("tabby")  # type: ignore[union-attr]
    height, width = source.shape[2:]
    length = round(0.75 * min(height, width))
    seen = []
    for x, y in squares((width, height), 0.75):
        top = min(max(0, round(y * height - length / 2)), height - length)
        left = min(max(0, round(x * width - length / 2)), width - length)
        part = source[:, :, top : top + length, left : left + length]
        part = F.interpolate(part, (64, 64), mode="bicubic", align_corners=False, antialias=False)
        scores = net(part.clamp(0, 1), ["logits"])["logits"][0].double()
        seen.append((float(scores[index] + scores.log_softmax(0)[index]), (x, y)))
    assert (site.x, site.y) == max(seen)[1]


def test_sites_are_found_where_the_mask_is_white(session: Session) -> None:
    source = gradients(80, 160)
    for left in (True, False):
        mask = torch.zeros(1, 1, 80, 160)
        mask[..., :80] = float(left)
        mask[..., 80:] = float(not left)
        found = sites_in(source, mask, small(sites={"count": 1}), session)
        assert (found[0].x < 0.5) is left
