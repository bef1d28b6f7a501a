"""What can go wrong, said in one line: the file or option, what is wrong, what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from reverie.plain_words import shown


class ReverieError(Exception):
    """Base of every error reverie raises on purpose.

    ``str(error)`` is one line for a person, of characters that can be seen and no more than can be read.
    ``exit_code`` is what the command line ends with.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))


class UsageError(ReverieError, ValueError):
    """An option, setting, name or objective that cannot be used (exit code 2)."""

    exit_code = 2


class BadInput(ReverieError):
    """A file that cannot be used (exit code 3)."""

    exit_code = 3


class BatchError(ReverieError):
    """Some items of a batch failed; the others were finished (exit code 4)."""

    exit_code = 4


class NetworkError(ReverieError):
    """A network or its weights cannot be used (exit code 5)."""

    exit_code = 5


class ResourceError(ReverieError):
    """Memory or disk ran out (exit code 6)."""

    exit_code = 6


class Interrupted(ReverieError):
    """The user stopped the run (exit code 130)."""

    exit_code = 130


#: What is longer than this is no misspelt name.
LONGEST_NAME = 100


class ReverieWarning(UserWarning):
    """Something the user should know that does not stop the work."""


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known names that are spelt most like a name, the nearest first; or those that end as it does."""
    if len(name) > LONGEST_NAME:
        return []
    by_lower = {n.lower(): n for n in known if len(n) <= LONGEST_NAME}
    near = get_close_matches(name.lower(), list(by_lower), n=most, cutoff=0.6)
    if not near and len(name) > 1:
        near = [n for n in by_lower if n.endswith(name.lower())][:most]
    return [by_lower[n] for n in near]


def did_you_mean(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """A clause naming the nearest known names, or all of a few, or nothing.

    Args:
        name: What was given.
        known: The names there are.
        most: How many to suggest at most.
    """
    names = [n for n in known if len(n) <= LONGEST_NAME]
    if len(name) > LONGEST_NAME:
        return ""
    if near := nearest(name, names, most=most):
        return "did you mean " + " or ".join(f'"{one}"' for one in near) + "?"
    if 0 < len(names) <= 12:
        return "there are " + ", ".join(names)
    return ""
