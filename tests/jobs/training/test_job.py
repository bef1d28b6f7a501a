"""The job of training: told in order, stopped and gone on with, made again from its document, and refused."""

from __future__ import annotations

import json
import os

import pytest
from PIL import Image

import reverie
from reverie.errors import BadInput, ResourceError, UsageError
from reverie.jobs.document import read_job
from reverie.jobs.job import Kept
from reverie.jobs.training import job as training
from reverie.jobs.training.job import TrainJob
from support.listeners import Recorder, again
from support.training import KINDS, QUICK, files, folder_of_kinds


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return folder_of_kinds(tmp_path_factory.mktemp("pictures") / "kinds")


def job(pictures, out, **changes):
    settings = {**QUICK, **changes.pop("settings", {})}
    return TrainJob(
        folder=str(pictures), settings=settings, output=changes.pop("output", str(out)), threads=1
    )


@pytest.fixture(scope="module")
def made(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    recorder = Recorder()
    return folder, job(pictures, folder / "m.safetensors").run(recorder), recorder


@pytest.mark.slow
def test_it_is_told_in_order(made):
    _, result, recorder = made
    assert recorder.in_order()
    assert result.step == 40
    assert sum(step.ends for step in recorder.steps) == 20
    assert 0 <= result.accuracy <= 1
    assert result.kinds == KINDS


@pytest.mark.slow
def test_everything_is_there_and_says_the_same(made):
    folder, result, _ = made
    assert sorted(files(folder)) == ["m-confusion.png", "m-curve.png", "m.md", "m.safetensors"]
    assert [os.path.basename(path) for path in result.files] == [
        "m.safetensors",
        "m.md",
        "m-curve.png",
        "m-confusion.png",
    ]
    text = (folder / "m.md").read_text("utf-8")
    for word in (
        f"{result.accuracy:.1%}",
        result.sha256,
        "Seed: 0",
        "reverie train kinds -o m.safetensors",
        *KINDS,
    ):
        assert word in text
    net = reverie.load_net(str(folder / "m.safetensors"))
    assert (list(net.classes), net.weights_sha256) == (list(KINDS), result.sha256)
    for name in ("m-curve.png", "m-confusion.png"):
        with Image.open(folder / name) as image:
            assert len(image.getcolors(1 << 20)) > 20


@pytest.mark.slow
@pytest.mark.parametrize("after", [12 + 36, 3])
def test_stopped_it_goes_on_to_the_same_bytes(pictures, made, tmp_path, after):
    recorder = Recorder(after=after)
    stopped = job(pictures, tmp_path / "m.safetensors").run(recorder)
    assert stopped.stopped.startswith("step ")
    assert any(isinstance(event, Kept) for event in recorder.events)
    assert sorted(files(tmp_path)) == ["m.training"]
    whole = job(pictures, tmp_path / "m.safetensors").run()
    assert whole.stopped == ""
    assert files(tmp_path) == files(made[0])


@pytest.mark.slow
def test_its_document_makes_the_same(pictures, made, tmp_path):
    first = job(pictures, tmp_path / "m.safetensors")
    assert again(first) == first
    again(first).run()
    assert files(tmp_path) == files(made[0])


@pytest.mark.slow
def test_another_seed_makes_another(pictures, made, tmp_path):
    job(pictures, tmp_path / "m.safetensors", settings={"seed": 1}).run()
    assert files(tmp_path)["m.safetensors"] != files(made[0])["m.safetensors"]


@pytest.mark.slow
def test_a_checkpoint_of_another_training_is_left_alone(pictures, tmp_path):
    job(pictures, tmp_path / "m.safetensors").run(Recorder(after=40))
    kept = files(tmp_path)
    with pytest.raises(UsageError, match=r"unfinished training with other settings.*--overwrite"):
        job(pictures, tmp_path / "m.safetensors", settings={"seed": 1}).run()
    other = folder_of_kinds(tmp_path / "other", seed=5)
    with pytest.raises(UsageError, match="other pictures"):
        job(other, tmp_path / "m.safetensors").run()
    assert files(tmp_path) == kept
    output = {"path": str(tmp_path / "m.safetensors"), "overwrite": True}
    assert job(other, None, output=output).run().stopped == ""
    assert "m.training" not in files(tmp_path)


def test_what_is_wrong_is_said_before_anything_is_read(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(TrainJob, "_data", None)
    with pytest.raises(UsageError, match=r"written as \.safetensors"):
        job(pictures, tmp_path / "m.pth").run()
    with pytest.raises(ResourceError, match="there is no folder"):
        job(pictures, tmp_path / "no" / "m.safetensors").run()
    (tmp_path / "m.md").write_text("mine")
    with pytest.raises(UsageError, match=r"m\.md: exists already"):
        job(pictures, tmp_path / "m.safetensors").run()
    with pytest.raises(UsageError, match="steps"):
        job(pictures, tmp_path / "n.safetensors", settings={"steps": -1}).run()


def test_pictures_are_never_written_over(tmp_path):
    folder = folder_of_kinds(tmp_path / "kinds", 4)
    kept = (folder / "disc" / "00.png").rename(folder / "disc" / "m-curve.png").read_bytes()
    output = {"path": str(folder / "disc" / "m.safetensors"), "overwrite": True}
    with pytest.raises(UsageError, match="is the input too"):
        job(folder, None, output=output).run()
    assert (folder / "disc" / "m-curve.png").read_bytes() == kept


@pytest.mark.slow
def test_broken_pictures_are_named(tmp_path):
    folder = folder_of_kinds(tmp_path / "kinds", 6)
    (folder / "bar" / "bad.png").write_bytes(b"GIF89a")
    recorder = Recorder()
    result = job(folder, tmp_path / "m.safetensors").run(recorder)
    assert len(result.failed) == 1
    assert any("bad.png" in text for text in result.warnings)
    assert "bad.png" in (tmp_path / "m.md").read_text("utf-8")


def test_no_folder_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        job(tmp_path / "nothing", tmp_path / "m.safetensors").run()


def test_an_estimate_writes_nothing(pictures, tmp_path):
    estimate = job(pictures, tmp_path / "m.safetensors").estimate()
    assert estimate.seconds > 0
    assert estimate.details["pictures"] + estimate.details["held_out"] == 36
    assert "30 pictures of 3 kinds, 6 held out, 16 px" in estimate.text
    assert not files(tmp_path)


def test_a_foreign_document_names_only_what_lies_beside_it(pictures, tmp_path):
    document = json.loads(json.dumps(job(pictures, tmp_path / "m.safetensors").document()))
    with pytest.raises(UsageError, match="is a path"):
        read_job(document)


@pytest.mark.slow
def test_a_checkpoint_is_written_on_the_way(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "EVERY", 0.0)
    seen = []

    class Looks(Recorder):
        def on_event(self, event):
            seen.append((tmp_path / "m.training").exists())

    job(pictures, tmp_path / "m.safetensors").run(Looks())
    assert any(seen)
