"""What is weak left out by OpenCV, beside the reference in torch."""

import pytest
import torch

from reverie.canvas.fast_shrunk import fast_shrunk
from reverie.ops.opponent import shrunk


@pytest.mark.parametrize("size", [(96, 131), (17, 9), (7, 40), (64, 64)])
@pytest.mark.parametrize("looked", [True, False])
def test_it_is_the_reference_but_for_the_last_bits(size: tuple[int, int], looked: bool) -> None:
    generator = torch.Generator().manual_seed(sum(size))
    change = 0.1 * torch.randn(1, 3, *size, generator=generator)
    seen = torch.rand(1, 1, -(-size[0] // 4), -(-size[1] // 4), generator=generator) if looked else None
    before = change.clone()
    torch.testing.assert_close(
        fast_shrunk(change, 0.06, attention=seen),
        shrunk(change, 0.06, attention=seen),
        rtol=0,
        atol=1e-6,
    )
    assert torch.equal(change, before)


@pytest.mark.parametrize("channels", [1, 4])
def test_what_has_no_axes_of_colour_is_made_by_the_reference(channels: int) -> None:
    change = torch.randn(1, channels, 40, 48, generator=torch.Generator().manual_seed(0))
    assert torch.equal(fast_shrunk(change, 0.5), shrunk(change, 0.5))


def test_nothing_stays_nothing() -> None:
    assert not fast_shrunk(torch.zeros(1, 3, 40, 40), 0.0).any()
