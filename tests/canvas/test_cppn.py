"""A network of places as a canvas."""

from __future__ import annotations

import pytest
import torch

from support import twins
from support.canvases import canvas, psnr, stirred


@pytest.mark.slow
def test_a_network_of_places_comes_near_a_photograph():
    photo = twins.photo("chelsea", 32, 48)
    made = canvas("cppn", (48, 32), layers=3, width=16)
    made.fit(photo)
    assert psnr(made.picture().detach(), photo) > 19


def test_a_network_of_places_is_the_same_function_at_any_size():
    made = stirred("cppn", size=(14, 9), layers=4, width=8)
    small, large = made.picture(), made.render((42, 27))
    # The middle of every third pixel, from the second on, is the middle of a pixel of the small picture.
    torch.testing.assert_close(large[..., 1::3, 1::3], small, atol=1e-5, rtol=0)
    made.resize((42, 27))
    assert torch.equal(made.picture(), large)
