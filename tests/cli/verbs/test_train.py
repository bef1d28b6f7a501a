"""``reverie train`` as a user types it: a network that every verb takes, and exit codes."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from reverie.cli.verbs.train import OPTION
from reverie.train.settings import TrainSettings
from support.training import KINDS, files, folder_of_kinds

QUICK = ("--size", "16", "--steps", "20", "--batch", "8", "--threads", "1")


@pytest.fixture
def kinds(tmp_path):
    return folder_of_kinds(tmp_path / "kinds", 6)


@pytest.fixture
def network(kinds, inside, tmp_path):
    ran = inside("train", "kinds", "-o", "mine.safetensors", *QUICK)
    assert (ran.rc, ran.stdout, ran.stderr) == (0, "mine.safetensors\n", "")
    return "mine.safetensors"


def test_every_setting_has_an_option():
    assert set(OPTION) == set(TrainSettings.model_fields)


@pytest.mark.slow
def test_what_it_makes_is_a_network_like_any_other(network, inside, tmp_path):
    photo = Image.effect_noise((96, 64), 90).convert("RGB")
    photo.save(tmp_path / "me.png")
    seen = inside(
        "see", "disc", "conv3:1", "--network", network, "--preset", "small", "--steps", "2", "-o", "p.png"
    )
    assert (seen.rc, seen.stderr) == (0, "")
    with Image.open(tmp_path / "p-disc.png") as portrait:
        assert portrait.size == (160, 160)
    dreamt = inside(
        "dream", "me.png", "--network", network, "--layer", "conv2", "--steps", "2", "-o", "d.png"
    )
    assert dreamt.rc == 0, dreamt.stderr
    again = inside("rerun", "d.png", "-o", "again.png")
    assert again.rc == 0, again.stderr
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "d.png").read_bytes()
    said = inside("classify", "me.png", "--network", network, "--json")
    assert {one["name"] for one in said.json["classes"]} == set(KINDS)
    listed = inside("layers", network)
    assert "conv3" in listed.stdout
    # Another file of that name is not what dreamed.
    (tmp_path / network).unlink()
    assert inside("train", "kinds", "-o", network, "--seed", "1", "--overwrite", *QUICK).rc == 0
    inside("rerun", "d.png", "-o", "other.png").refused(5, "SHA-256 is")
    (tmp_path / network).unlink()
    inside("rerun", "d.png", "-o", "other.png").refused(5, network, "not found beside")


def test_json_says_all(kinds, inside, tmp_path):
    ran = inside("train", "kinds", "-o", "m.safetensors", "--json", *QUICK)
    assert ran.rc == 0
    assert ran.json["kinds"] == list(KINDS)
    assert 0 <= ran.json["accuracy"] <= 1
    assert len(ran.json["files"]) == 4
    assert f"{ran.json['accuracy']:.1%}" in (tmp_path / "m.md").read_text("utf-8")


@pytest.mark.slow
def test_the_command_in_the_card_makes_the_same(kinds, inside, tmp_path):
    assert (
        inside(
            "train", "kinds", "-o", "m.safetensors", "--seed", "3", "--no-mirror", "--push", "0", *QUICK
        ).rc
        == 0
    )
    before = files(tmp_path)
    text = (tmp_path / "m.md").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("    reverie train"))
    words = line.split()[1:]
    assert inside(*words, "--overwrite", "--threads", "1").rc == 0
    assert files(tmp_path) == before


def test_a_dry_run_writes_nothing(kinds, inside, tmp_path):
    ran = inside("train", "kinds", "--dry-run", "--json", *QUICK)
    assert ran.rc == 0
    assert ran.json["kinds"] == 3
    assert not files(tmp_path)


@pytest.mark.slow
def test_a_broken_picture_is_named_and_the_rest_is_learnt(kinds, inside, tmp_path):
    (kinds / "bar" / "bad.png").write_bytes(b"nothing")
    ran = inside("train", "kinds", "-o", "m.safetensors", *QUICK)
    assert ran.rc == 4
    assert ran.stdout == "m.safetensors\n"
    assert ran.stderr.count("bad.png") == 1
    assert "1 pictures could not be read and were left out" in ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nothing", "-o", "m.safetensors"), 3, "nothing: cannot be read"),
        (("kinds",), 2, "-o mine.safetensors"),
        (("kinds", "-o", "m.pth"), 2, "written as .safetensors"),
        (("kinds", "-o", "no/m.safetensors"), 6, "no folder no"),
        (("kinds", "-o", "m.safetensors", "--from", "lite9"), 2, "there are scratch and lite0"),
        (("kinds", "-o", "m.safetensors", "--size", "30"), 2, "--size: 30 is no multiple of 4"),
        (("kinds", "-o", "m.safetensors", "--steps", "0"), 2, "--steps"),
        (("kinds", "-o", "m.safetensors", "--held-out", "nothing"), 3, "nothing: cannot be read"),
        (("kinds/disc", "-o", "m.safetensors"), 3, "one kind of pictures"),
    ],
)
def test_what_cannot_be_is_one_line(kinds, inside, tmp_path, words, code, said):
    inside("train", *words).refused(code, said)
    assert not files(tmp_path)


def test_a_document_of_it_runs(kinds, inside, tmp_path):
    from reverie.jobs.training.job import TrainJob

    settings = {"size": 16, "steps": 4, "batch": 8}
    job = TrainJob(folder="kinds", settings=settings, output="m.safetensors", threads=1)
    (tmp_path / "job.json").write_text(json.dumps(job.document()))
    ran = inside("run", "job.json")
    assert ran.rc == 0, ran.stderr
    assert (tmp_path / "m.safetensors").exists()
