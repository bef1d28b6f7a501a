"""The command line: the skin over recipes and runs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie.cli import complete, options
from reverie.cli import main as cli
from reverie.cli.app import command
from reverie.cli.command_line import command_of
from reverie.cli.old_dream import names_for
from reverie.errors import UsageError
from reverie.jobs.provenance import of_picture
from reverie.media.picture import load_picture
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.recipe.recipe import Recipe
from support.commands import Process, Ran, environment

Reverie = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")


@pytest.fixture
def inside(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reverie]:
    """Run the command in this process, which has torch already; as ``reverie`` in all else."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.chdir(here)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Ran(code, *capsys.readouterr())

    yield run
    torch.set_num_threads(threads)


def parsed(*words: str) -> dict[str, Any]:
    """The options of ``dream`` as its function gets them."""
    context = command().commands["dream"].make_context("dream", list(words))
    return dict(context.params)


def recipe_for(*words: str) -> Recipe:
    return options.recipe_of(parsed(*words))


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["dream", "--help"], ["networks"]])
def test_what_only_tells_does_not_import_torch(words: list[str]) -> None:
    code = (
        "import sys; from reverie.cli.main import run; code = run(sys.argv[1:]); "
        "heavy = {'torch', 'cv2', 'PIL', 'numpy'} & set(sys.modules); "
        "sys.exit(code or (repr(heavy) if heavy else 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_help_tells_defaults_and_ranges_of_the_recipe() -> None:
    assert options.describe("strength").endswith("(0 to 1; default 0.5)")
    assert options.describe("octaves").endswith("(1 to 32)")
    assert options.describe("precision").endswith("(auto, fp32, bf16, fp16; default auto)")
    assert options.describe("halo").endswith("(0 to 4096 or auto, full; default auto)")
    assert options.describe("seed").endswith("(from 0; default 0)")
    assert options.describe("max_change").endswith("(above 0 to 1)")


def test_every_option_that_sets_a_field_is_there() -> None:
    flags = {flag for p in command().commands["dream"].params for flag in p.opts}
    assert set(options.OPTION.values()) <= flags
    contract = """--layer --channel --class --objective --guide --preset --strength --max-change --octaves
        --octave-scale --steps --step-size --jitter --seamless --mask --keep-colour --size --max-size --seed
        --network --engine --precision --device --threads --halo --max-pixels --recipe --variations
        --preview --no-metadata --overwrite --json --dry-run --offline -q -v --debug -o --from"""
    assert set(contract.split()) <= flags


def test_options_make_the_recipe() -> None:
    assert recipe_for() == preset("reverie")
    assert recipe_for("--preset", "google2015", "--strength", "0.25") == preset("google2015", strength=0.25)
    assert recipe_for("--steps", "30,20,10").steps == (30, 20, 10)
    assert recipe_for("--size", "640x480").size == (640, 480)
    assert recipe_for("--halo", "32", "--engine", "plain") == preset("reverie", halo=32, engine="plain")
    assert recipe_for("--halo", "full").halo == "full"
    assert recipe_for("--layer", "block4a", "--layer", "block5c").objective == ("block4a", "block5c")
    assert recipe_for("--channel", "block4b:17").objective == ("block4b:17",)
    assert recipe_for("--class", "golden retriever").objective == ('class("golden retriever")',)
    assert recipe_for("--class", "207").objective == ("class(207)",)
    assert recipe_for("--guide", "g.png", "--layer", "block3b").objective == ('guide("g.png", block3b)',)
    assert recipe_for("--guide", "g.png").objective == (f'guide("g.png", {options.GUIDE_LAYER})',)
    assert recipe_for("--seamless").seamless
    assert recipe_for("--keep-color", "1").keep_colour == 1
    assert recipe_for("--max-change", "0.03").strength == preset("reverie").strength


def test_a_recipe_file_is_overridden_by_options(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(preset("keras", seed=3).model_dump(mode="json")))
    assert recipe_for("--recipe", str(path)) == preset("keras", seed=3)
    assert recipe_for("--recipe", str(path), "--seed", "4") == preset("keras", seed=4)
    assert recipe_for("--recipe", str(path), "--steps", "5").max_score is None
    with pytest.raises(UsageError, match="--preset and --recipe"):
        recipe_for("--recipe", str(path), "--preset", "keras")


RECIPES = [
    *(preset(name) for name in PRESETS),
    preset("reverie", seed=3, steps=(3, 2), size=(64, 48), seamless=True, mask="m.png", keep_colour=0.25),
    preset("google2015", objective=("block4a", "block5c"), jitter=0, strength=0.3, max_change=0.1),
    preset("keras", steps=(7,), start="clouds", network="lite1", precision="bf16", device="cpu", threads=3),
    preset("reverie", objective=("block4b:17",), octaves=3, octave_scale=1.8, step_size=0.01),
    preset("reverie", objective=('class("tabby")', "class(207)"), max_size=640),
    preset("reverie", objective=('guide("a b.png", block3a) - 0.2*tv',), balance="layers"),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_the_command_line_of_a_recipe_makes_that_recipe(recipe: Recipe) -> None:
    words = command_of(recipe)
    assert words is not None
    assert recipe_for(*shlex.split(shlex.join(words))) == recipe
    if recipe == preset(recipe.preset):
        assert words == ([] if recipe.preset == "reverie" else ["--preset", recipe.preset])


def test_a_recipe_that_options_cannot_say_has_none() -> None:
    assert command_of(preset("reverie", levels=3)) is None
    assert command_of(preset("reverie", strength=None)) is None
    assert command_of(Recipe(preset="of my own")) is None


def test_completion_knows_the_networks_layers() -> None:
    from reverie.network.efficientnet_lite import lite_layers

    for name in ("lite0", "lite1", "lite2"):
        assert complete.layer_names(name) == [n for n in lite_layers(name) if n != "logit_map"]
    assert complete.layers("block5") == ["block5a", "block5b", "block5c"]
    assert complete.channels("ste") == ["stem:"]
    assert "golden retriever" in complete.classes("Golden ret")
    assert complete.presets("goo") == ["google2015"]
    assert complete.networks("") == ["lite0", "lite1", "lite2"]


def test_completion_answers_the_shell(tmp_path: Path) -> None:
    asked = {
        "_REVERIE_COMPLETE": "complete_bash",
        "COMP_WORDS": "reverie dream --layer block5",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [sys.executable, "-m", "reverie"], env=environment() | asked, capture_output=True, text=True
    )
    assert done.stdout.split() == ["block5a", "block5b", "block5c"]


def test_results_of_a_batch_have_names_of_their_own(tmp_path: Path) -> None:
    names = names_for(["a/x.jpg", "a/x.png", "b/y.tif"], tmp_path)
    assert [Path(n).name for n in names] == ["x.jpg.png", "x.png.png", "y.png"]
    with pytest.raises(UsageError, match="2 photographs"):
        names_for(["a/x.png", "b/x.png"], tmp_path)


def test_dream_show_and_rerun(here: Path, reverie: Reverie) -> None:
    done = reverie(
        "dream", "chelsea.png", "-o", "d.png", *QUICK, "--layer", "block4a", "--preview", "p.png", "--json"
    )
    assert done.rc == 0, done.stderr
    assert done.stderr == ""  # quiet off a terminal
    found = done.json
    assert found["path"] == "d.png"
    assert found["size"] == list(load_picture(here / "d.png").size)
    assert found["recipe"]["objective"] == ["block4a"]
    assert {"score", "moved", "seconds", "warnings"} <= set(found)
    preview, result = (np.asarray(Image.open(here / name)) for name in ("p.png", "d.png"))
    np.testing.assert_array_equal(preview, result)

    shown = reverie("show", "d.png", "--json").json
    assert shown["source"]["name"] == "chelsea.png"
    words = shlex.split(shown["command"])
    assert words[:6] == ["reverie", "dream", "chelsea.png", "-o", "d.png", "--layer"]
    (here / "d.png").rename(here / "first.png")
    again = reverie(*words[1:])
    assert again.stdout == "d.png\n"
    assert (here / "d.png").read_bytes() == (here / "first.png").read_bytes()

    done = reverie("rerun", "d.png")
    assert done.rc == 0, done.stderr
    assert done.stdout == "d-rerun.png\n"
    assert (here / "d-rerun.png").read_bytes() == (here / "d.png").read_bytes()
    assert "--layer block4a" in reverie("show", "d.png").stdout


def test_a_batch_goes_on_and_skips_what_is_finished(here: Path, photographs: Path, inside: Reverie) -> None:
    folder = here / "in"
    folder.mkdir()
    for name in ("chelsea", "coffee"):
        (folder / f"{name}.png").write_bytes((photographs / f"{name}.png").read_bytes())
    (folder / "bad.png").write_text("not a picture")
    (folder / "notes.txt").write_text("not looked at")
    first = inside("dream", "in", "-o", "out", *QUICK)
    assert first.rc == 4, first.stderr
    assert first.stdout.split() == [os.path.join("out", n) for n in ("chelsea.png", "coffee.png")]
    lines = first.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("error: in/bad.png: not a picture")
    assert lines[1].startswith("error: 1 of 3 photographs failed")
    times = {p.name: p.stat().st_mtime_ns for p in (here / "out").iterdir()}
    assert set(times) == {"chelsea.png", "coffee.png"}

    (folder / "bad.png").write_bytes((photographs / "rocket.png").read_bytes())
    second = inside("dream", "in", "-o", "out", *QUICK, "-v")
    assert second.rc == 0, second.stderr
    assert second.stdout.split() == [os.path.join("out", "bad.png")]
    assert "1 made, 2 skipped, 0 failed" in second.stderr
    assert all((here / "out" / n).stat().st_mtime_ns == t for n, t in times.items())

    third = inside("dream", "in", "-o", "out", *QUICK, "--seed", "5")
    assert third.rc == 4
    assert third.stderr.count("exists already") == 3


def test_variations_are_files_and_a_labelled_sheet(here: Path, inside: Reverie) -> None:
    done = inside("dream", "chelsea.png", "-o", "v.png", *QUICK, "--variations", "2", "--seed", "3")
    assert done.rc == 0, done.stderr
    assert done.stdout.split() == ["v-seed3.png", "v-seed4.png", "v.png"]
    assert [of_picture(here / f"v-seed{s}.png").recipe.seed for s in (3, 4)] == [3, 4]
    first, second = (np.asarray(Image.open(here / f"v-seed{s}.png")) for s in (3, 4))
    assert (first != second).any()
    assert Image.open(here / "v.png").size[0] > 2 * 160


def test_sheet_shows_every_layer(here: Path, inside: Reverie) -> None:
    done = inside(
        "sheet", "chelsea.png", "-o", "s.png", "--cell", "64", "--steps", "1", "--threads", "1", "--json"
    )
    assert done.rc == 0, done.stderr
    assert done.json["layers"] == complete.layer_names()
    assert min(Image.open(here / "s.png").size) > 3 * 64


def test_classify_says_cat(here: Path, inside: Reverie) -> None:
    done = inside("classify", "chelsea.png", "--top", "3", "--json")
    found = done.json["classes"]
    assert len(found) == 3
    assert found[0]["class"] in (281, 282, 285)
    assert found[0]["probability"] > 0.2
    assert found[0]["name"] in inside("classify", "chelsea.png").stdout


def test_layers_and_networks_list(inside: Reverie) -> None:
    table = inside("layers").stdout
    assert "block5c" in table
    assert "339 px" in table
    assert "logit_map" not in table
    listed = inside("networks", "--json").json["networks"]
    assert [n["name"] for n in listed] == ["lite0", "lite1", "lite2"]


def test_doctor_is_healthy(inside: Reverie) -> None:
    done = inside("doctor", "--json")
    assert done.rc == 0, done.stdout
    assert done.json["healthy"]
    found = {f["what"]: f for f in done.json["findings"]}
    assert {"weights", "engine", "native library", "torch"} <= set(found)
    for engine in ("torch", "plain"):
        assert found[f"{engine} engine"]["well"]
        assert "score" in found[f"{engine} engine"]["found"]
    taken = "torch" if found["native engine"]["well"] is None else "native"
    assert found["engine"]["found"] == f"auto takes {taken} for lite0"


def test_doctor_asks_one_engine(inside: Reverie) -> None:
    findings = inside("doctor", "--engine", "plain", "--json").json["findings"]
    assert [f["what"] for f in findings if "engine" in f["what"]] == ["plain engine"]
    assert "fp32" in findings[-1]["found"]


def test_doctor_says_what_is_not(inside: Reverie, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"no weights")
    done = inside("doctor", "--network", "lite0:w.pth")
    assert done.rc == 1
    assert "BAD" in done.stdout
    assert "not healthy" in done.stdout


def test_dry_run_plans_and_writes_nothing(here: Path, inside: Reverie) -> None:
    before = sorted(here.iterdir())
    done = inside(
        "dream", "chelsea.png", "-o", "d.png", "--steps", "3,2", "--octaves", "2", "--dry-run", "--json"
    )
    assert done.rc == 0, done.stderr
    plan = done.json
    assert [o["steps"] for o in plan["octaves"]] == [3, 2]
    assert plan["octaves"][-1]["size"] == plan["size"] == list(Image.open(here / "chelsea.png").size)
    assert plan["seconds"] > 0
    assert plan["bytes"] > 1e6
    words = inside("dream", "--from", "clouds", "--size", "640x400", "--dry-run").stdout
    assert "640 x 400" in words
    assert "MB" in words
    assert sorted(here.iterdir()) == before


def test_json_warnings_and_quiet(here: Path, inside: Reverie) -> None:
    words = ("dream", "chelsea.png", "--steps", "1", "--octaves", "9", "--threads", "1", "--overwrite")
    loud = inside(*words, "-o", "d.png", "--json")
    assert loud.stderr.startswith("warning: ")
    assert loud.stderr.count("\n") == 1
    assert len(loud.json["warnings"]) == 1
    assert inside(*words, "-o", "d.png", "-q").stderr == ""


def wait_for(process: Process, word: str) -> None:
    """Until the command says something on stderr."""
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return
    raise AssertionError(f"it ended without saying {word}")


LONG = ("--steps", "2,5000", "--octaves", "2", "--threads", "1", "-v")


def test_ctrl_c_saves_what_there_is(here: Path, reverie: Reverie, started: Callable[..., Any]) -> None:
    process = started("dream", "chelsea.png", "-o", "d.png", *LONG, afresh=True)
    wait_for(process, "octave 1/2")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == "d.png\n"
    stopped = of_picture(here / "d.png").stopped
    assert stopped is not None
    # The signal comes while the last step of the first octave or a step of the second is under way.
    assert stopped.octave in (0, 1)
    assert err.splitlines()[-1].startswith(f"error: stopped after octave {stopped.octave + 1}, step")
    assert reverie("rerun", "d.png", "-o", "e.png").rc == 130  # it stops there too
    assert (here / "e.png").read_bytes() == (here / "d.png").read_bytes()


def test_a_second_ctrl_c_stops_at_once_and_leaves_no_file(here: Path, started: Callable[..., Any]) -> None:
    before = sorted(here.iterdir())
    process = started("dream", "chelsea.png", "-o", "d.png", "--size", "1600x1200", *LONG)
    wait_for(process, "octave 1/2")
    process.send_signal(signal.SIGINT)
    wait_for(process, "again stops at once")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "nothing was written" in err
    assert sorted(here.iterdir()) == before


def test_ctrl_c_is_heard_in_the_background_too():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit):
            cli.main(["--version"])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
