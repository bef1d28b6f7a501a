"""``reverie zoom``: what a user types, and what is there afterwards."""

from __future__ import annotations

import json
import shlex
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from support import films
from support.moving import ZOOM, frames_of, in_process, left_over, refused
from support.slow import mostly_slow


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    return in_process(tmp_path, monkeypatch, capsys)


@pytest.mark.slow
def test_two_classes_follow_each_other(said, tmp_path):
    words = ("--class", "pagoda", "--class", "golden retriever", "--duration", "0.4", "--json")
    code, out, err = said("zoom", "-o", "z.mp4", *words, *ZOOM)
    assert code == 0, err
    told = json.loads(out)
    assert (told["size"], told["frames"], told["rate"], told["length"]) == ([64, 48], 10, "25", 0.4)
    assert told["recipe"]["zoom"]["scenes"] == ['class("pagoda")', 'class("golden retriever")']
    assert told["flashes"]["safe"]
    frames = frames_of(tmp_path / "z.mp4")
    assert len(frames) == 10
    assert all(np.abs(a.astype(int) - b).mean() > 0.5 for a, b in pairwise(frames))
    assert not left_over(tmp_path)
    assert " --class pagoda --class 'golden retriever' " in said("show", "z.mp4")[1]


@pytest.mark.slow
def test_what_it_says_makes_it_again(said, tmp_path):
    words = (
        "--zoom",
        "0:1.5, 5:1 smooth",
        "--rotate",
        "20",
        "--layer",
        "0:block4c",
        "--layer",
        "0.1s:block5a",
    )
    refused(said("zoom", "-o", "z.mkv", *words, *ZOOM), 2, "0.1s:")  # frames here, seconds there
    words = (*words[:5], "0s:block4c", *words[6:], "--no-steady", "--fps", "20", "--duration", "0.3")
    code, _, err = said("zoom", "-o", "z.mkv", "--from", "noise", *words, *ZOOM)
    assert code == 0, err
    out = said("show", "z.mkv")[1]
    again = shlex.split(out.splitlines()[0])
    assert again[:4] == ["reverie", "zoom", "-o", "z.mkv"]
    assert {"--no-steady", "--rotate", "0:1.5, 5:1 smooth"} < {*again}
    assert said("zoom", "-o", "e.mkv", *again[4:])[0] == 0
    assert said("rerun", "z.mkv")[0] == 0
    made = (tmp_path / "z.mkv").read_bytes()
    assert (tmp_path / "e.mkv").read_bytes() == made == (tmp_path / "z-rerun.mkv").read_bytes()
    assert said("zoom", "--recipe", "z.mkv", "-o", "f.mkv")[0] == 0
    assert (tmp_path / "f.mkv").read_bytes() == made


@pytest.mark.slow
def test_from_a_photograph(said, tmp_path, photographs):
    (tmp_path / "cat.png").write_bytes((photographs / "chelsea.png").read_bytes())
    with Image.open(tmp_path / "cat.png") as cat:
        width, height = cat.size
    assert (width, height) == (160, 106)
    words = ("--threads", "1", "--octaves", "1", "--steps", "1", "--duration", "0.12")
    code, _, err = said("zoom", "cat.png", "-o", "z.gif", "--max-size", "100", *words, "--preview", "p.png")
    assert code == 0, err
    frames = frames_of(tmp_path / "z.gif")
    assert len(frames) == 3
    assert frames[0].shape[:2] == (66, 100)
    with Image.open(tmp_path / "p.png") as seen:
        assert np.abs(np.asarray(seen).astype(int) - frames[-1]).mean() < 12
    assert said("show", "z.gif")[1].startswith("reverie zoom cat.png -o z.gif ")
    assert said("zoom", "cat.png", "-o", "z.mp4", *words)[0] == 0  # 106 is even, 160 too
    assert frames_of(tmp_path / "z.mp4")[0].shape[:2] == (106, 160)


@mostly_slow(
    ("words", "code", "says"),
    [
        (("-o", "z.mp4", "--duration", "-1"), 2, "--duration: "),
        (("-o", "z.mp4", "--fps", "1000"), 2, "--fps: "),
        (("-o", "z.mp4", "--zoom", "0:1, 5s:2"), 2, "--zoom: "),
        (("-o", "z.mp4", "--zoom", "99"), 2, "--zoom: value 99 is out of its range"),
        (("-o", "z.mp4", "--per", "hour"), 2, "--per: "),
        (("-o", "z.mp4", "--class", "pagoda", "--layer", "block4c"), 2, "--layer and --class"),
        (("-o", "z.mp4", "--class", "pagoda", "--class", "golden retreiver"), 2, "did you mean"),
        (("-o", "z.mp4", "--layer", "block5z", "--layer", "block4c"), 2, "block5"),
        (("-o", "z.mp4", "--objective", "5s:", "--objective", "block4c"), 2, "error"),
        (("-o", "z.mp4", "--size", "63x48"), 2, "--size: h264 needs even sides"),
        (("-o", "z.mp4", "--from", "photo"), 2, "--from"),
        (("-o", "z.mpeg"), 2, ".mp4"),
        (("-o", "z.mp4", "--preset", "googel2015"), 2, "did you mean"),
        (("none.png", "-o", "z.mp4"), 3, "no such file"),
        (("-o", "no/z.mp4"), 6, "there is no folder"),
    ],
    quick=6,
)
def test_what_cannot_be_is_said_before_the_work(said, tmp_path, words, code, says):
    given = ("zoom", *words) if "--size" in words else ("zoom", *words, *ZOOM)
    refused(said(*given), code, says)
    assert list(tmp_path.iterdir()) == []


def test_a_film_is_no_photograph(said, tmp_path):
    films.film(tmp_path / "a.mp4", count=3)
    refused(said("zoom", "a.mp4", "-o", "z.mp4"), 3, "a.mp4: a film and no picture; reverie film takes it")


@pytest.mark.slow
def test_one_class_is_a_scene_too(said, tmp_path):
    for words in (("--class", "tabby"), ("--class", "0s:tabby"), ("--layer", "block4c")):
        code, out, err = said(
            "zoom", "-o", "z.mp4", "--json", "--overwrite", "--duration", "0.08", *words, *ZOOM
        )
        assert code == 0, err
        made = (tmp_path / "z.mp4").read_bytes()
        again = shlex.split(said("show", "z.mp4")[1].splitlines()[0])
        assert "--recipe" not in again
        assert said("zoom", "-o", "y.mp4", "--overwrite", *again[4:])[0] == 0
        assert (tmp_path / "y.mp4").read_bytes() == made
    assert json.loads(out)["recipe"]["objective"] == ["block4c"]


@pytest.mark.slow
def test_a_plan_writes_nothing(said, tmp_path):
    code, out, err = said("zoom", "--dry-run", "--duration", "100", *ZOOM)
    assert code == 0, err
    assert "64 x 48, 2500 frames, plays 100.00 s" in out
    assert "s a frame" in out
    assert list(tmp_path.iterdir()) == []
