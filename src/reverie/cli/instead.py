"""What to type instead, for a complaint of the command line's parser."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from reverie.cli.meant import TAKEN, options_of
from reverie.errors import ReverieError
from reverie.plain_words import shown

#: How an objective begins that takes something away, as ``-block4b:3 + block5c``.
_MINUS = re.compile(r"-[\w.]+\s*[:*(+-]", re.ASCII)


def what_to_type(error: Any) -> str:
    """A clause for a usage error as click raises it; if none fits, where to look."""
    verb = getattr(getattr(error, "ctx", None), "command", None)
    option = getattr(error, "option_name", None)
    said = ""
    if verb is not None:
        said = _extra(verb, str(error.format_message()))
        if option is not None:
            said = _objective(verb, option) or _recipe(verb, option)
    return said or "; --help lists what there is"


def _extra(verb: Any, complaint: str) -> str:
    """For words that are too many: where to write, or that the verb takes only one."""
    extra = re.match(r"Got unexpected extra argument\S* \((.+)\)", complaint)
    if not extra or not Path(extra[1]).suffix:
        return ""
    if extra[1] in (TAKEN.get() or []) and "-o" in options_of(verb):
        return f"; where to write is said with -o {shown(extra[1])}"
    taken = [p for p in verb.params if p.param_type_name == "argument"]
    return f"; reverie {verb.name} takes one {taken[0].metavar}" if len(taken) == 1 else ""


def _objective(verb: Any, option: str) -> str:
    """For an objective that begins with a minus, and is taken for an option."""
    words = TAKEN.get() or []
    word = next((w for w in words[1:] if w.startswith(option) and _MINUS.match(w)), None)
    if word is None or option.startswith("--"):
        return ""
    if "--objective" in options_of(verb):
        return f"; an objective is said with {shlex.quote('--objective=' + word)}"
    rest = shlex.join(["reverie", *(w for w in words if w != word), "--", word])
    return f"; what begins with a minus comes last, after --: {rest}"


def _recipe(verb: Any, option: str) -> str:
    """For a setting of the recipe that ``rerun`` is to change: the verb that makes one like it."""
    from reverie.cli.app import command
    from reverie.jobs.provenance.command_line import like_it
    from reverie.jobs.provenance.note import of_picture

    words = TAKEN.get() or []
    if verb.name != "rerun" or option not in words:
        return ""
    result = next((w for w in words[1:] if Path(w).is_file()), "RESULT")
    try:
        like = like_it(of_picture(result).recipe, result)
    except ReverieError:
        like = ["reverie", "dream", "PHOTO", "--recipe", result]
    other = next((p for p in command().commands[like[1]].params if option in p.opts), None)
    if other is None:
        return ""
    at = words.index(option)
    value = [] if getattr(other, "is_flag", False) else words[at + 1 : at + 2]
    return f"; to change its recipe: {shlex.join([*like, option, *value])}"
