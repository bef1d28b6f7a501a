"""Small pictures of topics: what the show itself dreamt of each, kept beside its state."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reverie.live.topics import Topic
from reverie.media.disk import replacing
from reverie.media.picture import Picture
from reverie.web.previews import webp

#: Portraits of what is wished for most, which ``tools/live_portraits.py`` makes.
SHIPPED: Final = str(files("reverie.live") / "pages" / "portraits")
#: Longest side of a small picture in pixels, and how well it is kept, 1 to 100.
SIDE, QUALITY = 256, 72
#: So many are kept; there are not many more topics.
MOST: Final = 2000


class TopicPictures:
    """A folder of small pictures, one a topic; the newest takes the place of the one before.

    Topics that were not shown yet have a portrait, where one came along.
    """

    def __init__(self, folder: Path) -> None:
        """Those that are in a folder already, and those that came along."""
        self._folder = folder
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        self._there = {path.stem for path in folder.glob("*.webp")}
        self._shipped = {path.stem for path in Path(SHIPPED).glob("*.webp")}

    def name(self, topic: Topic) -> str | None:
        """What its picture is called, or None if there is none."""
        name = name_of(topic)
        return name if name in self._there or name in self._shipped else None

    def read(self, name: str) -> bytes | None:
        """The WebP of that name, if there is one."""
        folder = self._folder if name in self._there else Path(SHIPPED) if name in self._shipped else None
        if folder is None:
            return None
        try:
            return (folder / f"{name}.webp").read_bytes()
        except OSError:
            self._there.discard(name)
            return None

    def take(self, topic: Topic, rgb: NDArray[np.uint8]) -> None:
        """Keep a frame, (H, W, 3), as the picture of a topic; nothing happens where it cannot be written."""
        name = name_of(topic)
        if name not in self._there and len(self._there) >= MOST:
            return
        data, _ = webp(Picture(rgb.astype(np.float32) / np.float32(255)), SIDE, quality=QUALITY)
        path = self._folder / f"{name}.webp"
        with suppress(OSError), replacing(path, path.with_suffix(".part")) as file:
            file.write(data)
            self._there.add(name)


def name_of(topic: Topic) -> str:
    """What a topic's picture is called, wherever it lies."""
    return hashlib.sha256(topic.objective.encode()).hexdigest()[:16]
