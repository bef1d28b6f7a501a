"""What is meant by words that are no verb, or nearly an option."""

from __future__ import annotations

import os

import pytest

from reverie.cli.app import command
from reverie.cli.meant import meant
from reverie.errors import UsageError

pytestmark = pytest.mark.usefixtures("in_its_folder")
VERBS = command().commands


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("chelsea.png --strength .5", "dream chelsea.png --strength .5"),
        (".", "dream ."),
        ("some.MOV", "film some.MOV"),
        ("help", "--help"),
        ("help zoom", "zoom --help"),
        ("version", "--version"),
        ("--help-all", "--help"),
        ("zoom --help-all", "zoom --help"),
        ("--strength .5 dream chelsea.png", "dream --strength .5 chelsea.png"),
        ("--layer=block4b chelsea.png", "dream --layer=block4b chelsea.png"),
        ("dream chelsea.png -strength .5", "dream chelsea.png --strength .5"),
        ("dream chelsea.png \N{EM DASH}strength .5", "dream chelsea.png --strength .5"),
        ("dream chelsea.png \N{EN DASH}\N{EN DASH}seed=1", "dream chelsea.png --seed=1"),
        ("dream chelsea.png --Keep_Colour 1", "dream chelsea.png --keep-colour 1"),
        ("dream chelsea.png strength=.5", "dream chelsea.png --strength=.5"),
    ],
)
def test_what_is_nearly_right_is_taken_and_said(given: str, taken: str) -> None:
    words, note = meant(given.split(), VERBS)
    assert words == taken.split()
    assert note == ("" if "some" in given else f"taken as: reverie {taken}")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--help",
        "-V",
        "dream chelsea.png -o x.png -q",
        "dream a=b.png --layer=x",
        "see -- -block3b:2 -seed",
        "see --size 64 neuron(block5a,3,x=0.5)",
        "dream --steps -strange",
    ],
)
def test_what_is_right_or_none_of_ours_is_left_alone(words: str) -> None:
    assert meant(words.split(), VERBS) == (words.split(), "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("draem chelsea.png", 'did you mean "dream"'),
        ("cat", "reverie see cat"),
        ("qwertz", "--help lists the verbs"),
        ("--strenght .5 dream chelsea.png", 'did you mean "--strength"'),
        ("-o x.png", "comes first"),
    ],
)
def test_what_cannot_be_guessed_is_answered(words: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        meant(words.split(), VERBS)
    assert said in str(caught.value)


def test_a_tilde_is_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.getcwd())
    monkeypatch.setenv("USERPROFILE", os.getcwd())
    here = os.getcwd()
    given = ["dream", "~/chelsea.png", "--out=~/x.png", "~x", "a~/b"]
    assert meant(given, VERBS)[0] == ["dream", f"{here}/chelsea.png", f"--out={here}/x.png", "~x", "a~/b"]
    os.mkdir("~")
    assert meant(given, VERBS)[0] == given
