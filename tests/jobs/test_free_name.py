"""Names of results that nobody named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reverie.jobs import free_name
from reverie.jobs.free_name import beside


@pytest.mark.usefixtures("in_its_folder")
def test_a_free_name_is_found_beside_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("holiday")
    folder.mkdir()
    assert beside("chelsea.png", "dream.png") == "chelsea-dream.png"
    Path("chelsea-dream.png").touch()
    assert beside("chelsea.png", "dream.png") == "chelsea-dream-2.png"
    os.symlink("nowhere", "chelsea-dream-2.png")
    assert beside("chelsea.png", "dream.png") == "chelsea-dream-3.png"
    assert beside("holiday/a.b.jpg", "zoom.mp4") == os.path.join("holiday", "a.b-zoom.mp4")
    assert beside(None, "portrait.png") == "portrait.png"
    Path("portrait.png").touch()
    assert beside(None, "portrait.png") == "portrait-2.png"
    assert beside("holiday", "dreams") == beside("holiday/", "dreams") == "holiday-dreams"
    Path("holiday-dreams").mkdir()
    assert beside("holiday", "dreams") == "holiday-dreams"
    monkeypatch.chdir(folder)
    assert beside(".", "sheet.png") == os.path.join(os.path.dirname(os.getcwd()), "holiday-sheet.png")
    monkeypatch.setattr(free_name.os, "access", lambda *_: False)
    assert beside("../chelsea.png", "dream.png") == "chelsea-dream.png"
