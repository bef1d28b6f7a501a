"""``reverie fool`` as a user types it: results, plans, prints and exit codes."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest
from PIL import Image

from reverie.cli import main as cli
from reverie.cli.verbs.fool import OPTION
from reverie.jobs.fooling.settings import Settings
from support.fooling import tree
from support.slow import mostly_slow

QUICK = ("--size", "32", "--children", "6", "--generations", "2", "--threads", "1")
GENOME = {
    "reverie": "genome",
    "version": 1,
    "encoding": "cppn",
    "settings": {"channels": 3, "span": 1.0},
    "genome": {"nodes": [["sine", [0, 5.0], [2, 9.0]], ["gaussian", [1, 2.5]], ["linear", [3, 2.0]]]},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder that the command made of two classes."""
    folder = tmp_path_factory.mktemp("made") / "f"
    assert cli.run(["fool", "tabby", "zebra", "-o", str(folder), "-q", *QUICK]) == 0
    return folder


@pytest.mark.slow
def test_a_run_says_where_its_page_is(inside, tmp_path):
    ran = inside("fool", "tabby", "-o", "f", *QUICK)
    assert (ran.rc, ran.stdout, ran.stderr) == (0, os.path.join("f", "index.html") + "\n", "")
    assert json.loads((tmp_path / "f" / "archive.json").read_text())[0]["name"] == "tabby"


@pytest.mark.slow
def test_a_run_tells_a_machine_all(inside, tmp_path):
    ran = inside("fool", "tabby", "zebra", "-o", "f", "--json", "-v", *QUICK)
    found = ran.json
    archive = json.loads((tmp_path / "f" / "archive.json").read_text())
    assert ran.rc == 0
    assert found["evaluations"] == 18
    assert found["classes"] == 2
    assert found["median"] == pytest.approx(np.mean([entry["confidence"] for entry in archive]))
    assert set(found["over"]) == {"0.5", "0.95", "0.99"}
    assert "generation 2/2, median" in ran.stderr
    assert re.search(r"over \.5 \d+, \.95 \d+, \.99 \d+", ran.stderr)


@pytest.mark.slow
def test_a_finished_run_is_written_again_by_resume(inside, made):
    before = tree(made)
    assert inside("fool", "tabby", "zebra", "-o", made, "--resume").rc == 0
    assert tree(made) == before


@pytest.mark.slow
def test_show_names_the_command_that_draws_its_pictures(inside, made):
    inside("show", made / "pictures" / "0281-tabby.png").refused(3, "reverie fool --render")


@pytest.mark.slow
def test_classify_reads_what_evolved_as_the_evolution_did(inside, made, tmp_path):
    entry = json.loads((made / "archive.json").read_text())[0]
    asked = inside("classify", made / entry["png"], "--top", "1000", "--json").json
    assert asked["shown"] == "whole"
    share = {one["class"]: one["probability"] for one in asked["classes"]}[entry["class"]]
    assert share == pytest.approx(entry["confidence"], rel=1e-3)
    assert "shown whole, 32 x 32, as it was judged" in inside("classify", made / entry["png"]).stderr
    with Image.open(made / entry["png"]) as image:  # without its metadata it is a photograph as any
        Image.fromarray(np.asarray(image)).resize((64, 64)).save(tmp_path / "bare.png")
    assert inside("classify", "bare.png", "--json").json["shown"] == "middle"


@pytest.mark.slow
def test_a_plan_writes_nothing(inside, tmp_path):
    ran = inside("fool", "tabby", "--dry-run", "--generations", "10", "--size", "32", "--threads", "1")
    assert ran.rc == 0
    assert "4,400 evaluations" in ran.stdout
    assert "evaluations a second" in ran.stdout
    assert not list(tmp_path.iterdir())
    found = inside(
        "fool", "--dry-run", "--size", "32", "--encoding", "direct", "--json", "--threads", "1"
    ).json
    assert found["evaluations"] == 200 + 5000 * 200
    assert found["reported"] == found["classes"] == 1000


@pytest.mark.slow
def test_a_large_print(inside, tmp_path):
    (tmp_path / "g.json").write_text(json.dumps(GENOME))
    assert inside("fool", "--render", "g.json", "--size", "300", "-o", "big.png").stdout == "big.png\n"
    with Image.open(tmp_path / "big.png") as image:
        assert image.size == (300, 300)
    assert inside("fool", "--render", "big.png", "-o", "again.png", "--json", "--depth", "16").json[
        "size"
    ] == [1024, 1024]
    inside("fool", "--render", "g.json", "--size", "300", "-o", "big.png").refused(
        2, "big.png", "--overwrite"
    )
    assert inside("fool", "--render", "g.json", "--size", "64", "-o", "big.png", "--overwrite").rc == 0
    with Image.open(tmp_path / "big.png") as image:
        assert image.size == (64, 64)


@mostly_slow(
    ("words", "code", "said"),
    [
        (["tabbby", "-o", "f"], 2, 'did you mean "tabby"'),
        (["crane", "-o", "f"], 2, "means several"),
        (["1000", "-o", "f"], 2, "classes are 0 to 999"),
        ([], 2, "-o fooled"),
        (["-o", "f", "--encoding", "cpn"], 2, "--encoding: input should be 'cppn'"),
        (["-o", "f", "--size", "20"], 2, "--size: "),
        (["-o", "f", "--children", "0"], 2, "--children: "),
        (["-o", "f", "--generations", "-1"], 2, "--generations: "),
        (["-o", "f", "--threads", "-1"], 2, "--threads -1"),
        (["-o", "f", "--engine", "warp"], 2, "--engine warp"),
        (["-o", "f", "--device", "tpu"], 2, "--device tpu"),
        (["-o", "f", "--network", "lite9"], 2, "lite9"),
        (["-o", "f", "--network", "lite0:missing.pth"], 5, "missing.pth"),
        (["-o", "f", "--depth", "8"], 2, "--depth: is for --render only"),
        (["-o", "other"], 2, "holds other things"),
        (["-o", "other", "--overwrite"], 2, "holds other things"),
        (["-o", "file"], 2, "is a file"),
        (["-o", "no/where"], 6, "no folder no"),
        (["-o", "f", "--resume"], 2, "nothing to resume"),
        (["-o", "other", "--resume"], 2, "holds no evolution"),
        (["-o", "f", "--resume", "--overwrite"], 2, "give one of them"),
        (["-o", "torn", "--resume"], 3, "run.json"),
        (["--render", "missing.json", "-o", "p.png"], 3, "missing.json: no such file"),
        (["--render", "bad.json", "-o", "p.png"], 3, "bad.json"),
        (["--render", "other", "-o", "p.png"], 3, "is a folder"),
        (["--render", "http://a.b/c.json", "-o", "p.png"], 3, "not a local file"),
        (["--render", "g.json", "-o", "p.txt"], 2, "no format"),
        (["--render", "g.json", "-o", "other"], 2, "other"),
        (["--render", "g.json", "-o", "p.png", "--size", "0"], 2, "--size: 0"),
        (["--render", "g.json", "-o", "p.png", "--size", "9000"], 2, "--max-pixels raises it"),
        (["--render", "g.json", "-o", "no/p.png"], 6, "no folder no"),
        (["tabby", "--render", "g.json", "-o", "p.png"], 2, "tabby: --render draws one genome"),
        (["--render", "g.json", "-o", "p.png", "--seed", "0"], 2, "--seed: --render"),
        (["--render", "g.json", "-o", "p.png", "--resume"], 2, "--resume: --render"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else None,
    quick=4,
)
def test_bad_inputs(inside, tmp_path, words, code, said):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text("{")
    (tmp_path / "file").write_text("x")
    (tmp_path / "bad.json").write_text('{"reverie": "genome", "version": 1}')
    (tmp_path / "g.json").write_text(json.dumps(GENOME))
    before = tree(tmp_path)
    inside("fool", *words).refused(code, said)
    assert tree(tmp_path) == before


@pytest.mark.slow
def test_a_damaged_checkpoint(inside, made, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    for name in ("run.json", "checkpoint.npz"):
        (folder / name).write_bytes((made / name).read_bytes())
    (folder / "checkpoint.npz").write_bytes(b"PK\3\4 and no more")
    inside("fool", "-o", "f", "--resume").refused(3, "checkpoint.npz")
    assert inside("fool", "-o", "f", "--resume", "--json").json["error"]["code"] == 3


@pytest.mark.slow
def test_settings_of_another_run(inside, made):
    inside("fool", "-o", made, "--resume", "--seed", "8").refused(2, "--seed: ", "holds a run with 0, not 8")
    inside("fool", "-o", made).refused(2, "--resume goes on with it")
    inside("fool", "-o", made, "--resume", "--generations", "1").refused(
        2, "--generations: ", "at generation 2 already"
    )


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nobody keeps root from writing")
def test_a_folder_that_cannot_be_written(inside, tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f").chmod(0o500)
    inside("fool", "-o", "f").refused(6, "cannot write f")


def test_every_setting_has_an_option(inside):
    said = inside("fool", "--help").stdout
    assert all(f"{option} " in said for option in OPTION.values())
    assert set(OPTION) == set(Settings.model_fields)
