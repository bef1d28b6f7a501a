"""How wide tiles reach over, and what is not cut."""

from __future__ import annotations

import pytest

from reverie.ascent.cutting import SEEN, cut_of, margin_of, sees_parts
from reverie.engine.engine import AutogradEngine
from reverie.objective import parse
from reverie.scoring.bind import BoundObjective, bind
from support.microscope import lite0

ENGINE = AutogradEngine(lite0(), device="cpu")


def goal(text: str) -> BoundObjective:
    return bind(parse(text), lite0())


def halo_of(halo: int | str, text: str = "block4a") -> int:
    found = cut_of(goal(text), 400, 600, engine=ENGINE, device="cpu", halo=halo)
    assert found is not None
    return found.halo


def test_the_usual_halo_is_a_share_of_what_a_cell_sees_and_no_halo_is_wider_than_all_of_it() -> None:
    geometry = lite0().geometry(("block4a",))
    assert geometry is not None
    stride, field = geometry
    assert 0 <= halo_of("auto") - (SEEN * field + 8) < stride
    assert 0 <= halo_of("full") - (field / 2 + stride) < stride
    assert halo_of(stride + 1) == 2 * stride
    assert halo_of(4096) == halo_of("full")


def test_what_is_small_or_reads_the_picture_alone_is_not_cut() -> None:
    for text, side in (("block4a", 128), ("tv", 600)):
        assert cut_of(goal(text), side, side, engine=ENGINE, device="cpu", halo="auto") is None


@pytest.mark.parametrize(("size", "margin"), [((400, 600), 64), ((60, 600), 30)])
def test_a_seamless_picture_is_shown_its_other_side(size: tuple[int, int], margin: int) -> None:
    assert margin_of(goal("block4a"), *size) == margin
    assert margin_of(goal("tv"), *size) == 0


@pytest.mark.parametrize(
    ("text", "parts"),
    [("block4a", True), ("standard(block5c) + block4a", True), ("tv", False), ("logit(5)", True)],
)
def test_parts_are_seen_by_themselves_where_nothing_is_of_the_whole(text: str, parts: bool) -> None:
    assert sees_parts(goal(text), lite0()) is parts
