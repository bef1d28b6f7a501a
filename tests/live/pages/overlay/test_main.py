"""The overlay for a program that streams."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from support.live_pages import before, needs_browser, pages_alone

pytestmark = [needs_browser, pytest.mark.slow]


def test_it_is_transparent_and_says_what_is_dreamt_and_what_is_next(tmp_path: Path) -> None:
    with pages_alone(tmp_path, hold=3600, least=3600) as show, before(f"{show.overlay}&code=1") as window:
        window.wait_for("document.querySelector('.caption .title')?.textContent === 'jellyfish'")
        for text in ("volcano", "lion", "tiger", "castle"):
            show.visitor().wish(text)
        window.wait_for("document.querySelectorAll('.next li').length === 3")
        behind = {"color": {"r": 40, "g": 90, "b": 140, "a": 255}}
        window.devtools("Emulation.setDefaultBackgroundColorOverride", behind)
        window.screenshot(tmp_path / "over.png")
        picture = Image.open(tmp_path / "over.png").convert("RGB")
        assert picture.getpixel((picture.width // 2, picture.height // 2)) == (40, 90, 140)
        window.wait_for("document.querySelector('img.code')?.naturalWidth > 0")
        assert window.run("return document.querySelector('.picture') === null")
        # What lies behind is the picture of somebody's stream; the letters have a shadow of their own.
        assert [fault for fault in window.axe() if not fault.startswith("color-contrast")] == []
        window.goto(f"{show.overlay}&next=0&picture=1")
        window.wait_for("document.querySelector('.picture') && document.querySelector('.caption')")
        assert window.run("return document.querySelector('.next') === null")
