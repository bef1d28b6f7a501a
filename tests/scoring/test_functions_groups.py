"""Scores of groups of classes: against NumPy, the seeds against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie import objective as ob
from reverie.gradient.cells import Window
from reverie.network.zoo import load_net
from reverie.scoring.bind import bind
from reverie.scoring.functions import AnyOf, Pick, log_probability


def test_any_of_is_the_log_of_summed_exponentials() -> None:
    cells = torch.randn(2, 7, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 5
    window, any_of = Window.whole(3, 4), AnyOf((1, 4, 6))
    some = cells.numpy()[:, [1, 4, 6]]
    top = some.max(1)
    wanted = top + np.log(np.exp(some - top[:, None]).sum(1))
    np.testing.assert_allclose(any_of(cells, window).numpy(), wanted, rtol=1e-12)
    slope, step = any_of.slope(cells), 1e-6
    for channel in range(7):
        moved = cells.clone()
        moved[:, channel] += step
        difference = (any_of(moved, window) - any_of(cells, window)) / step
        assert torch.allclose(slope[:, channel], difference, atol=1e-5)
    assert not slope[:, [0, 2, 3, 5]].any()


def test_a_groups_probability_is_its_classes_sum() -> None:
    cells = torch.randn(1, 9, 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 3
    powers = np.exp(cells.numpy().ravel())
    window = Window.whole(1, 1)
    several = log_probability((0, 5, 8))(cells, window).exp()
    assert float(several) == pytest.approx(powers[[0, 5, 8]].sum() / powers.sum(), rel=1e-12)
    assert float(log_probability((5,))(cells, window).exp()) == pytest.approx(
        powers[5] / powers.sum(), rel=1e-12
    )


def test_words_are_bound_to_their_classes() -> None:
    net = load_net("lite0")
    for text, function in (
        ('class("cats")', AnyOf(tuple(range(281, 288)))),
        ('class("pizza")', Pick(963)),
        ("class(207)", Pick(207)),
    ):
        (term,) = bind(ob.parse(text), net).terms
        assert (term.text, term.function) == (text, function)
        assert str(ob.parse(text)) == text
    assert net.classes is not None
    both = [
        bind(ob.parse('logprob("dog")'), net).terms[0],
        bind(ob.parse('class("dog")'), net, portrait=True).terms[0],
    ]
    assert [term.layer for term in both] == ["logits", "logits"]
