"""Groups of options: a dataclass of options is one parameter of a verb, and many on the command line.

    @dataclass(frozen=True)
    class Messages(Group):
        json: bool = other("--json", help="Results as JSON.")
        quiet: bool = other("--quiet", help="Errors only.")

    @takes_groups
    def dream(photos: Photos = None, *, messages: Messages) -> None: ...

is to Typer a function of ``photos``, ``json`` and ``quiet``.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache, wraps
from typing import Annotated, Any, get_args, get_origin

from typer.models import OptionInfo


@dataclass(frozen=True)
class Group:
    """Options that belong together; each field is one.

    A field that is given an option alone is False where the option is not typed, or None if it may be. One
    with another default is declared as a parameter is: ``port: Annotated[int, option] = 8765``.
    """

    def __init_subclass__(cls) -> None:
        for name, kind in cls.__annotations__.items():
            option = cls.__dict__.get(name)
            if isinstance(option, OptionInfo):
                if kind != "bool" and not kind.endswith("| None"):
                    raise TypeError(
                        f"{cls.__name__}.{name} has no value where it is not typed; give it a default"
                    )
                untyped = False if kind == "bool" else None
                setattr(cls, name, field(default=untyped, metadata={"option": option}))

    def given(self) -> dict[str, Any]:
        """Every option by name, None or False where it was not given."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


class Only:
    """Of a group, a verb offers these options and no others: ``Annotated[Compute, Only("network")]``."""

    def __init__(self, *names: str) -> None:
        self.names = names


class Without:
    """Of a group, a verb offers all options but these: ``Annotated[Compute, Without("halo")]``."""

    def __init__(self, *names: str) -> None:
        self.names = names


def takes_groups(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb as Typer is to see it: every option of its groups is a parameter of its own."""
    hints = typing.get_type_hints(verb, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, tuple[type[Group], tuple[str, ...]]] = {}
    for name, parameter in inspect.signature(verb).parameters.items():
        found = _group_of(hints[name])
        if found is None:
            parameters.append(parameter.replace(annotation=hints[name], kind=parameter.KEYWORD_ONLY))
            continue
        kind, offered = groups[name] = found
        parameters += [_options_of(kind)[option] for option in offered]  # type: ignore[arg-type]  # mypy: no dataclass is hashable

    @wraps(verb)
    def flat(**given: Any) -> None:
        grouped = {
            name: kind(**{option: given.pop(option) for option in offered})
            for name, (kind, offered) in groups.items()
        }
        verb(**given, **grouped)

    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


@cache
def _options_of(kind: type[Group]) -> dict[str, inspect.Parameter]:
    """Each option of a group by name, as a parameter of its own."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = {}
    for one in fields(kind):
        option = one.metadata.get("option")
        hint = hints[one.name] if option is None else Annotated[hints[one.name], option]
        found[one.name] = inspect.Parameter(
            one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hint
        )
    return found


def _group_of(hint: Any) -> tuple[type[Group], tuple[str, ...]] | None:
    """The group that a parameter is, and the options of it that are offered; None for any other parameter."""
    notes: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        notes = tuple(rest)
    if not (isinstance(hint, type) and issubclass(hint, Group)):
        return None
    names = tuple(one.name for one in fields(hint))
    for note in notes:
        if isinstance(note, Only):
            names = note.names
        elif isinstance(note, Without):
            names = tuple(name for name in names if name not in note.names)
    return hint, names


def all_given(*groups: Group) -> Mapping[str, Any]:
    """Every option of several groups by name."""
    return {name: value for group in groups for name, value in group.given().items()}
