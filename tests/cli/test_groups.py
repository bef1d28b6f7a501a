"""Groups of options: what a verb is to Typer, and what it is given."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from reverie.cli.fields import other
from reverie.cli.groups import Group, Only, Without, takes_groups


@dataclass(frozen=True)
class Drawn(Group):
    size: int | None = other("--size", help="How large.", metavar="N")
    grey: bool = other("--grey", help="Without colour.")
    count: Annotated[int, other("--count", help="How many.", metavar="N")] = 3


@dataclass(frozen=True)
class DrawnSmall(Drawn):
    size: int | None = other("--side", help="How wide.", metavar="N")
    edge: str | None = other("--edge", help="Of what.", metavar="WORD")


def told(kind: Any, *words: str) -> Any:
    """What a verb with a group is given for some words."""
    found: list[Group] = []

    def draw(name: str = "x", *, drawn: Any) -> None:
        found.append(drawn)

    draw.__annotations__ |= {"name": str, "drawn": kind}
    app = typer.Typer()
    app.command()(takes_groups(draw))
    ran = CliRunner().invoke(app, list(words))
    return found[0] if ran.exit_code == 0 else ran.exit_code


def test_what_is_not_typed_is_none_or_off_or_has_its_own_default() -> None:
    assert told(Drawn) == Drawn(size=None, grey=False, count=3) == Drawn()
    assert told(Drawn, "--size", "7", "--grey", "--count", "2") == Drawn(7, True, 2)


def test_a_group_that_is_built_on_another_changes_options_where_they_stand() -> None:
    assert list(DrawnSmall().given()) == ["size", "grey", "count", "edge"]
    assert told(DrawnSmall, "--side", "9", "--edge", "ink") == DrawnSmall(9, edge="ink")
    assert told(DrawnSmall, "--size", "9") == 2


def test_a_verb_may_offer_some_of_a_group() -> None:
    assert told(Annotated[Drawn, Only("grey")], "--grey") == Drawn(grey=True)
    assert told(Annotated[Drawn, Only("grey")], "--count", "2") == 2
    assert told(Annotated[Drawn, Without("grey")], "--count", "2") == Drawn(count=2)
    assert told(Annotated[Drawn, Without("grey")], "--grey") == 2


def test_every_option_is_a_parameter_of_the_verb() -> None:
    @takes_groups
    def draw(name: str = "x", *, drawn: Drawn, last: bool = False) -> None: ...

    assert list(inspect.signature(draw).parameters) == ["name", "size", "grey", "count", "last"]


def test_an_option_that_has_no_value_untyped_is_an_error_in_the_program() -> None:
    with pytest.raises(TypeError, match=r"Wrong\.count has no value"):

        @dataclass(frozen=True)
        class Wrong(Group):
            count: int = other("--count", help="How many.", metavar="N")
