"""The network as the judge of an evolution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import UsageError
from reverie.jobs.fooling.judge import Arena, best
from support.fooling import five, small


def test_a_network_without_classes_is_refused(monkeypatch):
    net = five()
    monkeypatch.setattr(type(net), "layers", {})
    with pytest.raises(UsageError, match="has no classes"):
        Arena(small(), net=net)


def test_how_long_it_takes_is_measured():
    found = Arena(small(), net=five()).trial(4)
    assert found["evaluations"] == small().evaluations()
    assert found["seconds"] == pytest.approx(found["evaluations"] / found["rate"])
    assert found["classes"] == 5


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30))
def test_the_best_are_the_largest_first(shares):
    found = best(np.array(shares), 3)
    assert [shares[i] for i in found] == sorted(shares, reverse=True)[:3]
