"""The libraries that all pages share are those that were looked at."""

from __future__ import annotations

import hashlib
from pathlib import Path

from reverie.web.page_files import VENDOR
from support.page_sources import name_another_origin

FOLDER = Path(VENDOR)


def test_the_libraries_are_those_that_were_looked_at() -> None:
    sums = dict(line.split("  ")[::-1] for line in (FOLDER / "SHA256SUMS").read_text("utf-8").splitlines())
    there = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".js", ".txt")}
    assert there.keys() == sums.keys()
    for name, path in there.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[name], name


def test_each_library_comes_with_its_licence() -> None:
    licences = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("LICENSE-*.txt")}
    assert licences.keys() == {
        "LICENSE-htm",
        "LICENSE-preact",
        "LICENSE-preact-signals",
        "LICENSE-preact-signals-core",
    }
    for name, text in licences.items():
        assert "MIT License" in text or "Apache License" in text, name


def test_nothing_names_another_origin() -> None:
    assert name_another_origin(FOLDER) == []
