"""Foreign text, fit to be shown: names, keys and contents of files, on a terminal and in errors.

What comes from a file or a name may hold anything: characters that move a terminal's cursor, ring its bell,
turn the direction of writing or have no width at all, halves of characters, and a megabyte of them. Whoever
shows it shows it through here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: A text is cut to so many characters, and a word in it to so many.
LONGEST: Final = 2000
LONGEST_WORD: Final = 400
#: Kinds of characters that are not shown as they are: controls, formats, halves, separators of lines.
_UNSHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: Characters without a shape that are of another kind: fillers, and the joiner of graphemes.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_PLAIN: Final = re.compile(r"[ -~]*")


def shown(text: str, most: int = LONGEST) -> str:
    r"""A text as one line of characters that can be seen.

    Args:
        text: Anything.
        most: How many characters are kept at most; of a longer one the beginning and the end, and of a long
            word in it too.

    Returns:
        It with runs of white space as one space, and what cannot be seen as ``\x1b``, ``\u202e`` and so on.
    """
    words = cut(text, 8 * most).split()
    return cut(" ".join(cut(clean(word), min(most, LONGEST_WORD)) for word in words), most)


def clean(text: str) -> str:
    r"""A text with what cannot be seen as ``\x1b``, ``\u202e`` and so on; as long as it is."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_seen(character) for character in text)


def clean_lines(text: str) -> str:
    """A text of several lines, each clean."""
    return "\n".join(map(clean, text.split("\n")))


def cut(text: str, most: int) -> str:
    """A text no longer than this: the beginning and the end of a longer one."""
    if len(text) <= most:
        return text
    end = max(0, (most - 3) // 3)
    return f"{text[: most - 3 - end]}...{text[len(text) - end :]}"


def _seen(character: str) -> str:
    """A character, or how it is written where it cannot be seen."""
    if unicodedata.category(character) not in _UNSHOWN and character not in _BLANK:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
