"""The help of verbs: short where there is much, whole when asked for, and true."""

from __future__ import annotations

import re
import shlex

import pytest

from reverie.cli.app import command
from reverie.cli.help_page import EXAMPLES, SHORT
from reverie.cli.main import run

VERBS = command().commands


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")


def options(page: str) -> set[str]:
    """The options that a page has a line for."""
    return {name for line in page.splitlines() for name in re.findall(r"^│ (--[\w-]+)", line)}


def test_a_long_help_is_short_until_all_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dream", "--help"]) == 0
    short = capsys.readouterr().out
    assert options(short) == {*SHORT["dream"]}
    assert run(["dream", "--help-all"]) == 0
    whole = options(capsys.readouterr().out)
    given = [[name for name in option.opts if name.startswith("--")] for option in VERBS["dream"].params]
    assert whole == {names[0] for names in given if names} | {"--help"}
    assert len(whole) > 40 > 16 >= len(SHORT["dream"])
    assert not any(getattr(option, "hidden", False) for option in VERBS["dream"].params)


@pytest.mark.parametrize("verb", VERBS)
def test_every_page_ends_with_examples_that_parse(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help-all"]) == 0
    page = capsys.readouterr().out
    _, _, end = page.partition("Examples:")
    assert [line.strip() for line in end.splitlines() if line.strip()] == list(EXAMPLES[verb])
    for line in EXAMPLES[verb]:
        words = shlex.split(line)
        assert words[:2] == ["reverie", verb]
        VERBS[verb].make_context(verb, words[2:])
    noise = re.findall(r"<(?:bool|str|int|float|list.*?)>", page)
    assert not noise


def test_defaults_are_the_verbs_own(capsys: pytest.CaptureFixture[str]) -> None:
    run(["microscope", "--help"])
    page = capsys.readouterr().out
    assert "(default sketch)" in page
    assert "(default 50,24)" in page
    assert "(default 160x160)" in page
    run(["see", "--help"])
    assert re.search(r"--views .*default: the preset's", capsys.readouterr().out)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_texts_are_broken_where_the_terminal_ends(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    assert run([verb, "--help"]) == 0
    above = capsys.readouterr().out.split("╭")[0]
    paragraphs = [text for text in re.split(r"\n *\n", above) if text.strip()]
    assert all("\n" not in paragraph.strip() for paragraph in paragraphs)
