"""What every server needs, and what is said where it is missing."""

from __future__ import annotations

import sys

import pytest

from reverie.errors import UsageError
from reverie.web.extra import EXTRA, check_extra


@pytest.mark.parametrize("name", EXTRA)
def test_what_is_not_installed_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r"a show needs an extra; pip install \"reverie\[studio\]\""):
        check_extra("a show")


def test_nothing_is_said_where_all_is_there() -> None:
    check_extra("a show")
