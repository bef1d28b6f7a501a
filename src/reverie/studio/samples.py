"""Free photographs of scikit-image, for whoever has none at hand."""

from __future__ import annotations

import hashlib
from typing import Final

from reverie.studio.store.database import new_id
from reverie.studio.store.given import Given
from reverie.studio.studio import Studio

#: Functions of ``skimage.data`` whose files come with the library, and what the photographs are called.
NAMES: Final = {
    "chelsea": "cat.png",
    "astronaut": "astronaut.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
}


async def samples(studio: Studio, owner: str) -> list[Given]:
    """The photographs, given for this visitor; none where the extra ``samples`` is not installed."""
    try:
        from skimage.data import data_dir
    except ImportError:
        return []
    from pathlib import Path

    found = []
    for name, called in NAMES.items():
        for path in sorted(Path(data_dir).glob(f"{name}.*")):
            found.append(await _given(studio, owner, path.read_bytes(), called))
    return found


async def _given(studio: Studio, owner: str, data: bytes, name: str) -> Given:
    digest = hashlib.sha256(data).hexdigest()
    there = studio.given.same(digest, owner, "photo")
    if there is not None:
        return there
    copy = studio.cache / f".{new_id()}.upload"
    try:
        copy.write_bytes(data)
        found, _ = await studio.media.ask("look", copy, name=name, pixels=studio.settings.quota.pixels)
        return studio.given.keep(copy, owner, "photo", name, digest, found)
    finally:
        copy.unlink(missing_ok=True)
