"""How a studio is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.errors import UsageError
from reverie.studio.settings import StudioSettings, usual_folder


def test_others_reach_it_by_a_link_alone() -> None:
    StudioSettings(data=Path()).check()
    StudioSettings(data=Path(), host="0.0.0.0", shared=True).check()
    with pytest.raises(UsageError, match="--share lets them in by a link"):
        StudioSettings(data=Path(), host="0.0.0.0").check()


def test_threads_are_divided_among_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert StudioSettings(data=Path(), workers=2).threads_each == 4
    assert StudioSettings(data=Path(), workers=20).threads_each == 1
    assert StudioSettings(data=Path(), threads=3).threads_each == 3


def test_the_usual_folder_is_the_users_own() -> None:
    assert usual_folder().is_absolute()
    assert usual_folder().parts[-2:] == ("reverie", "studio")
