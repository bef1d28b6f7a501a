"""What the command says of foreign names: clean on a terminal, complete as data."""

from __future__ import annotations

import json

import pytest
from rich.progress import TextColumn

from reverie.cli.console import CELL, LINE, Console, print_table
from reverie.cli.progress import _bar

MARKUP = ("[red]x[/]", "[/]", "[link=http://a]b[/link]", "[bold", "\\[x]")
NAMES = (*MARKUP, "a\x1b[31mb", "a\u202eb", "b\udcff", "a\nb")
CLEAN = (*MARKUP, "a\\x1b[31mb", "a\\u202eb", "b\\xff", "a\\x0ab")


@pytest.mark.parametrize(("name", "says"), [*zip(NAMES, CLEAN, strict=True)])
def test_names_are_said_as_they_are_and_clean(
    name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(verbose=True)
    console.result(name, {"path": name})
    console.must(name)
    console.info(name)
    console.warn(name)
    said = capsys.readouterr()
    assert said.out == f"{says}\n"
    assert said.err.split("\n")[:2] == [says, says]
    console.result([name, "second"], None)
    assert capsys.readouterr().out == f"{says}\nsecond\n"


@pytest.mark.parametrize("name", NAMES)
def test_json_is_whole_and_complete(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    long = name + "x" * 900_000
    Console(as_json=True).result(name, {"path": long})
    said = capsys.readouterr().out
    assert json.loads(said) == {"path": long}
    assert said.isascii()
    assert "\x1b" not in said


@pytest.mark.parametrize(("name", "says"), [*zip(NAMES, CLEAN, strict=True)])
def test_tables_show_names_and_read_no_markup(
    name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(("layer", ""), [(name, "1"), (name * 10_000, "2")])
    said = capsys.readouterr().out
    assert says.replace("\\x0a", " ") in said
    assert "\x1b" not in said
    assert len(said) < 20 * CELL


def test_figures_are_aligned_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", ">figure"), [("a", "1"), ("b", "10")])
    assert capsys.readouterr().out == "name  figure\na          1\nb         10\n"


def test_a_long_line_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    Console().result("x" * 900_000, None)
    assert len(capsys.readouterr().out) == LINE + 1


def test_the_bar_reads_no_markup() -> None:
    columns = [column for column in _bar().columns if isinstance(column, TextColumn)]
    assert [column.markup for column in columns] == [False, False]
