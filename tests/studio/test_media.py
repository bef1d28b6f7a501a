"""Children that decode: they may break, stall and be killed, and the next file is read all the same."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from reverie.studio import media as media_module
from reverie.studio.media import Media, Unreadable

Work = Callable[[Media], Awaitable[Any]]


def with_media(work: Work) -> Any:
    async def run() -> Any:
        media = Media()
        await media.start()
        try:
            return await work(media)
        finally:
            await media.stop()

    return asyncio.run(run())


@pytest.mark.slow
def test_a_child_that_is_killed_or_stalls_is_replaced(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, fifo = photographs / "chelsea.png", tmp_path / "text.png"
    fifo.write_text("no picture")

    async def work(media: Media) -> None:
        async def look() -> dict[str, Any]:
            found, _ = await media.ask("look", photo, name="a.png", pixels=10**7)
            return found

        first = await look()
        assert (first["kind"], first["suffix"], first["width"]) == ("photo", ".png", 160)
        for child in list(media._all):
            assert child.process.pid is not None
            os.kill(child.process.pid, 9)
        assert await asyncio.gather(*(look() for _ in range(4))) == [first] * 4
        with pytest.raises(Unreadable, match="takes too long") as slow:
            await media.ask("look", photo, name="a.png", pixels=10**7, seconds=0.0)
        assert slow.value.status == 413
        assert await look() == first
        with pytest.raises(Unreadable, match=r"b\.png") as refused:
            await media.ask("look", fifo, name="b.png", pixels=10**7)
        assert refused.value.status == 415
        assert str(tmp_path) not in str(refused.value)
        monkeypatch.setattr(media_module, "TURNS", 1)
        before = {child.process.pid for child in media._all}
        for _ in range(3):
            await look()
        assert not before & {child.process.pid for child in media._all}  # so many files, and a new one

    with_media(work)
