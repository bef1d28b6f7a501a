"""Names of the files of portraits."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.jobs.portraits import places, slug


def test_names_of_files() -> None:
    assert places("a.png", ["x"], [1]) == {(0, 0): "a.png"}
    assert places("f/", ["x", "X", "x"], [1, 1, 1]) == {
        (0, 0): "f/x.png",
        (1, 0): "f/X_2.png",
        (2, 0): "f/x_3.png",
    }
    assert places("d/a.jpg", ["golden retriever"], [2])[0, 1] == "d/a-golden-retriever-2.jpg"
    assert slug('class("a/../b")') == "class-a-..-b"
    assert slug("***") == "portrait"
    with pytest.raises(UsageError, match="is needed"):
        places("a", ["x", "y"], [1, 1])
