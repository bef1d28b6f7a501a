"""What was meant where the first word is no verb: a photograph, ``help``, an option of the verb."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from reverie.errors import UsageError, did_you_mean

#: Endings of what ``film`` takes, and of what ``dream`` does.
FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".apng")
PICTURES = (
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".avif",
    ".tif",
    ".tiff",
    ".gif",
    ".bmp",
    ".heic",
    ".heif",
    ".svg",
)
#: What editors make of the dashes before an option.
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
#: The words of the command that runs, as they were taken.
TAKEN: ContextVar[list[str] | None] = ContextVar("taken", default=None)
#: Options that stand before any verb.
GLOBAL = ("-h", "--help", "-V", "--version", "--install-completion", "--show-completion")


def meant(arguments: Sequence[str], verbs: Mapping[str, Any]) -> tuple[list[str], str]:
    """The words as they are taken, and what to say of that; nothing where they are taken as they stand.

    Args:
        arguments: What was typed.
        verbs: The commands by name, as click knows them.

    Raises:
        UsageError: The first word is neither a verb nor a file, or no option of the verb that follows.
    """
    given = [at_home(word) for word in arguments]
    words = _with_verb(given, verbs)
    if words and words[0] in verbs:
        words = as_options(words, options_of(verbs[words[0]]))
    first = given[0] if given else ""
    missing = is_for(first) and not os.path.lexists(first)  # which is about to be said
    return words, "" if words == given or missing else f"taken as: {shlex.join(['reverie', *words])}"


def _with_verb(given: list[str], verbs: Mapping[str, Any]) -> list[str]:
    """The words with a verb in front, if they do not begin with one."""
    first = given[0] if given else "--help"
    if first in verbs or first in GLOBAL:
        return given
    if first == "--help-all":
        return ["--help"]
    if first in ("help", "version"):
        return [*(word for word in given[1:] if word in verbs), f"--{first}"][-2:]
    if verb := is_for(first):
        return [verb, *given]
    if not first.startswith("-"):
        raise UsageError(f'"{first}" is neither a verb nor a file; {_hint(first, verbs)}')
    files = (is_for(word) for word in given if os.path.lexists(word))
    verb = next((word for word in given if word in verbs), None) or next(filter(None, files), "")
    if not verb:
        raise UsageError(f"{first}: is for a verb, which comes first, as in reverie dream me.jpg")
    rest = list(given)
    if verb in rest:
        rest.remove(verb)
    known = options_of(verbs[verb])
    if (name := as_options([first], known)[0].partition("=")[0]) not in known:
        raise UsageError(
            f"{name}: reverie {verb} has no such option; {did_you_mean(name, known)}".rstrip("; ")
        )
    return [verb, *rest]


def options_of(verb: Any) -> set[str]:
    """Every option of a verb."""
    return {
        "--help",
        *(name for parameter in verb.params for name in (*parameter.opts, *parameter.secondary_opts)),
    }


def as_options(words: Sequence[str], known: Collection[str]) -> list[str]:
    """The words, with those as options that nearly are: in capitals, with one dash, a long one, or ``=``."""
    end = words.index("--") if "--" in words else len(words)
    return [*(_as_option(word, known) for word in words[:end]), *words[end:]]


def _as_option(word: str, known: Collection[str]) -> str:
    if word == "--help-all" and word not in known:  # of a verb whose help is all of it
        return "--help"
    name, sign, value = word.partition("=")
    bare = name.lstrip(DASHES)
    likely = (bare != name and len(bare) > 1) or (sign and not os.path.lexists(word))
    option = "--" + bare.lower().replace("_", "-")
    return f"{option}{sign}{value}" if likely and name not in known and option in known else word


def is_for(word: str) -> str:
    """The verb that takes such a file or folder; nothing if it is, or would be, none."""
    ending = Path(word).suffix.lower()
    if ending in FILMS:
        return "film"
    return "dream" if ending in PICTURES or os.path.isfile(word) or os.path.isdir(word) else ""


def at_home(word: str) -> str:
    """A word with the user's own folder for a ``~`` that it, or an option's value in it, begins with."""
    option, sign, path = word.partition("=") if word.startswith("--") else ("", "", word)
    home = path.startswith(("~/", "~" + os.sep)) and not os.path.exists("~")
    return f"{option}{sign}{os.path.expanduser(path)}" if home else word


def _hint(word: str, verbs: Collection[str]) -> str:
    from reverie.network.class_names import imagenet

    if near := did_you_mean(word, verbs, most=2):
        return near
    try:
        imagenet().members(word)
    except UsageError:
        return "reverie --help lists the verbs, and a photograph is enough to begin with: reverie me.jpg"
    return f"for its portrait: reverie see {shlex.quote(word)}"
