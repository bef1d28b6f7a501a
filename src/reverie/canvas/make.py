"""Canvases of portraits by their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch

from reverie.canvas.base import Canvas
from reverie.canvas.cppn import CppnCanvas
from reverie.canvas.fourier import FourierCanvas
from reverie.canvas.maco import MacoCanvas
from reverie.canvas.pixels import PixelCanvas
from reverie.canvas.pyramid import PyramidCanvas
from reverie.errors import UsageError, did_you_mean

#: The canvases by name.
KINDS: Final[Mapping[str, Callable[..., Canvas]]] = {
    "pixels": PixelCanvas,
    "fourier": FourierCanvas,
    "maco": MacoCanvas,
    "laplacian": PyramidCanvas,
    "cppn": CppnCanvas,
}
#: What every one of them is made with.
COMMON: Final = ("size", "channels", "rngs", "device", "dtype")


def make_canvas(
    kind: str,
    *,
    size: tuple[int, int],
    channels: int,
    rngs: Sequence[torch.Generator],
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    **settings: Any,
) -> Canvas:
    """A canvas by its name: "pixels", "fourier", "maco", "laplacian" or "cppn".

    Args:
        kind: The name.
        size: Width and height in pixels.
        channels: C of the pictures.
        rngs: One generator for each picture.
        device: Where the parameters are.
        dtype: Their number format.
        settings: Keyword arguments of the class, as its docstring says.

    Raises:
        UsageError: An unknown name or setting, or a value that the class refuses.
    """
    if kind not in KINDS:
        raise UsageError(f"canvas: unknown {kind!r}; {did_you_mean(kind, KINDS)}")
    maker = KINDS[kind]
    known = [n for n in inspect.signature(maker).parameters if n not in COMMON]
    for given in settings:
        if given not in known:
            raise UsageError(f"canvas {kind}: unknown setting {given!r}; {did_you_mean(given, known)}")
    return maker(size=size, channels=channels, rngs=rngs, device=device, dtype=dtype, **settings)
