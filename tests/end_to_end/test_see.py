"""``reverie see`` as a user runs it, and stops it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from reverie.jobs.provenance.note import of_picture
from reverie.network.class_names import imagenet
from support.commands import Process, Ran, interrupt
from support.portraits import QUICK, same

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.slow
def test_a_class_as_a_user_asks_for_it(reverie: Callable[..., Ran], tmp_path: Path) -> None:
    ran = reverie("see", "golden retriever", "-o", "a.png", *QUICK, "-v")
    assert ran.rc == 0, ran.stderr
    assert ran.stdout == "a.png\n"
    assert "golden retriever: 64 x 64, octave" in ran.stderr
    assert Image.open(tmp_path / "a.png").size == (64, 64)
    assert "golden retriever" in of_picture(str(tmp_path / "a.png")).recipe.objective[0]


@pytest.mark.slow
def test_ctrl_c_saves_what_there_is_and_that_repeats(
    started: Callable[..., Process], reverie: Callable[..., Ran], tmp_path: Path
) -> None:
    words = ("--size", "64", "--views", "1", "--steps", "9000", "--preview", "p.png")
    process = started("see", "block1a:0", "block1a:1", "-o", "f/", *words)
    for _ in range(600):
        if (tmp_path / "p.png").exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    _, said = interrupt(process)
    assert "; 2 files, as " in said
    assert "hold what there is, 0 of 2 portraits are finished; the same command makes the others" in said
    result = tmp_path / "f" / "block1a-1.png"
    assert of_picture(str(result)).stopped is not None
    again = reverie("rerun", result, "-o", "again.png")
    assert again.rc == 130, again.stderr
    assert same(tmp_path / "again.png", result)


@pytest.mark.soak
def test_strangers_recognise_what_words_become(inside: Callable[..., Ran]) -> None:
    """Networks that took no part give most of their probability to the classes that a word stands for."""
    words = ("cat", "dog", "bird", "car", "church")
    assert inside("see", *words, "-o", "s.png").rc == 0
    for network in ("lite1", "lite2"):
        for word in words:
            ran = inside("classify", f"s-{word}.png", "--network", network, "--top", "1000", "--json")
            members = imagenet().members(word)
            assert sum(one["probability"] for one in ran.json["classes"] if one["class"] in members) >= 0.5
