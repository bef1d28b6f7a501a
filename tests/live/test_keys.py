"""What is secret about a show."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reverie.errors import BadInput, ResourceError
from reverie.live.keys import ROLES, Keys


def test_they_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path / "state")
    path = tmp_path / "state" / "tokens.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keys.of(tmp_path / "state") == keys
    tokens = {keys.secret, keys.moderator, keys.stage, keys.overlay}
    assert len(tokens) == 4
    assert all(len(token) >= 32 for token in tokens)
    assert not any(token in f"{keys!r} {keys}" for token in tokens)
    assert Keys.of(tmp_path / "other") != keys


def test_each_token_is_of_its_role(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path, moderator="mine")
    assert [keys.role(getattr(keys, role)) for role in ROLES] == list(ROLES)
    assert keys.role("mine") == "moderator"
    for wrong in ("", "x", keys.stage + "x", keys.secret, "\ud800"):
        assert keys.role(wrong) is None
    assert keys.link("http://a:1/", "stage") == f"http://a:1/?token={keys.stage}"
    assert keys.link("http://a:1", "overlay") == f"http://a:1/overlay?token={keys.overlay}"


def test_what_is_signed_cannot_be_changed(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path)
    signed = keys.signed("role moderator")
    assert keys.verified(signed) == "role moderator"
    for wrong in (
        "",
        ".",
        "role moderator",
        "role moderator.",
        signed[:-1],
        signed.replace("moderator", "stage"),
    ):
        assert keys.verified(wrong) is None
    assert Keys.of(tmp_path / "other").verified(signed) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"secret": 1}', "\x00", "[" * 3000, "x" * 10_000])
def test_a_file_that_is_none_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokens.json").write_text(text)
    with pytest.raises(BadInput, match=r"tokens.json: .*new ones are made"):
        Keys.of(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResourceError, match="cannot be written"):
        Keys.of(tmp_path)
    tmp_path.chmod(0o700)


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises((BadInput, ResourceError)):
        Keys.of(tmp_path / "state")
