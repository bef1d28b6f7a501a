"""Zooms and films on their way: what is safe of one plays already, and is kept where it is stopped."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from reverie.media.video.write.work_folder import folder_of

#: Bytes in which the first piece of a film begins, if there is one: its head is far shorter.
HEAD = 65_536


def so_far(folder: Path, name: str) -> Path | None:
    """The film of what is safe, which plays; None where nothing is yet.

    Args:
        folder: The job's.
        name: Of the film that is being made in it.
    """
    found = folder_of(folder / name) / "partial.mp4"
    try:
        with found.open("rb") as file:
            return found if b"moof" in file.read(HEAD) else None
    except OSError:
        return None


def keep_so_far(folder: Path, name: str) -> list[str]:
    """Keep what is safe of a film that was stopped, beside where it would be; its name, or nothing."""
    part = so_far(folder, name)
    if part is None:
        return []
    stem, ending = os.path.splitext(name)
    kept = f"{stem}-stopped{ending}"
    shutil.copyfile(part, folder / f".{kept}.part")
    os.replace(folder / f".{kept}.part", folder / kept)
    shutil.rmtree(part.parent)
    return [kept]
