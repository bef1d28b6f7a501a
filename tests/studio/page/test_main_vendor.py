"""What the page is made of: libraries that are what they say, texts that are used, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reverie.studio.app import PAGE

FOLDER = Path(str(PAGE))
OURS = sorted(p for p in FOLDER.rglob("*.js") if p.parent.name != "vendor")
VENDOR = FOLDER / "vendor"


def test_the_libraries_are_those_that_were_looked_at() -> None:
    sums = dict(line.split("  ")[::-1] for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines())
    there = {path.name: path for path in VENDOR.iterdir() if path.suffix in (".js", ".txt")}
    assert there.keys() == sums.keys()
    for name, path in there.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[name], name


def test_each_library_comes_with_its_licence() -> None:
    licences = {path.stem: path.read_text("utf-8") for path in VENDOR.glob("LICENSE-*.txt")}
    assert licences.keys() == {
        "LICENSE-htm",
        "LICENSE-preact",
        "LICENSE-preact-signals",
        "LICENSE-preact-signals-core",
    }
    for name, text in licences.items():
        assert "MIT License" in text or "Apache License" in text, name


def test_nothing_names_another_origin() -> None:
    for path in (*FOLDER.rglob("*.js"), *FOLDER.rglob("*.css"), *FOLDER.rglob("*.html")):
        text = re.sub(r'"http://www\.w3\.org/[^"]*"', "", path.read_text("utf-8"))
        assert not re.search(r"https?://(?!\$)|@import|url\(", text), path.name


def test_the_page_has_no_code_and_no_style_within_it() -> None:
    """The server's policy forbids both."""
    text = (FOLDER / "index.html").read_text("utf-8")
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", text)
    for path in OURS:
        code = path.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|style=\"|\bon[a-z]+=\"", code), path.name


def test_every_text_is_used() -> None:
    """A key is said as it is, or begins with what is put together: t(`tab.${name}`)."""
    keys = re.findall(r'^  "([\w.]+)":', (FOLDER / "texts.js").read_text("utf-8"), re.MULTILINE)
    code = "\n".join(path.read_text("utf-8") for path in OURS if path.name != "texts.js")
    made = re.findall(r"`([a-z.]+\.)\$\{", code)
    unused = [key for key in keys if f'"{key}"' not in code and not any(key.startswith(one) for one in made)]
    assert unused == []
    assert len(keys) > 150
    assert len(set(keys)) == len(keys)


def test_files_are_short() -> None:
    long = {path.name: lines for path in OURS if (lines := len(path.read_text("utf-8").splitlines())) > 400}
    assert long.keys() <= {"texts.js"}


def compiler() -> list[str]:
    """The type checker that tools/typescript.sh installs, or the machine's own."""
    beside = Path(sys.prefix) / "typescript" / "node_modules" / ".bin" / "tsc"
    found = str(beside) if beside.is_file() else shutil.which("tsc")
    return [found] if found and shutil.which("node") else []


@pytest.mark.slow
@pytest.mark.skipif(not compiler(), reason="no TypeScript here: tools/typescript.sh installs it where npm is")
def test_types_hold() -> None:
    """The page's types are comments (JSDoc); the TypeScript compiler reads them."""
    done = subprocess.run([*compiler(), "-p", str(FOLDER / "jsconfig.json")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
