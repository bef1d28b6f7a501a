"""The comparison of animations with Pillow's: it finds what is the same and what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import animations
from reverie.media.picture import detect_format
from reverie.media.video.read import clip
from support.animations import Part, gif
from support.films import numbered


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the comparison does to them is undone."""
    for module in (detect_format, clip):
        monkeypatch.setattr(module, "MIN_SIDE", module.MIN_SIDE)
        monkeypatch.setattr(module, "MAX_ASPECT", module.MAX_ASPECT)


@pytest.mark.slow
def test_animations_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [Image.fromarray(numbered(number)) for number in range(3)]
    for ending in ("gif", "png", "webp"):
        frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:], duration=40)
    frames[0].save(tmp_path / "still.png")
    (tmp_path / "text.png").write_text("no picture")
    assert animations.main(str(tmp_path)) == 0
    assert capsys.readouterr().out == "3 are the same, 0 differ as was decided, 0 otherwise\n"
    rgb = np.full((40, 48, 4), 255, np.uint8)
    cleared = gif([Part(rgb, dispose="clear"), Part(rgb[:10, :10] // 255 * 255, (5, 5))])
    (tmp_path / "b.gif").write_bytes(cleared)
    (tmp_path / "dispose_bgnd.gif").write_bytes(cleared)
    assert animations.main(str(tmp_path)) == 1
    said = capsys.readouterr().out
    assert "b.gif: frame 1 is off by 255, NOT DECIDED" in said
    assert "dispose_bgnd.gif: frame 1 is off by 255; a cleared box" in said
    assert said.endswith("3 are the same, 1 differ as was decided, 1 otherwise\n")
