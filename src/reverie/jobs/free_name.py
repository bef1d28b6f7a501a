"""Where a result goes that nobody gave a name for: beside its source, under a name that is free."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path


def beside(source: str | None, usual: str) -> str:
    """``me-dream.png`` for ``me.jpg`` and ``dream.png``; ``me-dream-2.png`` if that is there.

    It lies where the source does, if something can be written there, and else in the current folder. Without
    a source it is the usual name. A folder, as which a name without an ending counts, may exist: whoever
    writes it goes on with it.
    """
    stem, ending = os.path.splitext(usual)
    where = Path()
    if source is not None:
        path = Path(os.path.abspath(source)) if Path(source).name in ("", "..") else Path(source)
        where = path.parent if os.access(path.parent, os.W_OK) else Path()
        stem = f"{path.name if path.is_dir() else path.stem}-{stem}"
    names = (os.fspath(where / f"{stem}{'' if n == 1 else f'-{n}'}{ending}") for n in count(1))
    return next(name for name in names if not ending or not os.path.lexists(name))
