"""Fooling as a job: what may be asked for, how it goes on, and what is shown and told of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reverie.errors import UsageError
from reverie.jobs.document import read_job
from reverie.jobs.fooling.settings import make_settings
from reverie.studio import fooling

NETWORKS = ("lite0", "lite1")


def test_a_wish_becomes_a_document_that_is_read_as_a_strangers() -> None:
    asked = {"encoding": "direct", "generations": 7, "seed": None}
    document = fooling.document_of(asked, ["goldfish", "zebra"], NETWORKS)
    job: Any = read_job(document)
    assert job.classes == ("goldfish", "zebra")
    settings = job.evolves
    assert (settings.encoding, settings.generations, settings.network) == ("direct", 7, "lite0")
    assert settings.counts == (fooling.USUAL["children"],) * 2


@pytest.mark.parametrize(
    ("asked", "classes", "says"),
    [
        ({}, [], "1 to 25 classes"),
        ({}, ["zebra"] * 26, "1 to 25 classes"),
        ({}, ["a thing that is not"], "a thing that is not"),
        ({"network": "lite2"}, ["zebra"], "network: there are lite0, lite1"),
        ({"precision": "bf16"}, ["zebra"], "precision: no setting of an evolution"),
        ({"output": "/etc"}, ["zebra"], "output: no setting"),
        ({"size": 10}, ["zebra"], "size"),
        ({"encoding": "oil"}, ["zebra"], "encoding"),
        ({"generations": "many"}, ["zebra"], "generations"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, Any], classes: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        fooling.document_of(asked, classes, NETWORKS)


def test_what_was_broken_off_is_resumed_and_nothing_else(tmp_path: Path) -> None:
    document = fooling.document_of({}, ["zebra"], NETWORKS)
    assert fooling.gone_on(document, tmp_path) == document
    folder = tmp_path / fooling.FOLDER
    folder.mkdir()
    assert fooling.gone_on(document, tmp_path) == document
    (folder / "run.json").write_text("{}")
    assert fooling.gone_on(document, tmp_path) == {**document, "resume": True}
    assert fooling.gone_on({"kind": "dream"}, tmp_path) == {"kind": "dream"}


def test_the_surest_is_shown_last_and_then_the_sheet(tmp_path: Path) -> None:
    assert fooling.shown(tmp_path) == {}
    folder = tmp_path / fooling.FOLDER
    folder.mkdir()
    (folder / "sheet.png").write_bytes(b"")
    assert list(fooling.shown(tmp_path)) == ["evolved/sheet.png"], "stopped half-way there is a sheet alone"
    entries = [
        {"name": "zebra", "confidence": 0.9912, "png": "pictures/a.png"},
        {"name": "tench", "confidence": 0.25, "png": "pictures/b.png"},
    ]
    (folder / "archive.json").write_text(json.dumps(entries))
    assert fooling.shown(tmp_path) == {
        "evolved/pictures/b.png": "tench, 25.0% sure",
        "evolved/pictures/a.png": "zebra, 99.1% sure",
        "evolved/sheet.png": "the sheet",
    }


def test_the_command_is_told_with_what_is_not_usual() -> None:
    document = fooling.document_of({"generations": 9}, ["golden retriever"], NETWORKS)
    job: Any = SimpleNamespace(document=document, stopped=None)
    told = fooling.recalled_evolution(job)
    words = "reverie fool 'golden retriever' -o fooled --generations 9 --children 100 --size 160"
    assert sorted(told["command"].split()) == sorted(words.split())
    assert told["repeatable"] is True
    assert make_settings(**told["recipe"]) == make_settings(**document["settings"])
    stopped: Any = SimpleNamespace(document=document, stopped="generation 3 of 9")
    told = fooling.recalled_evolution(stopped)
    assert (told["repeatable"], told["stopped"]) == (False, "generation 3 of 9")
    assert "the command makes all of it" in told["why_not"]
