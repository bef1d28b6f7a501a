"""The canvas of a film: resampled by OpenCV, several times as fast, for there are many frames to make."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from reverie.canvas.detail import DetailCanvas
from reverie.native.runtime import carried


class FilmCanvas(DetailCanvas):
    """A canvas whose detail follows a flow. On a device, or with edges that meet, as any other canvas."""

    @staticmethod
    def of(canvas: DetailCanvas) -> FilmCanvas:
        """A film's canvas that is in all else like another."""
        film = FilmCanvas(
            canvas.source,
            canvas.mask_source,
            circular=canvas.circular,
            soft=canvas.soft,
            plain=canvas.plain,
            softened=canvas.softened,
        )
        film.detail = canvas.detail
        return film

    def resampled(self, plane: Tensor, size: tuple[int, int]) -> Tensor:
        """A plane of this canvas, (1, C, h, w), at another (width, height): bicubic, after a blur if down."""
        height, width = plane.shape[2:]
        if size == (width, height) or not self._swift(plane):
            return super().resampled(plane, size)
        how = cv2.INTER_LINEAR if self.plain else cv2.INTER_CUBIC
        factor = width / size[0]
        if self.plain or factor <= 1:
            return _each(plane, lambda channel: cv2.resize(channel, size, interpolation=how))
        sigma = 0.5 * math.sqrt(factor * factor - 1)  # what is too fine for the size goes first

        def shrunk(channel: Any) -> Any:
            return cv2.resize(cv2.GaussianBlur(channel, (0, 0), sigma), size, interpolation=how)

        return _each(plane, shrunk)

    def seen_at(self, plane: Tensor, field: Tensor) -> Tensor:
        """As ``DetailCanvas.seen_at``, by Lanczos' kernel at places rounded to 1/32 pixel.

        A measured flow is not as exact as that, and of many such warps one after another nearly all detail
        is left: more than of splines.
        """
        if not self._swift(plane):
            return super().seen_at(plane, field)
        # Rounded to OpenCV's own fixed point once for all channels.
        where = cv2.convertMaps(field.numpy(), None, cv2.CV_16SC2)  # type: ignore[call-overload]
        how: dict[str, Any] = {"interpolation": cv2.INTER_LANCZOS4, "borderMode": cv2.BORDER_REFLECT_101}
        return _each(plane, lambda channel: cv2.remap(channel, *where, **how))

    def _swift(self, plane: Tensor) -> bool:
        return plane.device.type == "cpu" and plane.dtype == torch.float32 and not self.circular


def _each(plane: Tensor, work: Any) -> Tensor:
    """What becomes of (1, C, H, W), each channel by itself; side by side where torch may have threads too."""
    channels = plane[0].numpy()
    alone = torch.get_num_threads() == 1
    done = map(work, channels) if alone else _pool(os.getpid()).map(carried(work), channels)
    return torch.from_numpy(np.stack(list(done)))[None]


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """For all films of a process: what is done in it does not depend on who else does something.

    A process has a number, for a forked one has none of its parent's threads.
    """
    return ThreadPoolExecutor(3, "reverie-film")
