"""``reverie microscope`` and ``reverie stimuli`` as a user runs them, with real portraits of a few steps."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from reverie.jobs.provenance.note import of_picture
from support.commands import interrupt
from support.endings import lines_of
from support.microscope import tree

QUICK = ("--steps", "2", "--size", "64x64", "--threads", "1", "--seed", "3")
TWO = ("--layers", "block2a,block4a", "--channels", "0-7", "--classes", "tabby,pizza")


@pytest.mark.slow
def test_a_site_by_command_and_gone_on_with(reverie, tmp_path):
    first = reverie("microscope", "lite0", "-o", "site", *QUICK, *TWO, "--channels", "0-3", "--json")
    assert first.rc == 0, first.stderr
    assert (first.json["made"], first.json["portraits"]) == (10, 10)
    assert first.json["index"] == "site/index.html"
    more = reverie("microscope", "-o", "site", *QUICK, *TWO, "--json")
    assert more.rc == 0, more.stderr
    assert (more.json["made"], more.json["wanted"]) == (8, 18)
    whole = reverie("microscope", "lite0", "-o", "whole", *QUICK, *TWO)
    assert whole.rc == 0
    assert whole.stdout == "whole/index.html\n"
    assert tree(tmp_path / "site") == tree(tmp_path / "whole")
    other = reverie("microscope", "-o", "site", *TWO, "--steps", "3", "--size", "64x64", "--seed", "3")
    other.refused(2, "site: ", "another steps", "--overwrite")


@pytest.mark.slow
def test_a_portrait_of_the_site_is_made_again_from_itself(reverie, tmp_path):
    made = reverie(
        "microscope", "-o", "site", *QUICK, "--layers", "block2a", "--channels", "0-2", "--classes", "none"
    )
    assert made.rc == 0, made.stderr
    path = tmp_path / "site/portraits/layers/block2a/1.webp"
    assert of_picture(path).recipe.seed == 3
    again = reverie("rerun", path, "-o", "again.webp")
    assert again.rc == 0, again.stderr
    assert (tmp_path / "again.webp").read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(started, tmp_path):
    words = ("-o", "site", "--steps", "2", "--size", "64x64", "--layers", "block2a,block4a,block5c")
    process = started("microscope", *words, "--classes", "none", "-v")
    for line in lines_of(process.stderr):
        if re.match(r"block2a: \d+ of", line):
            break
    out, err = interrupt(process)
    assert out == ""
    assert re.search(r"stopped with \d+ of 216 portraits in site; the same command goes on", err)
    there = len(list((tmp_path / "site/portraits").rglob("*.webp")))
    assert there >= 16
    page = (tmp_path / "site/layers/block2a.html").read_text("utf-8")
    assert page.count('class="thumb"') == min(there, 24)
    assert not list((tmp_path / "site").rglob("*.part"))


@pytest.mark.slow
def test_a_sheet_of_stimuli(reverie, photographs, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in photographs.glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    units = ("--unit", "block2a:5", "--unit", "tabby")
    done = reverie("stimuli", folder, *units, "--count", "2", "-o", "sheet.png", *QUICK, "--json")
    assert done.rc == 0, done.stderr
    assert [unit["unit"] for unit in done.json["units"]] == ["block2a:5", "logits:281"]
    tabby = done.json["units"][1]["patches"]
    assert tabby[0]["photo"].endswith("chelsea.png")
    assert tabby[0]["activation"] >= tabby[1]["activation"]
    assert tabby[0]["cell"] is None
    with Image.open(tmp_path / "sheet.png") as sheet:
        width, height = sheet.size
    assert width == 3 * (192 + 12) + 12  # a portrait and two patches
    plain = reverie("stimuli", folder, *units, "--count", "2", "-o", "plain.png", "--no-portrait")
    assert plain.stdout == "plain.png\n"
    with Image.open(tmp_path / "plain.png") as sheet:
        assert sheet.size == (2 * (192 + 12) + 12, height)
    reverie("stimuli", folder, *units, "-o", "sheet.png").refused(2, "exists already")


@pytest.mark.slow
def test_a_photograph_that_cannot_be_read_ends_with_4(reverie, photographs, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "chelsea.png").write_bytes((photographs / "chelsea.png").read_bytes())
    (folder / "empty.jpg").write_bytes(b"")
    done = reverie("stimuli", folder, "--unit", "stem:3", "-o", "sheet.png", "--no-portrait", "--json")
    assert done.rc == 4
    assert "empty.jpg" in done.stderr
    assert done.stderr.splitlines()[-1] == "error: 1 of 2 photographs failed; sheet.png shows the others"
    assert "Traceback" not in done.stderr
    first = json.loads(done.stdout.splitlines()[0])
    assert len(first["failed"]) == 1
    assert np.asarray(Image.open(tmp_path / "sheet.png")).std() > 0
