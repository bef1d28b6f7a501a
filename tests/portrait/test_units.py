"""What units are called, and what their portraits increase."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.portrait.units import LOGITS, class_index, class_indices, class_name, objective_of
from support.microscope import lite0


def test_a_class_is_one_unit_and_a_group_several() -> None:
    assert class_indices(lite0(), "guitars") == (402, 546)
    assert class_index(lite0(), "tabby") == 281
    assert class_name(lite0(), 281).startswith("tabby")
    with pytest.raises(UsageError):
        class_index(lite0(), "no such thing")


def test_units_of_the_scores_are_classes() -> None:
    assert objective_of(None, 281, "sketch", lite0()) == objective_of(LOGITS, 281, "sketch", lite0())
    assert "281" in objective_of(LOGITS, 281, "sketch", lite0())
    assert "block5c" in objective_of("block5c", 3, "sketch", lite0())
