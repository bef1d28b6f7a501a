"""What a user gets for bad input: the real command, its exit code, one line, and no file left."""

from __future__ import annotations

import json
import os
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie.media.picture import load_picture, save_picture
from reverie.recipe.recipe import Recipe
from support.bad_inputs import corpus
from support.commands import Ran
from support.endings import join
from support.slow import mostly_slow

Reverie = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")
# One of each row goes through the command alone; the many ways of one row go through it together.
ALONE = [c for i, c in enumerate(corpus.BAD) if c.row not in {d.row for d in corpus.BAD[:i]}]
TOGETHER = [c for c in corpus.BAD if c not in ALONE]


@pytest.fixture
def loopback() -> Iterator[list[str]]:
    """A listener on the port that the corpus names, or on none if it is taken; what called it."""
    calls: list[str] = []
    with socket.socket() as server:
        try:
            server.bind(("127.0.0.1", 9))
        except OSError:
            server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.2)
        end = threading.Event()

        def listen() -> None:
            while not end.is_set():
                try:
                    connection, who = server.accept()
                except TimeoutError:
                    continue
                calls.append(str(who))
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield calls
        end.set()
        join(thread)


def only(folder: Path, *names: str) -> bool:
    """Whether nothing but these is in a folder."""
    return {p.name for p in folder.iterdir()} == set(names)


@mostly_slow("case", ALONE, ids=str)
def test_a_bad_picture_is_refused(
    tmp_path: Path, reverie: Reverie, case: corpus.Case, loopback: list[str]
) -> None:
    path = case.make(tmp_path)
    before = {p.name for p in tmp_path.iterdir()}
    done = reverie("dream", path.name, "-o", "d.png", *QUICK)
    done.refused(3, path.name, *([case.says] if case.says and case.row != 36 else []))
    assert only(tmp_path, *before)
    assert not loopback


@pytest.mark.slow
def test_bad_pictures_together_fail_one_by_one(
    tmp_path: Path, photographs: Path, reverie: Reverie, loopback: list[str]
) -> None:
    os.mkfifo(tmp_path / "canary.png")  # whoever opened it would wait for ever
    expected = []
    for number, case in enumerate(TOGETHER):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = case.make(folder)
        if case.row == 36:
            continue
        path = made.rename(tmp_path / f"{number:02}-{made.name}")
        expected.append((path.name, case.says))
    good = tmp_path / "z-good.png"
    good.write_bytes((photographs / "chelsea.png").read_bytes())
    names = [name for name, _ in expected]
    done = reverie("dream", *names, good.name, "-o", "out", *QUICK)
    assert done.rc == 4, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == len(expected) + 1
    for line, (name, says) in zip(errors, expected, strict=False):
        assert name in line
        assert str(says) in line
    assert only(tmp_path / "out", "z-good.png")
    assert not loopback


@pytest.mark.slow
def test_odd_pictures_work(tmp_path: Path, reverie: Reverie) -> None:
    names = {}
    for number, case in enumerate(corpus.ODD):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = case.make(folder)
        names[case] = f"{number:02}-{made.name}"
        made.rename(tmp_path / names[case])
    done = reverie("dream", *names.values(), "-o", "out", *QUICK)
    assert done.rc == 0, done.stderr
    assert len(done.stdout.split()) == len(names)
    for case, name in names.items():
        if case.says:
            assert any(name in line and case.says in line for line in done.stderr.splitlines())
        result = load_picture(tmp_path / "out" / f"{Path(name).stem}.png")
        source = load_picture(tmp_path / name) if not case.says else None
        if source is not None:
            assert result.size == source.size  # upright too
            assert (result.alpha is None) == (source.alpha is None)
            assert result.depth == source.depth
    rotated = next(name for case, name in names.items() if case.name == "rotated-gps")
    written = (tmp_path / "out" / f"{Path(rotated).stem}.png").read_bytes()
    assert b"CanaryCamera" not in written
    assert b"eXIf" not in written


@mostly_slow("path", corpus.NOT_LOCAL)
def test_what_is_no_local_file(tmp_path: Path, reverie: Reverie, path: str) -> None:
    reverie("dream", path, "-o", "d.png").refused(3, "not a local file")
    assert only(tmp_path)


USAGE = [
    (24, ["--layer", "block5z"], "block5c"),
    (25, ["--channel", "block5c:9999"], "0 to 111"),
    (26, ["--step-size", "nan"], "--step-size"),
    (26, ["--step-size", "inf"], "--step-size"),
    (26, ["--step-size", "-0.1"], "greater than 0"),
    (27, ["--octaves", "10000"], "32"),
    (28, ["--class", "golden retreiver"], '"golden retriever"'),
    (37, ["--objective", "block5c + + tv"], "column 11"),
    (37, ["--preset", "google2016"], "google2015"),
    (37, ["--strength", "1.5"], "less than or equal to 1"),
    (37, ["--steps", "many"], "30,20,10"),
    (37, ["--size", "large"], "1920x1080"),
    (37, ["--size", "60000x60000"], "--max-pixels"),
    (37, ["--channel", "block5c"], "block4b:17"),
    (37, ["--layer", "block5c", "--class", "tabby"], "give one of them"),
    (37, ["--network", "lite9"], "lite0"),
    (37, ["--from", "clouds"], "one of them"),
    (37, ["--device", "tpu"], "cuda"),
    (37, ["--stepz", "3"], "--stepz"),
    (37, ["--seed", "x"], "--seed"),
    (38, ["--class", "crane"], "134"),
    (38, ["--class", "maillot"], "638"),
]


@mostly_slow(("options", "says"), [u[1:] for u in USAGE], ids=[f"{u[0]}-{u[1][1]}" for u in USAGE], quick=2)
def test_an_option_that_cannot_be(here: Path, reverie: Reverie, options: list[str], says: str) -> None:
    reverie("dream", "chelsea.png", "-o", "d.png", *options).refused(2, says)
    assert only(here, "chelsea.png")


@pytest.mark.slow
def test_nothing_to_do_and_nowhere_to_go(here: Path, reverie: Reverie) -> None:
    reverie("dream", "-o", "d.png").refused(2, "--from noise or clouds")
    reverie("microscope").refused(2, "-o FOLDER")
    reverie("dreem").refused(2, "dream")
    reverie("dream", "chelsea.png", "-o", "d.bmp").refused(2, ".png")


@pytest.mark.slow
def test_an_output_that_exists(here: Path, reverie: Reverie) -> None:
    before = (here / "chelsea.png").read_bytes()
    reverie("dream", "chelsea.png", "-o", "chelsea.png").refused(2, "--overwrite")
    reverie("dream", "chelsea.png", "-o", "d.png", "--preview", "chelsea.png").refused(2, "--overwrite")
    reverie("dream", "chelsea.png", "-o", "d.png", "--preview", "d.png").refused(2, "output")
    assert (here / "chelsea.png").read_bytes() == before
    (here / "d.png").write_text("mine")
    done = reverie("dream", "chelsea.png", "-o", "d.png", *QUICK, "--overwrite")
    assert done.rc == 0, done.stderr
    assert load_picture(here / "d.png").provenance is not None


@pytest.mark.slow
def test_an_output_that_cannot_be_written(here: Path, reverie: Reverie) -> None:
    reverie("dream", "chelsea.png", "-o", "nowhere/d.png").refused(6, "nowhere")
    reverie("dream", "chelsea.png", "chelsea.png", "-o", "no/where").refused(2, "2 photographs")
    reverie("dream", "chelsea.png", "-o", "/proc/d.png").refused(6, "/proc/d.png")


@pytest.mark.parametrize("what", ["--mask", "--guide", "--recipe"])
def test_a_file_that_is_missing(here: Path, reverie: Reverie, what: str) -> None:
    reverie("dream", "chelsea.png", "-o", "d.png", what, "missing.png").refused(
        3, "missing.png", "no such file"
    )
    assert only(here, "chelsea.png")


def test_a_folder_without_pictures(here: Path, reverie: Reverie) -> None:
    (here / "empty").mkdir()
    reverie("dream", "empty", "-o", "out").refused(3, "no pictures")
    assert not (here / "out").exists()


class Bomb:
    """Unpickled, it would leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_weights_with_code_in_them(here: Path, reverie: Reverie) -> None:
    (here / "w.pth").write_bytes(pickle.dumps({"a": Bomb(here / "boom")}, protocol=2))
    reverie("dream", "chelsea.png", "-o", "d.png", "--network", "lite0:w.pth").refused(5, "w.pth")
    assert only(here, "chelsea.png", "w.pth")


def test_weights_with_another_hash(here: Path, reverie: Reverie) -> None:
    (here / "w.safetensors").write_bytes(b"weights")
    wrong = "0" * 64
    network = f"lite0:w.safetensors#sha256={wrong}"
    reverie("dream", "chelsea.png", "-o", "d.png", "--network", network).refused(5, wrong, "SHA-256 is")


RECIPES: list[tuple[str, dict[str, Any], str]] = [
    ("newer", {"format": 2}, "newer"),
    ("unknown", {"strenght": 0.5}, "strength"),
    ("range", {"octaves": 10_000, "jitter": "x"}, "jitter"),
    ("objective", {"objective": ["block5c +"]}, "column"),
]


@mostly_slow(("change", "says"), [r[1:] for r in RECIPES], ids=[r[0] for r in RECIPES])
def test_a_recipe_that_makes_no_sense(
    here: Path, reverie: Reverie, change: dict[str, Any], says: str
) -> None:
    settings = {**Recipe().model_dump(mode="json"), **change}
    (here / "r.json").write_text(json.dumps(settings))
    reverie("dream", "chelsea.png", "-o", "d.png", "--recipe", "r.json").refused(2, "r.json", says)
    picture = load_picture(here / "chelsea.png")
    save_picture(picture, here / "r.png", provenance={"reverie": "9", "recipe": settings})
    reverie("rerun", "r.png").refused(2, "r.png", says)
    reverie("show", "r.png").refused(2, "r.png", says)
    assert only(here, "chelsea.png", "r.json", "r.png")


@pytest.mark.slow
def test_a_picture_without_a_recipe(here: Path, reverie: Reverie) -> None:
    reverie("rerun", "chelsea.png").refused(3, "holds no recipe")
    reverie("show", "chelsea.png").refused(3, "holds no recipe")
    reverie("show", "missing.png").refused(3, "no such file")


@pytest.mark.slow
def test_errors_as_json(here: Path, reverie: Reverie) -> None:
    done = reverie("dream", "missing.png", "-o", "d.png", "--json")
    done.refused(3)
    assert done.json["error"]["code"] == 3
    assert "missing.png" in done.json["error"]["message"]
    done = reverie("dream", "--octaves", "x", "--json")
    assert done.rc == 2
    assert done.json["error"]["code"] == 2


@pytest.mark.slow
def test_debug_shows_where(here: Path, reverie: Reverie) -> None:
    done = reverie("dream", "missing.png", "-o", "d.png", "--debug")
    assert done.rc == 3
    assert "Traceback" in done.stderr


@pytest.mark.slow
def test_a_picture_over_the_limit_is_let_in_by_max_pixels(here: Path, reverie: Reverie) -> None:
    reverie("dream", "chelsea.png", "-o", "d.png", "--max-pixels", "1000").refused(3, "--max-pixels")
    Image.fromarray(np.zeros((48, 48, 3), np.uint8)).save(here / "black.png")
    done = reverie("dream", "black.png", "-o", "d.png", "--max-pixels", "2304", *QUICK)
    assert done.rc == 0, done.stderr
