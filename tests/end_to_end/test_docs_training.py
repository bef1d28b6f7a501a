"""Every command of the page about training is run, in its order, on folders of the names that it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from reverie.cli.main import run
from reverie.media.picture import Picture
from support.paths import ROOT
from support.training import picture

PAGE = (ROOT / "docs" / "training.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (reverie .+)$", PAGE, re.MULTILINE)
SEEN = next(line for line in COMMANDS if line.startswith("reverie see smiley"))
EMOJI = tuple(word for word in shlex.split(SEEN.partition(" --")[0])[2:])
#: What makes each verb short; of a training what fits both ways.
QUICK = {
    "train": ("--steps", "2", "--batch", "4", "--size", "32", "--threads", "1"),
    "see": ("--steps", "2"),
    "dream": ("--steps", "1", "--max-size", "96"),
    "classify": (),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every folder and photograph that the page names, where the command is typed."""
    rng = np.random.default_rng(0)
    folders = {"FOLDER": ("apple", "pear"), "pictures": ("apple", "pear"), "emoji": EMOJI, "held-out": EMOJI}
    for folder, kinds in folders.items():
        for number, kind in enumerate(kinds):
            (tmp_path / folder / kind).mkdir(parents=True)
            for index in range(5):
                drawn = picture(("bar", "disc", "frame")[number % 3], rng)
                drawn.save(tmp_path / folder / kind / f"{index}.png")
    for name in ("me.jpg", "coffee.jpg"):
        Picture(rng.random((64, 96, 3), np.float32)).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_leads_from_pictures_to_dreams() -> None:
    verbs = [line.split()[1] for line in COMMANDS]
    assert {*verbs} == {*QUICK}
    assert verbs.count("train") > 2
    assert len(EMOJI) == 10


@pytest.mark.slow
def test_every_command_runs(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for line in COMMANDS:
        words = shlex.split(line)[1:]
        sites = ("--sites", "1") if "--class" in words else ()
        code = run([*words, *QUICK[words[0]], *sites, *(("--overwrite",) if "-o" in words else ())])
        assert code == 0, f"{line}: {capfd.readouterr().err}"
        if "-o" in words and words[0] != "see":
            assert (here / words[words.index("-o") + 1]).stat().st_size > 1000
