"""An evolution in a folder: what is written, what is read again, and what becomes of it when cut off."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reverie.errors import BadInput, NetworkError, ReverieWarning, UsageError
from reverie.evolve import load_checkpoint
from reverie.jobs.fooling.evolved import done, percent
from reverie.jobs.fooling.folder import Folder
from reverie.jobs.fooling.run import EvolutionResult, EvolutionRun
from reverie.jobs.fooling.settings import ENCODINGS, make_settings
from reverie.media.picture import read_provenance
from support import twins
from support.fooling import CLOCKED, NAMES, Five, five, fooling, small, tree, unbroken
from support.listeners import Recorder
from support.slow import mostly_slow

# -- what is written -------------------------------------------------------------------------------


def test_every_class_has_a_picture_a_genome_and_an_entry(tmp_path):
    outcome, files = unbroken(tmp_path / "f")
    archive = json.loads(files["archive.json"])
    assert [entry["class"] for entry in archive] == [0, 1, 2, 3, 4]
    assert [entry["name"] for entry in archive] == ["red things", *NAMES[1:]]
    assert {"sheet.png", "index.html", "run.json"} < set(files)
    named = {entry[kind] for entry in archive for kind in ("png", "genome")}
    assert named == {name for name in files if "/" in name}
    assert (outcome.generation, outcome.evaluations) == (5, 12 + 5 * 8)
    assert outcome.confidences == [entry["confidence"] for entry in archive]
    assert outcome.median == sorted(outcome.confidences)[2]
    assert outcome.network_seconds > 0


def test_confidences_are_read_from_the_files(tmp_path):
    _, files = unbroken(tmp_path / "f")
    module = Five().double()
    for entry in json.loads(files["archive.json"]):
        with Image.open(tmp_path / "f" / entry["png"]) as image:
            assert image.mode == "RGB"
            assert image.size == (32, 32)
            pixels = np.asarray(image).astype(np.float64) / 255
        with torch.no_grad():
            logits = module((torch.from_numpy(pixels).permute(2, 0, 1)[None] - 0.5) / 0.5)
        assert float(logits.softmax(1)[0, entry["class"]]) == pytest.approx(entry["confidence"], abs=1e-5)
        assert read_provenance(tmp_path / "f" / entry["png"])["confidence"] == entry["confidence"]


@pytest.mark.slow
def test_lite0_in_bf16_is_judged_again_in_fp32(tmp_path):
    settings = make_settings(size=64, population=10, children=10, generations=2)
    run = fooling(tmp_path / "f", settings, net=None)
    outcome = run.carry_out(["tabby", "207"])
    assert [entry["class"] for entry in outcome.archive] == [207, 281]
    for entry in outcome.archive:
        pixels = np.asarray(Image.open(tmp_path / "f" / entry["png"])).astype(np.float64) / 255
        with torch.no_grad():
            logits = twins.twin_network()(torch.from_numpy(pixels).permute(2, 0, 1)[None] * 2 - 1)
        assert float(logits.softmax(1)[0, entry["class"]]) == pytest.approx(entry["confidence"], abs=1e-4)


@mostly_slow("encoding", ENCODINGS, quick=2)
def test_every_encoding_evolves_and_is_written(tmp_path, encoding):
    settings = small(encoding=encoding, generations=2)
    outcome = fooling(tmp_path / "f", settings).carry_out()
    assert len(outcome.archive) == 5
    document = json.loads((tmp_path / "f" / outcome.archive[0]["genome"]).read_text())
    assert document["encoding"] == encoding
    resumed = fooling(tmp_path / "f", resume=True).carry_out()
    assert resumed.archive == outcome.archive


@pytest.mark.slow
def test_only_the_classes_asked_for_are_reported_and_all_evolve(tmp_path):
    run = fooling(tmp_path / "f")
    some = run.carry_out(["stripes", "EMBERS", "0"])
    assert [entry["class"] for entry in some.archive] == [0, 1]
    every, files = unbroken(tmp_path / "g")
    assert list(some.archive) == list(every.archive[:2])
    # The same folder asked for all, and for one: nothing of the others is left.
    again = fooling(tmp_path / "f", resume=True).carry_out()
    assert again.archive == every.archive
    assert tree(tmp_path / "f") == files
    fooling(tmp_path / "f", resume=True).carry_out(["3"])
    assert [p.name[:4] for p in (tmp_path / "f" / "pictures").iterdir()] == ["0003"]


@pytest.mark.slow
def test_threads_and_sheets_on_the_way_change_no_byte(tmp_path):
    _, files = unbroken(tmp_path / "f")
    assert unbroken(tmp_path / "g", threads=2, sheet_every=0.0)[1] == files


# -- taken up again ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_stopped_anywhere_and_resumed_is_unbroken(tmp_path):
    _, files = unbroken(tmp_path / "whole")
    for after in range(6):
        folder = tmp_path / str(after)
        run = fooling(folder, checkpoint_every=1e9)
        outcome = run.carry_out(listener=Recorder(after=after + 1))
        assert outcome.stopped
        assert outcome.generation == after
        # five classes take no time: where it is stopped there are its pictures and its page already
        shown = after < 5
        assert len(outcome.archive) == 5 * shown
        assert (folder / "index.html").exists() == (folder / "sheet.png").exists() == shown
        assert len(list((folder / "pictures").iterdir())) == 5 * shown
        assert not fooling(folder, resume=True).carry_out().stopped
        assert tree(folder) == files


def test_many_classes_are_not_written_where_it_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("reverie.jobs.fooling.run.FEW", 4)
    outcome = fooling(tmp_path / "f").carry_out(listener=Recorder(after=2))
    assert outcome.archive == ()
    assert (tmp_path / "f" / "sheet.png").exists()
    assert not (tmp_path / "f" / "index.html").exists()


def test_how_many_are_shown_is_kept(tmp_path):
    """So a run that goes on shows as many; classes that are named, or "all", count for more."""
    fooling(tmp_path / "whole").carry_out(surest=2)
    fooling(tmp_path / "cut").carry_out(listener=Recorder(after=3), surest=2)
    assert len(list((tmp_path / "cut" / "pictures").iterdir())) == 2
    assert len(fooling(tmp_path / "cut", resume=True).carry_out().archive) == 2
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")
    assert len(fooling(tmp_path / "cut", resume=True).carry_out(["0"]).archive) == 1
    assert len(fooling(tmp_path / "cut", resume=True).carry_out(["all"]).archive) == 5
    assert "surest" not in json.loads((unbroken(tmp_path / "all")[0].folder.note).read_text())


class PowerCutError(BaseException):
    """The machine stops: nothing is tidied up, as no ``finally`` runs when a process is killed."""


def cut_at(monkeypatch, number):
    """Let the machine stop just before the ``number``th file gets its name; returns those that did."""
    named = []
    replace = os.replace

    def counted(source, target, **more):
        if len(named) == number:
            monkeypatch.setattr(os, "unlink", lambda *a, **k: None)
            raise PowerCutError
        named.append(os.path.basename(target))
        replace(source, target, **more)

    monkeypatch.setattr(os, "replace", counted)
    return named


@pytest.mark.slow
def test_cut_off_before_any_write_and_resumed_is_unbroken(tmp_path, monkeypatch):
    settings = small(generations=2)
    fooling(tmp_path / "whole", settings).carry_out(["0", "3"])
    files = tree(tmp_path / "whole")
    names: list[str] = []
    for number in range(100):
        folder = tmp_path / str(number)
        with monkeypatch.context() as patch:
            named = cut_at(patch, number)
            try:
                fooling(folder, settings, sheet_every=0.0).carry_out(["0", "3"])
            except PowerCutError:
                names = named
            else:
                break
        again = (folder / "run.json").exists()
        fooling(folder, settings, resume=again).carry_out(["0", "3"])
        assert tree(folder) == files, (number, named)
    # Every kind of file was cut off once.
    assert {"run.json", "checkpoint.npz", "sheet.png", "index.html"} <= set(names)
    assert len(names) == 1 + 3 + 1 + 3 + 2 * 2 + 1 + 1  # note, checkpoints, sheets, pictures, page


def test_the_last_write_is_the_archive(tmp_path, monkeypatch):
    named = cut_at(monkeypatch, 10_000)
    fooling(tmp_path / "f").carry_out()
    assert named[-1] == "archive.json"
    assert named[0] == "run.json"


@pytest.mark.slow
def test_more_generations_later_are_as_if_at_once(tmp_path):
    fooling(tmp_path / "f", small(generations=2)).carry_out()
    longer = fooling(tmp_path / "f", resume=True, given={"generations": 5})
    assert longer.settings == small()
    longer.carry_out()
    assert tree(tmp_path / "f") == unbroken(tmp_path / "whole")[1]


def test_fewer_generations_than_done_are_refused(tmp_path):
    unbroken(tmp_path / "f")
    with pytest.raises(UsageError, match="at generation 5 already, got 3"):
        fooling(tmp_path / "f", resume=True, given={"generations": 3}).carry_out()


def test_settings_of_another_run_are_refused(tmp_path):
    unbroken(tmp_path / "f")
    before = tree(tmp_path / "f")
    with pytest.raises(UsageError, match=r"seed: .* holds a run with 3, not 4"):
        fooling(tmp_path / "f", resume=True, given={"seed": 4})
    with pytest.raises(UsageError, match=r"encoding: .* cppn, not direct"):
        fooling(tmp_path / "f", resume=True, given={"encoding": "direct"})
    fooling(tmp_path / "f", resume=True, given={"seed": 3})
    assert tree(tmp_path / "f") == before


def test_other_weights_are_refused(tmp_path):
    unbroken(tmp_path / "f")
    net = five()
    with torch.no_grad():
        next(net.module.parameters()).add_(0.1)
    net._weights_sha256 = "0" * 64
    with pytest.raises(UsageError, match="other weights of five"):
        fooling(tmp_path / "f", resume=True, net=net)


def test_another_version_goes_on_with_a_warning(tmp_path):
    unbroken(tmp_path / "f")
    note = json.loads((tmp_path / "f" / "run.json").read_text())
    (tmp_path / "f" / "run.json").write_text(json.dumps({**note, "reverie": "0.0.1"}))
    with pytest.warns(ReverieWarning, match="begun by reverie 0.0.1"):
        fooling(tmp_path / "f", resume=True)


# -- folders -----------------------------------------------------------------------------------------


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "letter.txt").write_text("dear")
    for more in ({}, {"overwrite": True}):
        with pytest.raises(UsageError, match="holds other things"):
            fooling(tmp_path / "f", **more)
    with pytest.raises(UsageError, match="holds no evolution"):
        fooling(tmp_path / "f", resume=True)
    assert os.listdir(tmp_path / "f") == ["letter.txt"]


def test_an_evolution_is_not_run_over(tmp_path):
    _, files = unbroken(tmp_path / "f")
    with pytest.raises(UsageError, match="--resume goes on with it, --overwrite begins again"):
        fooling(tmp_path / "f")
    with pytest.raises(UsageError, match="--resume and --overwrite"):
        fooling(tmp_path / "f", resume=True, overwrite=True)
    assert tree(tmp_path / "f") == files
    fooling(tmp_path / "f", small(seed=4), overwrite=True).carry_out(["1"])
    assert len(tree(tmp_path / "f")) == 6
    assert tree(tmp_path / "f")["archive.json"] != files["archive.json"]


def test_a_file_or_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        fooling(tmp_path / "file")
    with pytest.raises(UsageError, match="nothing to resume"):
        fooling(tmp_path / "f", resume=True)


def test_a_wrong_class_leaves_nothing(tmp_path):
    run = fooling(tmp_path / "f")
    with pytest.raises(UsageError, match='did you mean "stripes"'):
        run.carry_out(["strips"])
    assert not (tmp_path / "f").exists()


@mostly_slow(
    "text", ["", "{", "[]", '{"holds": "letters"}', "nul\0", "[" * 100_000, '{"settings": 3}'], quick=2
)
def test_a_damaged_note_is_bad_input(tmp_path, text):
    unbroken(tmp_path / "f")
    (tmp_path / "f" / "run.json").write_text(text)
    with pytest.raises(BadInput, match=r"run\.json"):
        fooling(tmp_path / "f", resume=True)


def test_a_damaged_checkpoint_is_bad_input(tmp_path):
    unbroken(tmp_path / "f")
    path = tmp_path / "f" / CLOCKED
    data = path.read_bytes()
    for damaged in (b"", data[:100], data[: len(data) // 2], data[:-10], b"x" + data[1:]):
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match=r"checkpoint\.npz"):
            fooling(tmp_path / "f", resume=True).carry_out()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :])
    with pytest.raises(BadInput, match=r"checkpoint\.npz"):
        fooling(tmp_path / "f", resume=True).carry_out()


def test_the_checkpoint_of_another_run_is_bad_input(tmp_path):
    unbroken(tmp_path / "f")
    unbroken(tmp_path / "g", settings=small(seed=9))
    (tmp_path / "f" / CLOCKED).write_bytes((tmp_path / "g" / CLOCKED).read_bytes())
    with pytest.raises(BadInput, match="not the checkpoint of"):
        fooling(tmp_path / "f", resume=True).carry_out()


def test_the_checkpoint_holds_the_last_generation(tmp_path):
    outcome, _ = unbroken(tmp_path / "f")
    state, encoding = load_checkpoint(tmp_path / "f" / CLOCKED)
    assert done(state) == outcome.generation
    assert encoding.name == "cppn"
    assert [row.evaluations for row in state.history] == [12 + 8 * i for i in range(6)]


# -- small things -----------------------------------------------------------------------------------------


@given(st.floats(0, 1, exclude_max=True))
def test_certainty_is_never_rounded_up_to(value):
    assert percent(value) != "100.0 %" or value >= 1
    assert percent(value).endswith(" %")
    assert float(percent(value)[:-2]) == pytest.approx(100 * value, abs=0.051)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_counts_are_of_what_is_over(sure):
    archive = tuple({"confidence": c} for c in sure)
    outcome = EvolutionResult(
        settings=make_settings(), folder=Folder("f"), generation=1, evaluations=1, archive=archive
    )
    assert outcome.over == tuple(len([c for c in sure if c > level]) for level in (0.5, 0.95, 0.99))


def test_nothing_is_warned_of(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ReverieWarning)
        unbroken(tmp_path / "f")


@pytest.mark.parametrize("name", ["pictures", "genomes"])
def test_a_folder_that_leads_out_is_not_written_into(tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "0001-precious.png").write_bytes(b"precious")
    fooling(tmp_path / "f", small(generations=1)).carry_out()
    shutil.rmtree(tmp_path / "f" / name)
    (tmp_path / "f" / name).symlink_to("../outside")
    for more in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(UsageError, match="leads out"):
            fooling(tmp_path / "f", small(generations=1), **more)
    assert [path.name for path in outside.iterdir()] == ["0001-precious.png"]


@pytest.mark.parametrize("file", ["/etc/passwd", "../w.pth", "sub/w.pth", "leads-out.pth"])
def test_weights_that_a_note_names_lie_beside_it(tmp_path, monkeypatch, file):
    (tmp_path / "w.pth").write_bytes(b"no weights")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    fooling("f", small(generations=0)).carry_out()
    Path("f/leads-out.pth").symlink_to("../../w.pth")
    note = json.loads(Path("f/run.json").read_text())
    note["settings"]["network"] = f"lite0:{file}"
    Path("f/run.json").write_text(json.dumps(note))
    with pytest.raises(UsageError, match=r"run\.json: network: .*--trust.*--network lite0:"):
        EvolutionRun("f", resume=True)
    for more in ({"trust": True}, {"given": {"network": f"lite0:{file}"}}):
        with pytest.raises(NetworkError):
            EvolutionRun("f", resume=True, **more)
    note["settings"]["network"] = "lite0:beside.pth"
    Path("f/run.json").write_text(json.dumps(note))
    Path("f/beside.pth").write_bytes(b"no weights either")
    with pytest.raises(NetworkError, match=r"beside\.pth: "):
        EvolutionRun("f", resume=True)
