"""How busy a machine is, in a word beside an estimate."""

from __future__ import annotations

import os

import pytest

from reverie.process import cores


def test_a_word_is_said_where_others_wait_for_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 2)
    for load, said in ((0.0, ""), (1.0, ""), (1.9, ""), (3.0, "the 2 cores"), (10.0, "the 2 cores")):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0), raising=False)
        found = cores.others_at_work()
        assert said in found
        assert bool(said) == bool(found)
    monkeypatch.delattr(os, "getloadavg")
    assert cores.others_at_work() == ""


def test_there_is_one_processor_at_least() -> None:
    assert 1 <= cores.cores() <= (os.cpu_count() or 1)
