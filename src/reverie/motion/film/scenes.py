"""Where the scenes of a film begin, found without the motion in them, which takes far longer.

A scene's dream begins afresh and owes nothing to any frame before, so scenes can be dreamt in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from reverie.motion.film.cuts import is_blank, is_cut, may_be_cut
from reverie.motion.film.flow import Bytes, between
from reverie.recipe.film import Film

if TYPE_CHECKING:
    from reverie.media.video.read.frame import VideoFrame
    from reverie.media.video.read.reader import Video


def scenes(
    movie: Video, settings: Film, *, skip: int = 0, last: Bytes | None = None
) -> Iterator[tuple[VideoFrame, bool]]:
    """Each frame of a film, and whether a dream begins with it: just where ``moves`` says so.

    The film's first frame begins one whatever it shows.

    Args:
        movie: The film.
        settings: How its cuts are found.
        skip: Frames that are done.
        last: The last of them that showed something, (H, W, 3).
    """
    with closing(movie.frames(skip)) as shots:
        for shot in shots:
            if is_blank(shot.rgb):
                yield shot, shot.index == 0
                continue
            yield shot, shot.index == 0 or _begins(last, shot.rgb, settings)
            last = shot.rgb


def _begins(last: Bytes | None, rgb: Bytes, settings: Film) -> bool:
    if last is None or last.shape != rgb.shape:
        return True
    if not settings.cuts or not may_be_cut(last, rgb):
        return False
    return is_cut(last, rgb, between(last, rgb, settings.flow).share)
