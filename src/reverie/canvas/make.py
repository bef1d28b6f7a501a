"""Canvases of portraits by their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from reverie.canvas.base import Canvas, CanvasSetup
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


def make_canvas(kind: str, setup: CanvasSetup, **settings: Any) -> Canvas:
    """A canvas by its name: "pixels", "fourier", "maco", "laplacian" or "cppn".

    Args:
        kind: The name.
        setup: Its size, its channels, a generator for each picture, and where its parameters are.
        settings: Keyword arguments of the class, as its docstring says.

    Raises:
        UsageError: An unknown name or setting, or a value that the class refuses.
    """
    if kind not in KINDS:
        raise UsageError(f"canvas: unknown {kind!r}; {did_you_mean(kind, KINDS)}")
    maker = KINDS[kind]
    known = [name for name in inspect.signature(maker).parameters if name != "setup"]
    for given in settings:
        if given not in known:
            raise UsageError(f"canvas {kind}: unknown setting {given!r}; {did_you_mean(given, known)}")
    return maker(setup, **settings)
