"""What the doctor finds."""

from __future__ import annotations

import importlib

import pytest

from reverie.jobs.bench.health import extra


def test_an_extra_that_does_not_load_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist")

    versions = {"torch": "2.6.0+cpu", "torchvision": "0.23.0"}
    monkeypatch.setattr("reverie.network.torchvision_fit._version", versions.__getitem__)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(importlib, "import_module", broken)
    found = extra("nets")
    assert found.without == "extra nets"
    assert "for torch 2.8, and here is torch 2.6.0+cpu" in found.found
    assert 'pip install "torchvision==0.21.*"' in found.found


def test_an_extra_that_is_not_here_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = extra("nets")
    assert (found.well, found.without) == (None, "")
    assert 'pip install "reverie[nets]"' in found.found
