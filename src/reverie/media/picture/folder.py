"""The pictures of a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reverie.errors import BadInput
from reverie.process.notices import warn

#: What a folder is searched for.
PICTURES = re.compile(r"\.(png|jpe?g|webp|avif|tiff?|gif|bmp|p[pgbn]m|hei[cf]|svg)", re.IGNORECASE)
#: What the folder of a folder's dreams is called: nobody misses it among the photographs.
DREAMS = "dreams"


def pictures_in(folder: str | os.PathLike[str]) -> list[str]:
    """Paths of the pictures in a folder, by name; what is deeper in it is only spoken of.

    Raises:
        BadInput: It cannot be read, or there is no picture in it.
    """
    where = os.fspath(folder)
    try:
        names = sorted(os.listdir(where))
    except OSError as error:
        raise BadInput(f"{where}: cannot be read ({error.strerror or error}); give a folder") from error
    names = [n for n in names if not n.startswith(".")]
    found = [n for n in names if PICTURES.fullmatch(Path(n).suffix)]
    deeper = [path for n in names if n != DREAMS and _holds_pictures(path := os.path.join(where, n))]
    if not found:
        named = f", but there are some in {deeper[0]}" if deeper else ""
        raise BadInput(f"{where}: no pictures in this folder{named}")
    if deeper:
        others = f" and {len(deeper) - 1} more" if len(deeper) > 1 else ""
        warn(f"{where}: folders in it are not searched; name {deeper[0]}{others} too if you want them")
    return [os.path.join(where, name) for name in found]


def _holds_pictures(path: str) -> bool:
    """Whether this is a folder with pictures."""
    try:
        return any(PICTURES.fullmatch(Path(name).suffix) for name in os.listdir(path))
    except OSError:  # no folder, or one that may not be read
        return False
