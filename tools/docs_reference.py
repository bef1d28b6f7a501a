"""What is said of a name of the library: a few words in the page itself, everything on the built site."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import reverie

ROOT = Path(__file__).resolve().parents[1]
#: The terms of objectives have a parser of their own beside them, which nobody calls.
NOT_TOLD = ("read",)


def site_reference(name: str) -> str:
    """The lines by which mkdocstrings shows all that a docstring says."""
    path, members = parts(name)
    lines = [f"::: {path}"]
    if isinstance(found(path), ModuleType):
        hidden = ("show_root_heading", "show_root_toc_entry", "show_root_members_full_path")
        lines += ["    options:", *(f"      {option}: false" for option in hidden)]
        lines += [f"      filters: {['!^_', *(f'!^{left_out}$' for left_out in NOT_TOLD)]}"]
    elif members:
        lines += ["    options:", f"      members: [{', '.join(members)}]"]
    return "\n".join(lines)


def plain_reference(name: str) -> str:
    """How it is called, the first paragraph of its docstring, and where its source is; then its members."""
    path, members = parts(name)
    thing = found(path)
    source = Path(inspect.getfile(inspect.unwrap(thing))).relative_to(ROOT).as_posix()
    if isinstance(thing, ModuleType):
        head, inside = path, of_module(thing)
    else:
        head, inside = public(path) + call(thing), of_class(thing, members)
    lines = [f"**`{head}`**: {first_paragraph(thing)} ([source](../{source}))"]
    told = [f"- `{name}{call(member)}`: {first_paragraph(member)}" for name, member in inside]
    return "\n".join([*lines, "", *told] if told else lines)


def parts(name: str) -> tuple[str, list[str]]:
    """``reverie.x.Y[a,b]`` is the path ``reverie.x.Y`` and the members ``a`` and ``b``."""
    path, _, members = name.rstrip("]").partition("[")
    return path, members.split(",") if members else []


def found(path: str) -> Any:
    """The module, class or function of a dotted path."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        home, _, name = path.rpartition(".")
        return getattr(import_module(home), name)


def public(path: str) -> str:
    """The shortest path by which it is imported: from the package itself where it is there."""
    home, _, name = path.rpartition(".")
    short = name in reverie.__all__ and getattr(reverie, name) is getattr(sys.modules[home], name)
    return f"reverie.{name}" if short else path


def of_module(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The classes and functions that a module defines, in its order."""
    for name, thing in vars(module).items():
        defined = getattr(thing, "__module__", "") == module.__name__
        if defined and (inspect.isclass(thing) or inspect.isfunction(thing)) and told(name):
            yield name, thing


def of_class(thing: Any, members: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The methods named, or all public ones that a class defines and explains."""
    if not inspect.isclass(thing):
        return
    for name in members or [name for name in vars(thing) if told(name)]:
        member = inspect.getattr_static(thing, name)
        member = getattr(member, "__func__", member)
        if (inspect.isfunction(member) or isinstance(member, property)) and member.__doc__:
            yield name, member


def told(name: str) -> bool:
    """Whether a name is one to be read of."""
    return not name.startswith("_") and name not in NOT_TOLD


def call(thing: Any) -> str:
    """What is passed to a function, with defaults and without types; nothing for what is not called so."""
    if not inspect.isfunction(thing):
        return ""
    given = inspect.signature(thing)
    bare = [
        parameter.replace(annotation=parameter.empty)
        for name, parameter in given.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(given.replace(parameters=bare, return_annotation=given.empty))


def first_paragraph(thing: Any) -> str:
    """What a docstring says first, in one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()).replace("``", "`")
