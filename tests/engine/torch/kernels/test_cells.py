"""Maps by cells, and back."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.engine.torch.kernels.cells import into_cells, out_of_cells
from support.convolutions import CHANNELS_LAST, SETS, random

pytestmark = [
    pytest.mark.skipif(not SETS, reason="no native library on this machine"),
]


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)),
    step=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    last_channels=st.booleans(),
    threads=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_cells_are_pixels_side_by_side(
    shape: tuple[int, int, int, int], step: tuple[int, int], last_channels: bool, threads: int
) -> None:
    torch.set_num_threads(threads)
    x = random(1, *shape).float()
    around = (0, -shape[3] % step[1], 0, -shape[2] % step[0])
    whole = F.pad(x, around)
    # pixel_unshuffle's channels are (channel, row, column); it knows squares only
    rows = whole.unflatten(3, (-1, step[1])).unflatten(2, (-1, step[0]))
    expected = rows.permute(0, 3, 5, 1, 2, 4).flatten(1, 3)
    given_x = x.contiguous(memory_format=CHANNELS_LAST) if last_channels else x
    found = into_cells(given_x, step)
    assert torch.equal(found, expected)
    assert found.is_contiguous(memory_format=CHANNELS_LAST)
    assert torch.equal(out_of_cells(found, x.shape, step), x)
