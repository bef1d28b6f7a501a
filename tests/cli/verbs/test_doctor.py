"""``reverie doctor``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import Ran

Reverie = Callable[..., Ran]


@pytest.mark.slow
def test_doctor_is_healthy(inside: Reverie) -> None:
    done = inside("doctor", "--json")
    assert done.rc == 0, done.stdout
    assert done.json["healthy"]
    found = {f["what"]: f for f in done.json["findings"]}
    assert {"weights", "engine", "native library", "torch"} <= set(found)
    for engine in ("torch", "plain"):
        assert found[f"{engine} engine"]["well"]
        assert "score" in found[f"{engine} engine"]["found"]
    taken = "torch" if found["native engine"]["well"] is None else "native"
    assert found["engine"]["found"] == f"auto takes {taken} for lite0"


def test_doctor_asks_one_engine(inside: Reverie) -> None:
    findings = inside("doctor", "--engine", "plain", "--json").json["findings"]
    assert [f["what"] for f in findings if "engine" in f["what"]] == ["plain engine"]
    assert "fp32" in findings[-1]["found"]


def test_doctor_says_what_is_not(inside: Reverie, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"no weights")
    done = inside("doctor", "--network", "lite0:w.pth")
    assert done.rc == 1
    assert "BAD" in done.stdout
    assert "not healthy" in done.stdout
