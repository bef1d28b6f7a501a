"""The pictures of a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reverie.errors import BadInput

#: What a folder is searched for.
PICTURES = re.compile(r"\.(png|jpe?g|webp|avif|tiff?|gif|bmp|p[pgbn]m|hei[cf]|svg)", re.IGNORECASE)


def pictures_in(folder: str | os.PathLike[str]) -> list[str]:
    """Paths of the pictures in a folder, by name; it is not searched deeper.

    Raises:
        BadInput: It cannot be read, or there is no picture in it.
    """
    where = os.fspath(folder)
    try:
        names = sorted(os.listdir(where))
    except OSError as error:
        raise BadInput(f"{where}: cannot be read ({error.strerror or error}); give a folder") from error
    names = [n for n in names if PICTURES.fullmatch(Path(n).suffix) and not n.startswith(".")]
    if not names:
        raise BadInput(f"{where}: no pictures in this folder")
    return [os.path.join(where, name) for name in names]
