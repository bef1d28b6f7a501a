"""A child's side of the talk with the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.live.dreamer.talk import ChildOptions

NEEDED = ["--ring", "one", "--data", "/show"]


def test_what_the_server_says_is_taken() -> None:
    more = ["--size", "640x360", "--fps", "30", "--pace", "eager", "--network", "lite1", "--seed", "7"]
    more += ["--offline"]
    found = ChildOptions.of([*NEEDED, *more])
    assert found == ChildOptions("one", Path("/show"), (640, 360), 30.0, "eager", "lite1", 7, True, None)
    assert ChildOptions.of(NEEDED).size == (1024, 576)


@pytest.mark.parametrize("more", [["--size", "10x10"], ["--size", "big"], ["--pace", "fast"], ["--what"]])
def test_what_cannot_be_ends_it(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ChildOptions.of([*NEEDED, *more])
    assert ended.value.code == 2
    assert "error" in capsys.readouterr().err
