"""What newcomers type wrongly: each is answered by one line that helps, or does what was meant."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from reverie.cli.app import command
from reverie.cli.meant import meant
from reverie.jobs.provenance.note import of_picture
from support.commands import Ran, environment
from support.slow import mostly_slow

Inside = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")

#: What is typed, the exit code, and what the one line has in it.
ANSWERED = [
    # verbs
    ("draem chelsea.png", 2, 'did you mean "dream"?'),
    ("cat", 2, "reverie see cat"),
    ("qwertz", 2, "neither a verb nor a file"),
    ("-o x.png", 2, "-o: is for a verb, which comes first"),
    ("--strenght 0.5 dream chelsea.png", 2, 'did you mean "--strength"'),
    # nothing, too little, too much
    ("dream", 2, "give a photograph, or --from noise or clouds"),
    ("see", 2, "what to look for?"),
    ("film", 2, "give a film"),
    ("rerun", 2, "Missing argument"),
    ("microscope", 2, "as in -o site"),
    ("invert chelsea.png", 2, "give --layer NAME, or --all-layers"),
    ("dream chelsea.png -o", 2, "requires an argument"),
    ("zoom chelsea.png x.mp4", 2, "where to write is said with -o x.mp4"),
    ("networks lite0", 2, "unexpected extra argument"),
    # names of files
    ("chelsae.png", 3, 'did you mean "chelsea.png"?'),
    ("dream chelsea", 3, 'did you mean "chelsea.png"?'),
    ("dream CHELSEA.jpg", 3, 'did you mean "chelsea.png"?'),
    ("dream no/chelsea.png", 3, "there is no folder no"),
    ("dream ~/no-such-picture.png", 3, "no such file"),
    ("dream https://example.com/cat.jpg", 3, "not a local file"),
    ("dream *.jpg", 3, "no such file"),
    ("dream notes.txt", 3, "accepted are PNG, JPEG"),
    ("dream empty.png", 3, "empty file"),
    ("dream nobody", 3, "no pictures in this folder"),
    ("film chelsea.png", 3, "`reverie zoom` and `reverie dream` take it"),
    ("dream chelsea.png --mask naught.png", 3, "naught.png: no such file"),
    ("rerun chelsea.png", 3, "holds no recipe"),
    ("dream cat", 2, "give a photograph and --class cat"),
    ("zoom cat", 2, "--class cat"),
    ("see chelsea.png", 2, "to dream on it: reverie dream chelsea.png"),
    # where to
    ("dream chelsea.png x.jpg", 2, "type: reverie dream chelsea.png -o x.jpg"),
    ("dream -o chelsea.png x.jpg", 2, "type: reverie dream chelsea.png -o x.jpg"),
    ("dream chelsea.png -o chelsea.png", 2, "is the input too"),
    ("dream chelsea.png -o no/where.png", 6, "create it first"),
    ("dream chelsea.png -o x.bmp", 2, "use one of .png"),
    # options and what they take
    ("dream chelsea.png --strenght 0.5", 2, "--strength"),
    ("dream chelsea.png --strength 1.5", 2, "--strength: input should be less than or equal to 1"),
    ("dream chelsea.png --strength 150%", 2, "--strength: input should be less than or equal to 1"),
    ("dream chelsea.png --strength strong", 2, "give one such as 0.5, or 50%"),
    ("dream chelsea.png --steps many", 2, "a whole number is needed"),
    ("dream chelsea.png --size 1080p", 2, "as in 1920x1080, or one number as 640"),
    ("dream chelsea.png --size 16", 2, "--size: input should be greater than or equal to 32, got 16"),
    ("dream chelsea.png --size 64 --max-size 64", 2, "--size and --max-size: give one of them"),
    ("dream chelsea.png --preset googel2015", 2, 'did you mean "google2015"'),
    ("dream chelsea.png --network resnet50", 2, 'did you mean "torchvision:resnet50"?'),
    ("dream chelsea.png --network mine.pth", 2, '"lite0:mine.pth"'),
    ("dream chelsea.png --device gpu", 2, "'cuda'"),
    ("dream chelsea.png --layer 5c", 2, 'did you mean "block5c"?'),
    ("dream chelsea.png --layer cat", 2, 'class("cat"), or --class'),
    ("dream chelsea.png --class unicorn", 2, 'the nearest is "sorrel"'),
    ("dream chelsea.png --class zeebra", 2, 'did you mean "zebra"'),
    ("dream chelsea.png --class cat --layer block4b", 2, "give one of them"),
    ("dream chelsea.png --from noise", 2, "--from is for a dream without a photograph"),
    ("see unicorn", 2, 'the nearest is "sorrel"'),
    ("see block5c:9999", 2, "0 to 111"),
]

#: What is typed, and what is taken to be meant.
MEANT = [
    ("chelsea.png", "dream chelsea.png"),
    ("help", "--help"),
    ("help dream", "dream --help"),
    ("--strength 0.5 dream chelsea.png", "dream --strength 0.5 chelsea.png"),
    ("dream chelsea.png -strength 0.5", "dream chelsea.png --strength 0.5"),
    ("dream chelsea.png --Layer block4b", "dream chelsea.png --layer block4b"),
    ("dream chelsea.png \N{EM DASH}layer block4b", "dream chelsea.png --layer block4b"),
    ("dream chelsea.png strength=0.5", "dream chelsea.png --strength=0.5"),
]


@pytest.fixture
def folder(here: Path) -> Path:
    """What somebody's folder holds."""
    (here / "notes.txt").write_text("a text")
    (here / "empty.png").touch()
    (here / "nobody").mkdir()
    return here


def test_there_are_enough() -> None:
    assert len(ANSWERED) + len(MEANT) >= 40


@mostly_slow(("typed", "code", "says"), ANSWERED, quick=14)
def test_each_is_answered_by_one_line_that_helps(
    folder: Path, inside: Inside, typed: str, code: int, says: str
) -> None:
    before = sorted(folder.iterdir())
    done = inside(*typed.split())
    done.refused(code, says)
    assert done.stdout == ""
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(("typed", "taken"), MEANT)
def test_each_does_what_was_meant(in_its_folder: Path, typed: str, taken: str) -> None:
    assert meant(typed.split(), command().commands) == (taken.split(), f"taken as: reverie {taken}")


@pytest.mark.slow
def test_a_photograph_is_enough(here: Path, inside: Inside) -> None:
    """Its name alone; percent; nothing said of where to."""
    for name in ("chelsea-dream.png", "chelsea-dream-2.png"):
        done = inside("chelsea.png", "--strength", "50%", *QUICK)
        assert done.rc == 0, done.stderr
        assert done.stdout == f"{name}\n"
        assert done.stderr.splitlines()[0].startswith("taken as: reverie dream chelsea.png --strength 50%")
        assert done.stderr.splitlines()[1] == f"no -o was given: the result goes to {name}"
    assert of_picture(here / "chelsea-dream.png").recipe.strength == 0.5
    assert "no -o" not in inside("dream", "chelsea.png", "-q", *QUICK).stderr


@pytest.mark.slow
def test_the_longer_side_cuts_nothing_off(here: Path, inside: Inside) -> None:
    with Image.open(here / "chelsea.png") as picture:
        width, height = picture.size
    for side in (96, 192):
        assert inside("dream", "chelsea.png", "-o", f"{side}.png", "--size", str(side), *QUICK).rc == 0
        with Image.open(here / f"{side}.png") as dream:
            assert dream.size == (side, round(height * side / width))
    assert inside("dream", "--from", "noise", "-o", "noise.png", "--size", "64", *QUICK).rc == 0
    with Image.open(here / "noise.png") as dream:
        assert dream.size == (64, 64)


@pytest.mark.slow
def test_folders_and_names_with_anything_in_them(here: Path, inside: Inside) -> None:
    (here / "über uns").mkdir()
    shutil.copy(here / "chelsea.png", here / "über uns" / "café 1.png")
    assert inside("über uns", *QUICK).stdout == "über uns-dreams/café 1.png\n"
    shutil.copy(here / "chelsea.png", here / "other.png")
    assert inside("dream", "*e*.png", *QUICK).stdout.split() == ["dreams/chelsea.png", "dreams/other.png"]


@pytest.mark.slow
def test_the_command_itself(here: Path) -> None:
    for typed, code, says in (
        ("draem", 2, "dream"),
        ("help", 0, "taken as"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "reverie", typed],
            cwd=here,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1)
        assert says in done.stderr
