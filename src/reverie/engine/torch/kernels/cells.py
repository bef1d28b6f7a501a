"""Between pictures and cells of some pixels, channels last, in fp32 on the CPU, by the native library."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reverie.engine.torch.kernels.conv import empty
from reverie.native import cells

Pair = tuple[int, int]


def into_cells(x: Tensor, step: Pair) -> Tensor:
    """Pictures in cells of ``step`` pixels; where a cell is not full it holds zeros.

    Args:
        x: (N, C, H, W) in fp32, in any layout.
        step: Rows and columns of a cell.

    Returns:
        (N, rows * columns * C, H / rows, W / columns), rounded up, channels last.
    """
    count, channels, height, width = x.shape
    sides = (math.ceil(height / step[0]), math.ceil(width / step[1]))
    found = empty((count, step[0] * step[1] * channels, *sides))
    _run(x, found, step, back=False)
    return found


def out_of_cells(found: Tensor, shape: torch.Size, step: Pair) -> Tensor:
    """What is in cells, as pictures of a shape (N, C, H, W), contiguous, in fp32.

    Args:
        found: (N, rows * columns * C, H / rows, W / columns), rounded up, in fp32.
        shape: Of the pictures.
        step: Rows and columns of a cell.
    """
    x = torch.empty(shape, dtype=torch.float32)
    _run(x, found.contiguous(memory_format=torch.channels_last), step, back=True)
    return x


def _run(x: Tensor, held: Tensor, step: Pair, *, back: bool) -> None:
    count, channels, height, width = x.shape
    picture, channel, row, column = x.stride()
    job = cells.CellsJob(
        count=count, channels=channels, height=height, width=width, step_y=step[0], step_x=step[1],
        back=back, threads=torch.get_num_threads(),
        pixels=x.data_ptr(), picture=picture, channel=channel, row=row, column=column, cells=held.data_ptr(),
    )  # fmt: skip
    cells.run(job)
