"""Views about sites: where they lie, whose they are, and what comes back of them."""

from __future__ import annotations

import torch

from reverie.ascent.session import Session
from reverie.deepdream.apparition.find import Site
from reverie.deepdream.apparition.look import SiteViews, draw_views, turns
from reverie.ops.transform.apply import apply
from reverie.recipe.sites import Sites
from reverie.scoring.batch import BatchObjective
from support.apparitions import gradients, small

STILL = Sites(views=2, shift=0.0, zoom=(1.0, 1.0), turn=0.0, noise=0.0)


def test_every_site_has_a_view_and_the_rest_go_round() -> None:
    assert turns(3, 6, 0) == [0, 1, 2, 0, 1, 2]
    assert [turns(2, 3, step)[2] for step in range(4)] == [0, 1, 0, 1]
    assert {k for step in range(3) for k in turns(5, 2, step)} == set(range(5))


def test_a_view_that_does_not_move_is_the_site_or_its_mirror_image() -> None:
    picture = gradients(60, 90)
    site = Site(40 / 90, 30 / 60, 20 / 60)
    drawn = draw_views(torch.Generator().manual_seed(1), [site], STILL, (90, 60), 0)
    part = picture[0, :, 20:40, 30:50]
    for view in apply([drawn], picture, (20, 20)):
        assert min(float((view - one).abs().max()) for one in (part, part.flip(2))) < 1e-5


def test_views_stay_about_their_site() -> None:
    settings, site = Sites(views=32), Site(0.5, 0.5, 0.5)
    rng = torch.Generator().manual_seed(0)
    for view in draw_views(rng, [site], settings, (200, 100), 0):
        (a, b, c, d, e, f), (width, height) = view.affine, view.size
        x, y = a * width / 2 + b * height / 2 + c, d * width / 2 + e * height / 2 + f
        assert max(abs(x - 100), abs(y - 50)) <= settings.shift * 50 + 1e-6
        assert 0.85 * 50 - 1e-6 <= width <= 1.4 * 50
        assert 0 <= view.touches[0].spread <= settings.noise  # type: ignore[union-attr]


def test_the_gradient_is_the_sum_of_what_each_objective_says_alone() -> None:
    recipe = small("tabby", "castle", sites={"priors": ()})
    session = Session(recipe)
    pictures = torch.cat([gradients(48, 64), gradients(48, 64).flip(3)])
    goals = [session.goal(recipe, k) for k in range(2)]
    rng = torch.Generator().manual_seed(0)
    settings = Sites(views=2, noise=0.0)
    drawn = [
        [draw_views(rng, [Site(0.3 + 0.4 * k, 0.5, 0.6)], settings, (64, 48), 0) for k in range(2)]
        for _ in pictures
    ]
    both = [[view for turn in zip(*of_draft, strict=True) for view in turn] for of_draft in drawn]
    look = SiteViews(pictures, both, 40, [])
    scores, gradient = look.gradient(session, BatchObjective([g for g in goals for _ in pictures]))
    expected, values = torch.zeros_like(pictures), torch.zeros(2, 2)
    for k, goal in enumerate(goals):
        for n in range(2):
            alone = SiteViews(pictures[n : n + 1], [drawn[n][k]], 40, [])
            (values[k, n],), slope = alone.gradient(session, BatchObjective([goal]))
            expected[n] += slope[0]
    assert torch.allclose(gradient, expected, atol=1e-5 * float(expected.abs().max()) + 1e-9, rtol=1e-3)
    assert torch.allclose(torch.tensor(look.scores), values.mean(0), atol=1e-3)
    assert scores == (max(look.scores),)
