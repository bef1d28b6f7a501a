"""Max pooling of the torch engine by the native library: torch keeps eight bytes a result, this one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reverie.engine.torch.kernels.conv import empty, spaced
from reverie.native import Isa, pool

#: Number formats of maps.
POOLED = (torch.float32, torch.bfloat16)


def can_pool(window: tuple[Any, ...]) -> bool:
    """Whether the kernels know a window: (kernel, stride, padding, dilation, ceil), pairs but the last."""
    kernel, _, _, dilation, _ = window
    return bool(dilation == (1, 1) and kernel[0] * kernel[1] <= 256)


def _as_pooled(x: Tensor) -> Tensor:
    """In one of these: any operator may have made it."""
    return x if x.dtype in POOLED else x.float()


class Pool:
    """Max pooling at one size."""

    def __init__(self, window: tuple[Any, ...], taken: torch.Size, made: torch.Size, isa: Isa) -> None:
        """``window`` as in ``can_pool``; (N, C, H, W) of the input and of the results."""
        self._window, self._taken, self._made, self._isa = window, taken, made, isa

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The results, channels last, and which tap of its window each is, (N, h, w, C) in bytes.

        In bf16 if ``x`` is, else in fp32.
        """
        x = _as_pooled(x)
        y = empty(self._made, x.dtype)
        count, channels, height, width = self._made
        where = torch.empty((count, height, width, channels), dtype=torch.uint8)
        self._run(x, y, where, back=False)
        return y, where

    def backward(self, gradient: Tensor, where: Tensor) -> Tensor:
        """The gradient at the input from that at the results, which may be in another format than these."""
        gradient = _as_pooled(gradient)
        found = empty(self._taken, gradient.dtype)
        self._run(gradient, found, where, back=True)
        return found

    def _run(self, source: Tensor, target: Tensor, where: Tensor, *, back: bool) -> None:
        kernel, step, padding, _, _ = self._window
        source, pixel = spaced(source)
        count, channels, height, width = self._taken
        job = pool.PoolJob(
            count=count, channels=channels, height=height, width=width,
            out_height=self._made[2], out_width=self._made[3], kernel_y=kernel[0], kernel_x=kernel[1],
            step_y=step[0], step_x=step[1], top=padding[0], left=padding[1],
            threads=torch.get_num_threads(), half=source.dtype == torch.bfloat16,
            source=source.data_ptr(), source_pixel=pixel, target=target.data_ptr(), where=where.data_ptr(),
        )  # fmt: skip
        pool.run(job, self._isa, back=back)
