"""No file is lost and no work: every verb with odd names and broken streams, and two at once in a folder."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reverie.media.names import LEFTOVER
from support import streams
from support.commands import begin
from support.forked import FORKS
from support.slow import sampled
from support.verbs import EVOLVE, SITE, VERBS, make_sources

pytestmark = pytest.mark.skipif(not FORKS or sys.platform != "linux", reason="names and /dev/full of Linux")

#: What a command may end with, whatever it is given.
CODES = (0, 2, 3, 4, 5, 6)
#: Names by what is odd of them; a function of the ending, which counts.
NAMES: dict[str, Callable[[str], str]] = {
    "not-utf8": lambda ending: f"b\udcff\udc80{ending}",
    "newline": lambda ending: f"a\nb{ending}",
    "dash": lambda ending: f"-a{ending}",
    "dash-o": lambda ending: f"-o{ending}",
    "control": lambda ending: f"\x1b[31ma\x07{ending}",
    **{
        str(length): lambda ending, length=length: "y" * (length - len(ending)) + ending
        for length in range(250, 257)
    },
    "256-in-two": lambda ending: "\xe9" * ((256 - len(ending)) // 2) + "y" * (len(ending) % 2) + ending,
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, photographs: Path) -> Path:
    """A folder with everything that the verbs read."""
    folder = tmp_path_factory.mktemp("sources")
    make_sources(folder, photographs / "chelsea.png")
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """Every file in a folder and below, and what is in it."""
    return {
        os.fspath(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def ran(folder: Path, words: list[str], way: str = "usual") -> tuple[int, str, str]:
    """A command's exit code and what it said."""
    process = begin(words, folder, streams.WAYS[way][0])
    out, err = process.communicate(timeout=120)
    assert process.returncode is not None
    return process.returncode, out, err


def table() -> Iterator[tuple[str, str, str, str]]:
    """Verb, which of its files has the name, what is odd of it, and what is of the streams."""
    ways = ("usual", "stderr-closed", "stdout-full")
    for (verb, made), side, name, way in itertools.product(VERBS.items(), ("in", "out"), NAMES, ways):
        if (made.source if side == "in" else made.ending) is not None:
            yield verb, side, name, way


@pytest.mark.slow
@sampled(("verb", "side", "name", "way"), table(), every=227)
def test_odd_names_and_broken_streams(
    tmp_path: Path, sources: Path, verb: str, side: str, name: str, way: str
) -> None:
    """Done, or refused before anything is written; what is read stays as it is."""
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    made = VERBS[verb]
    source = out = None
    if side == "in":
        assert made.source is not None
        source = NAMES[name](Path(made.source).suffix)
        if len(os.fsencode(source)) <= 255:
            os.rename(tmp_path / made.source, tmp_path / source)
        out = None if made.ending is None else f"out{made.ending}"
    else:
        out = NAMES[name](made.ending or "")
    before = hashes(tmp_path)
    code, _, err = ran(tmp_path, made.given(source, out), way)
    after = hashes(tmp_path)
    assert {path: digest for path, digest in after.items() if path in before} == before
    assert code in CODES, err
    assert "Traceback" not in err
    assert "internal error" not in err
    assert not [path for path in after if LEFTOVER.fullmatch(Path(path).name)]
    length = len(os.fsencode(source or "")) if side == "in" else len(os.fsencode(out or "")) + made.longer
    fits = length <= 255
    usual = 0 if fits else 3 if side == "in" else 2
    if side == "in" and verb == "batch" and not fits:
        usual = 4
    alone = side == "in" and not made.words[made.words.index("IN") - 1].startswith("--")
    if alone and name.startswith("dash"):
        # An option, unless it is said otherwise; -o.png is a good one, and a zoom needs no photograph.
        usual = 0 if (verb, name) == ("zoom", "dash-o") else 2
    if code not in (0, 4, 6) or usual in (2, 3):
        assert after == before
    assert code == (usual or streams.WAYS[way][1]), err


@pytest.mark.slow
def test_what_begins_with_a_dash_is_said_otherwise(tmp_path: Path, sources: Path) -> None:
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    os.rename(tmp_path / "me.png", tmp_path / "-a.png")
    quick = ["--steps", "1", "--octaves", "1", "--threads", "1"]
    assert ran(tmp_path, ["dream", "-o", "one.png", *quick, "--", "-a.png"])[0] == 0
    assert ran(tmp_path, ["dream", "./-a.png", "-o", "two.png", *quick])[0] == 0


@pytest.mark.slow
@sampled(
    ("verb", "way"),
    [
        (verb, way)
        for verb in ("layers", "networks", "help", "version", "dream", "error")
        for way in streams.WAYS
    ],
    every=13,
)
def test_every_way_of_being_unable_to_say_it(tmp_path: Path, sources: Path, verb: str, way: str) -> None:
    """The work is done; 0, or 6 where a result could not be told."""
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    quick = ("--steps", "1", "--octaves", "1", "--threads", "1")
    words = {
        "help": ["--help"],
        "version": ["--version"],
        "dream": ["dream", "me.png", "good.png", "-o", "\xe9", *quick],
        "error": ["dream", "missing.png", "-o", "d.png"],
    }.get(verb, [verb])
    code, out, err = ran(tmp_path, words, way)
    assert code == (3 if verb == "error" else streams.WAYS[way][1]), err
    assert "Traceback" not in out + err
    if verb == "dream":
        assert len(list((tmp_path / "\xe9").iterdir())) == 2


@pytest.mark.slow
def test_a_batch_goes_on_past_odd_names(tmp_path: Path, photographs: Path) -> None:
    (tmp_path / "in").mkdir()
    stems = ["a", "b\udcff", "y" * 251, "c\nd", "-e", " ", "z"]
    for stem in stems:
        shutil.copyfile(photographs / "chelsea.png", tmp_path / "in" / f"{stem}.png")
    code, _, err = ran(
        tmp_path,
        ["dream", "in", "-o", "out", "--steps", "1", "--octaves", "1", "--threads", "1"],
        "stderr-closed",
    )
    assert code == 0, err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{stem}.png" for stem in stems}


@pytest.mark.slow
def test_folders_of_odd_names(tmp_path: Path, photographs: Path) -> None:
    """Frames, and photographs to search: their names are hashed, written on sheets and into pages."""
    for name in ("in/1\udcff.png", "in/2\n.png", "in/3\x1b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(photographs / "chelsea.png", tmp_path / name)
    film = ["film", "in", "-o", "f\udcff.gif", "--max-size", "64", "--steps", "3", "--threads", "1"]
    site = ["microscope", "--photos", "in", "-o", "s\udcff", *SITE]
    found = [
        "stimuli",
        "in",
        "--unit",
        "stem:0",
        "--count",
        "3",
        "--no-portrait",
        "-o",
        "p\udcff.png",
        "--json",
    ]
    for words in (
        film,
        site,
        found,
        ["rerun", "f\udcff.gif", "-o", "again.gif"],
        ["show", "f\udcff.gif", "--json"],
    ):
        code, _, err = ran(tmp_path, words)
        assert code == 0, err
    assert (tmp_path / "again.gif").read_bytes() == (tmp_path / "f\udcff.gif").read_bytes()


@pytest.mark.slow
def test_one_item_whose_result_cannot_be_named_stops_no_batch(tmp_path: Path, photographs: Path) -> None:
    for name in (f"{'y' * 251}.png", f"{'y' * 251}.jpg", "z.png"):
        shutil.copyfile(photographs / "chelsea.png", tmp_path / name)
    quick = ["--steps", "1", "--octaves", "1", "--threads", "1"]
    code, _, err = ran(tmp_path, ["dream", ".", "-o", "out", *quick])
    assert code == 4, err
    assert err.count("is too long here") == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["z.png"]


@pytest.mark.slow
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_links_stay_links_and_devices_are_no_files(
    tmp_path: Path, sources: Path, overwrite: list[str]
) -> None:
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "old.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to("there/old.png")
    (tmp_path / "null.png").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe.gif")
    quick = ["--steps", "1", "--octaves", "1", "--threads", "1", *overwrite]
    for name in ("null.png", "pipe.png"):
        code, _, err = ran(tmp_path, ["dream", "me.png", "-o", name, *quick])
        assert code == 2, err
        assert "and no file" in err
    assert ran(tmp_path, ["film", "film.gif", "-o", "pipe.gif", "--max-size", "64", *quick])[0] == 2
    code, _, err = ran(tmp_path, ["dream", "me.png", "-o", "link.png", *quick])
    assert (tmp_path / "link.png").is_symlink()
    written = (tmp_path / "there" / "old.png").read_bytes()
    assert (code, written == b"old") == ((0, False) if overwrite else (2, True)), err


# -- two at once ------------------------------------------------------------------------------------------

FOLDERS = {
    "fool": ["fool", "tabby", "-o", "x", *EVOLVE[:-4], "--generations", "40", "--threads", "1"],
    "microscope": ["microscope", "-o", "x", *SITE[:3], "0-3", *SITE[4:]],
    "zoom": ["zoom", "me.png", "-o", "x/", "--duration", "0.6", "--size", "64x48", "--threads", "1"],
    "film": ["film", "film.gif", "-o", "x/", "--size", "64x48", "--threads", "1"],
    "batch": ["dream", "me.png", "good.png", "-o", "x", "--threads", "1"],
}
PAIRS = list(itertools.combinations_with_replacement(FOLDERS, 2))


@pytest.mark.slow
@sampled(("first", "second", "turn"), [(*pair, i) for i in range(20) for pair in PAIRS], every=301)
def test_of_two_at_once_one_is_done(
    tmp_path: Path, sources: Path, first: str, second: str, turn: int
) -> None:
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    both = [begin(FOLDERS[name], tmp_path, None) for name in (first, second)]
    said = [process.communicate(timeout=240)[1] for process in both]
    codes = sorted(process.returncode or 0 for process in both)
    assert codes in ([0, 6], [0, 2]), said
    if codes[1] == 6:
        refused = next(words for process, words in zip(both, said, strict=True) if process.returncode == 6)
        assert "is being made by process" in refused
    assert not [path for path in tmp_path.rglob(".*") if LEFTOVER.fullmatch(path.name)]
