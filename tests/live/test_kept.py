"""What the server keeps: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.errors import BadInput
from reverie.live.kept import KeptState
from reverie.media import disk


def test_it_is_taken_up_as_it_was_kept(tmp_path: Path) -> None:
    kept = KeptState(tmp_path / "state")
    assert kept.read() is None
    kept.write({"crowd": {"votes": ["größer", 1.5]}, "paused": None})
    found = KeptState(tmp_path / "state").read()
    assert found == {"version": 1, "crowd": {"votes": ["größer", 1.5]}, "paused": None}


def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptState(tmp_path)
    kept.write({"count": 1})

    def full(file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "settle", full)
    with pytest.raises(OSError, match="No space left"):
        kept.write({"count": 2})
    assert kept.read() == {"version": 1, "count": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["server.json"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"version": 2}', b"\xff\xfe", b"[" * 100_000])
def test_what_cannot_be_read_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "server.json").write_bytes(data)
    with pytest.raises(BadInput, match="the show begins anew"):
        KeptState(tmp_path).read()
