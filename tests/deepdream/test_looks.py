"""What looks said, carried from frame to frame."""

from __future__ import annotations

import torch

from reverie.deepdream.looks import CELL, Looks, attention_of
from reverie.media.video.write.serialise import pack, unpack
from reverie.recipe.presets.preset import preset

OURS = preset("reverie")


def test_each_size_has_its_own_and_keeps_it() -> None:
    looks = Looks(0.9)
    small, large = looks.at(0, OURS), looks.at(1, OURS)
    assert small is not None
    assert small is not large
    assert looks.at(0, OURS) is small
    assert looks.largest() is large
    assert small.kept == 0.9
    assert (small.calm, small.variety) == (OURS.calm, OURS.variety)


def test_another_recipe_begins_anew_and_one_that_asks_for_none_has_none() -> None:
    looks = Looks(0.9)
    before = looks.at(0, OURS)
    assert looks.at(0, OURS.but(calm=0.5)) is not before
    assert Looks(0.9).at(0, preset("classic")) is None


def test_maps_move_and_so_do_those_of_partners() -> None:
    looks = Looks(0.9)
    attention = looks.at(0, OURS)
    assert attention is not None
    partner = attention.of_partner(0)
    attention.map, partner.map = torch.rand(1, 1, 4, 5), torch.rand(1, 1, 4, 5)
    expected = attention.map.flip(3), partner.map.flip(3)
    looks.move(lambda plane: plane.flip(3))
    assert torch.equal(attention.map, expected[0])
    assert torch.equal(partner.map, expected[1])
    assert partner.kept == 0.9


def test_what_was_seen_is_brought_to_another_size() -> None:
    looks = Looks(0.9)
    attention = looks.at(1, OURS)
    assert attention is not None
    partner = attention.of_partner(0)
    attention.map = partner.map = torch.linspace(0, 1, 20).expand(1, 1, 10, 20)
    assert looks.at(1, OURS, (10 * CELL, 20 * CELL)) is attention
    assert attention.map.shape[2:] == (10, 20)
    looks.at(1, OURS, (15 * CELL - 1, 30 * CELL))
    for seen in (attention.map, partner.map):
        assert seen.shape[2:] == (15, 30)
        assert torch.allclose(seen[0, 0, 0, [0, -1]], torch.tensor([0.0, 1.0]), atol=0.02)
        assert bool((seen.diff(dim=3) >= 0).all())


def test_what_a_film_keeps_of_them_can_be_taken_up() -> None:
    looks = Looks(0.9)
    attention = looks.at(2, OURS)
    assert attention is not None
    attention.terms, attention.norms, attention.shares = ("a",), [2.0], [0.5]
    attention.map, attention.energy = torch.rand(1, 1, 4, 5), [torch.rand(7)]
    again = Looks(0.9)
    again.load_state_dict(unpack(pack({"looks": looks.state_dict()}))["looks"])
    taken = again.at(2, OURS)
    assert taken is not None
    assert taken.kept == 0.9
    assert torch.equal(taken.map, attention.map)  # type: ignore[arg-type]
    assert taken.state_dict().keys() == attention.state_dict().keys()
    assert (taken.terms, taken.norms, taken.shares) == (("a",), [2.0], [0.5])


def test_a_still_dream_of_another_size_says_nothing_of_this_one() -> None:
    looks, still = Looks(0.9), attention_of(OURS)
    assert still is not None
    still.map = torch.rand(1, 1, 4, 5)
    looks.take(1, still, (8, 10))
    assert looks.largest() is None
    looks.take(1, still, (4, 5))
    assert looks.largest() is still
    assert still.kept == 0.9


def test_maps_of_what_moves_are_kept_on_cells() -> None:
    """Those of a still dream that is gone on from, and of states that earlier versions kept, become such."""
    still = attention_of(OURS)
    assert still is not None
    still.map = pixels = torch.rand(1, 1, 10, 13)
    still.of_partner(0).map = pixels.flip(3)
    before = {"0": {"calm": OURS.calm, "variety": OURS.variety, **still.state_dict()}}
    looks, resumed = Looks(0.9), Looks(0.9)
    looks.take(0, still, (10, 13))
    resumed.load_state_dict(before)
    for attention in (looks.at(0, OURS), resumed.at(0, OURS)):
        assert attention is not None
        assert attention.map is not None
        assert attention.map.shape == (1, 1, 3, 4)
        assert attention.map[0, 0, 2, 3] == pixels[..., 8:, 12:].mean()
        partner = attention.of_partner(0).map
        assert partner is not None
        torch.testing.assert_close(partner[0, 0, 0, 0], pixels.flip(3)[..., :4, :4].mean())
        assert attention.of_partner(1).cell == CELL
