"""In a notebook: a running dream that shows itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reverie.ascent.loop import Frame


def watch(frames: Iterable[Frame], *, every: int = 5) -> Iterator[Frame]:
    """Pass frames on and show the picture in the notebook as it grows.

    Outside a notebook it passes them on and shows nothing.

    Args:
        frames: What ``dream`` yields.
        every: Steps between two pictures; the end of an octave is always shown.
    """
    handle = _handle()
    for frame in frames:
        ends = frame.state.step >= frame.octave.steps
        if handle is not None and (ends or frame.step % every == 0):
            handle.update(frame.picture)
        yield frame


def _handle() -> Any:
    """An updatable display of IPython, or None where there is no notebook."""
    try:
        from IPython import get_ipython  # type: ignore[import-not-found,unused-ignore]
        from IPython.display import DisplayHandle  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    if get_ipython() is None:
        return None
    handle = DisplayHandle()
    handle.display({"text/plain": "dreaming ..."}, raw=True)
    return handle
