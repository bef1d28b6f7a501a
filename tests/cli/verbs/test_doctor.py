"""``reverie doctor``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.bench.health import Finding
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


@pytest.mark.slow
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


def test_doctor_does_not_call_an_extra_healthy_that_does_not_load(
    inside: Reverie, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Finding("weights", "as they should be", True), Finding("extra nets", "no", without="extra nets")]
    monkeypatch.setattr("reverie.jobs.bench.health.findings_of", lambda recipe: found)
    done = inside("doctor")
    assert done.rc == 0
    assert done.stdout.splitlines()[1].endswith("BAD")
    assert done.stdout.splitlines()[-1] == "healthy, but for extra nets: see the lines marked BAD"
    assert inside("doctor", "--json").json["broken"] == ["extra nets"]
