"""Foreign files: whatever a recipe, a run, a film, a site or a job says, nothing elsewhere is opened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reverie.jobs.fooling.folder import Note
from reverie.jobs.fooling.settings import make_settings
from reverie.jobs.provenance.note import NetworkNote
from reverie.media.picture import Picture, load_picture, save_picture
from reverie.network.zoo import networks
from support.commands import environment
from support.hostile import NAMES, NO_FILES, SECRET, carried_out, lay_out, recipes

QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")
MEGABYTES, SECONDS = 2000, 10
Command = tuple[Path, list[str]]
#: Lays something hostile out in a folder and returns the words that read it.
Trap = Callable[[], list[str]]


def provenance(recipe: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What stands in a result, with this recipe."""
    return {
        "reverie": "0.1.0",
        "recipe": {"steps": [1], "octaves": 1, **recipe},
        "source": {"name": "me.png", "sha256": "0" * 64},
        "files": [],
        "network": {"name": "lite0", "sha256": networks()[0].sha256},
        "engine": {"engine": "plain", "device": "cpu", "precision": "fp32", "threads": 1},
        "output": {"depth": 8, "quality": None},
        **changes,
    }


def noted(names: tuple[str, ...], secret: Path) -> Iterator[dict[str, Any]]:
    """Documents of results that lead elsewhere: as edited by hand, and as reverie would have written them."""
    for recipe in recipes(names, secret):
        yield provenance(recipe)
    for name in names:
        named = name.format(secret=secret)
        files = [{"name": named, "sha256": "0" * 64}]
        yield provenance({"mask": named}, files=files)
        yield provenance({}, source=files[0])
        yield provenance({"zoom": {"duration": 0.08}}, source=files[0], moving=MOVING)
        yield provenance({"film": {"mask": named, "pulse": named}}, files=files, moving=MOVING)


MOVING = {"size": [32, 32], "rate": "25", "container": "mp4", "codec": "h264"}


def put(path: Path, document: dict[str, Any]) -> None:
    """A result of the kind that the name says, with this document inside."""
    if path.suffix == ".json":
        path.write_text(json.dumps(document))
    elif path.suffix == ".mp4":
        with av.open(os.fspath(path), "w", format="mp4") as film:
            film.metadata["comment"] = json.dumps(document)
            stream = film.add_stream("mpeg4", rate=25)
            stream.width = stream.height = 32
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
            film.mux([*stream.encode(frame), *stream.encode(None)])
    elif not path.suffix:
        path.mkdir()
        (path / "reverie.json").write_text(json.dumps(document))
        save_picture(Picture(np.zeros((32, 32, 3), np.float32)), path / "1.png")
    else:
        picture = Picture(np.zeros((32, 32, 3), np.float32))
        save_picture(picture, path, provenance=document)


KINDS = (".json", ".png", ".jpg", ".webp", ".avif", ".mp4", "")


def results(folder: Path, names: tuple[str, ...]) -> Iterator[Trap]:
    """Results and recipes of every kind that name files elsewhere."""
    for number, document in enumerate(noted(names, folder.parent / SECRET)):
        for kind in KINDS:
            path = folder / f"r{number}{kind}"
            moves = next((part for part in ("zoom", "film") if part in document["recipe"]), "dream")
            out = f"o{number}{kind[1:]}{'.png' if moves == 'dream' else '.mp4'}"
            commands = [[moves, "me.png", "--recipe", path.name, "-o", out, "--threads", "1"]]
            if kind != ".json":
                commands += [["rerun", path.name, "-o", f"again-{out}"], ["show", path.name]]
            for words in commands:
                yield partial(laid, put, path, document, words)


def laid(write: Callable[..., object], path: Path, document: object, words: list[str]) -> list[str]:
    """A trap that is one file."""
    if not path.exists():
        write(path, document)
    return words


def jobs(folder: Path, names: tuple[str, ...]) -> Iterator[Trap]:
    """Documents of jobs."""
    secret = folder.parent / SECRET
    usual = {"kind": "dream", "photo": "me.png", "output": "j.png", "recipe": {"steps": [1]}}
    documents = [usual | {"recipe": recipe} for recipe in recipes(names, secret)]
    for field in ("photo", "output"):
        documents += [usual | {field: name.format(secret=secret)} for name in names]
    for number, document in enumerate(documents):
        name = f"job{number}.json"
        yield partial(laid, put, folder / name, document, ["run", name])


def note_of(network: str) -> dict[str, Any]:
    """What a folder says of an evolution with this network."""
    of = NetworkNote(name="lite0", sha256=networks()[0].sha256)
    settings = make_settings(network=network, size=32, generations=0)
    return Note(settings=settings, network=of, precision="fp32").model_dump(mode="json")


def runs(folder: Path, names: tuple[str, ...]) -> Iterator[Trap]:
    """Folders of evolutions: notes that name weights, and files of theirs that are links or none."""
    secret = folder.parent / SECRET

    def naming(number: int, name: str) -> list[str]:
        run = folder / f"fool{number}"
        run.mkdir()
        for inner in ("leads-out.png", "zero.png"):
            (run / inner).symlink_to(os.readlink(folder / inner).replace("../", "../../"))
        os.mkfifo(run / "pipe.png")
        put(run / "run.json", note_of("lite0:" + name.format(secret=secret)))
        return ["fool", "-o", run.name, "--resume"]

    def holding(inner: str, file: str) -> list[str]:
        run = folder / f"fool-{inner}-{file}"
        run.mkdir()
        put(run / "run.json", note_of("lite0"))
        (run / file).unlink(missing_ok=True)
        BAD_FILES[inner](run / file, secret)
        return ["fool", "tabby", "-o", run.name, "--resume"]

    for number, name in enumerate(names):
        yield partial(naming, number, name)
    for inner in BAD_FILES:
        for file in ("run.json", "checkpoint.npz"):
            yield partial(holding, inner, file)


def packed_arrays(path: Path, secret: Path) -> None:
    """Arrays that unpack into three gigabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("plan.npy", bytes(30_000_000))
        archive.writestr(
            "ids.npy", b"\x93NUMPY\1\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (400000000,), }\n"
        )


def long_file(path: Path, secret: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


BAD_FILES: dict[str, Callable[[Path, Path], object]] = {
    "link": lambda path, secret: path.symlink_to(secret / "x.png"),
    "zero": lambda path, secret: path.symlink_to("/dev/zero"),
    "pipe": lambda path, secret: os.mkfifo(path),
    "folder": lambda path, secret: path.mkdir(),
    "packed": packed_arrays,
    "long": long_file,
    "deep": lambda path, secret: path.write_text("[" * 90_000),
}


def films(folder: Path) -> Iterator[Trap]:
    """Work folders of zooms whose files are links, or none."""

    def holding(inner: str, file: str) -> list[str]:
        work = folder / f"z-{inner}-{file}.mp4.part"
        work.mkdir()
        (work / "render.json").write_text('{"key": {}}')
        (work / file).unlink(missing_ok=True)
        BAD_FILES[inner](work / file, folder.parent / SECRET)
        out = work.name.removesuffix(".part")
        return ["zoom", "me.png", "-o", out, "--duration", "0.08", "--threads", "1", "--layer", "block2a"]

    for inner in BAD_FILES:
        for file in ("render.json", "checkpoint", "partial.mp4", "lock"):
            yield partial(holding, inner, file)


def sites(folder: Path) -> Iterator[Trap]:
    """Sites whose files or folders are links, or none."""

    def holding(inner: str, file: str) -> list[str]:
        site = folder / f"site-{inner}-{file}"
        site.mkdir()
        if file != "microscope.json":
            (site / "microscope.json").write_text('{"network": {"name": "", "sha256": ""}, "recipe": {}}')
        BAD_FILES[inner](site / file, folder.parent / SECRET)
        few = ["--layers", "block3a", "--channels", "0", "--classes", "none"]
        return ["microscope", "-o", site.name, *few]

    for inner in BAD_FILES:
        for file in ("microscope.json", "portraits"):
            yield partial(holding, inner, file)


def check(folder: Path, traps: list[Trap], **limits: Any) -> None:
    commands = [(folder, trap()) for trap in traps]
    done = carried_out(commands, **limits)
    assert len(done) == len(commands)
    for (_, words), found in zip(commands, done, strict=True):
        assert found.rc in (0, 2, 3, 5, 6), (words, found.said)
        assert not found.secrets, (words, found.secrets)
        assert found.seconds < SECONDS, words
        assert found.megabytes < MEGABYTES, words
        assert found.said.count("error: ") == (found.rc != 0), (words, found.said)


@pytest.fixture
def folder(tmp_path: Path, photographs: Path) -> Path:
    return lay_out(tmp_path, photographs / "chelsea.png")


def whole(folder: Path) -> list[Trap]:
    """Every hostile thing there is."""
    names = (*NAMES, *NO_FILES)
    state = (*runs(folder, NAMES), *films(folder), *sites(folder))
    return [*results(folder, names), *jobs(folder, names), *state]


@pytest.mark.slow
def test_hostile_state_opens_nothing_elsewhere(folder: Path) -> None:
    """A sample: every so many of all that there is, which is over a thousand."""
    traps = whole(folder)
    assert len(traps) > 1000
    check(folder, traps[::149] + traps[-70::14])


@pytest.mark.soak
@pytest.mark.parametrize("piece", range(12))
def test_all_hostile_state_opens_nothing_elsewhere(folder: Path, piece: int) -> None:
    check(folder, whole(folder)[piece::12], limit=16_000_000_000)


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_system_is_asked_for_nothing_elsewhere(folder: Path, tmp_path: Path) -> None:
    """As the system sees it: what libraries open by themselves too."""
    commands = [(str(folder), trap()) for trap in whole(folder)[::11]]
    trace = tmp_path / "trace"
    here = os.pathsep.join([os.fspath(Path(__file__).parents[1]), environment()["PYTHONPATH"]])
    watched = ["strace", "-f", "-qq", "-e", "trace=open,openat", "-o", os.fspath(trace)]
    subprocess.run(
        [*watched, sys.executable, "-m", "support.hostile"],
        input="".join(json.dumps(command) + "\n" for command in commands),
        text=True,
        env={**environment(), "PYTHONPATH": here},
        capture_output=True,
        check=True,
        timeout=500,
    )
    asked = [line for line in trace.read_text().splitlines() if SECRET in line or "/dev/zero" in line]
    assert not [line for line in asked if "ENOENT" not in line]


@pytest.mark.slow
def test_what_is_trusted_is_opened(folder: Path) -> None:
    elsewhere = folder.parent / SECRET / "x.png"
    (folder / "r.json").write_text(json.dumps({"mask": str(elsewhere), "steps": [1], "octaves": 1}))
    job = {
        "kind": "dream",
        "photo": str(elsewhere),
        "output": "j.png",
        "recipe": {"steps": [1], "octaves": 1},
    }
    (folder / "job.json").write_text(json.dumps(job))
    done = carried_out(
        [
            (folder, ["dream", "me.png", "-o", "d.png", "--recipe", "r.json", "--trust"]),
            (folder, ["run", "job.json", "--trust"]),
        ]
    )
    assert [found.rc for found in done] == [0, 0], [found.said for found in done]
    assert all(found.secrets for found in done)
    assert load_picture(folder / "d.png").size == load_picture(folder / "me.png").size
    assert replace(load_picture(folder / "j.png"), provenance=None) is not None
