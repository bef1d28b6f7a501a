"""The nouns of WordNet: what they are called, and what they are kinds of. Nothing here needs torch.

The data file is a table made from WordNet 3.0 (Princeton University, "WordNet", wordnet.princeton.edu; its
licence lies beside it) by ``tools/wordnet_nouns.py``: after a line that says so, a line for each synset in
WordNet's order, which holds its offset, the lines of what it is a kind (or an instance) of, and its names,
the best first, with the number of the sense where that is not 1: ``02122948 tab 6432 tab kitten,kitty|3``.
"""

from __future__ import annotations

import gzip
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

FILE = "wordnet_nouns.tsv.gz"
#: What a noun's singular may end with where its plural ends with this, the likeliest first.
PLURALS = (
    ("ies", ("y", "ie")),
    ("ves", ("f", "fe", "ve")),
    ("men", ("man",)),
    ("mice", ("mouse",)),
    ("geese", ("goose",)),
    ("feet", ("foot",)),
    ("teeth", ("tooth",)),
    ("oxen", ("ox",)),
    ("children", ("child",)),
    ("people", ("person",)),
    ("es", ("e", "")),
    ("s", ("",)),
)
#: What endings are no plurals: those of glass, bus and iris.
SINGULAR = ("ss", "us", "is")


class Nouns:
    """Synsets by their line in the table: names and parents.

    Looking up ignores case, spaces, hyphens and other punctuation.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._keys = ""
        self._text = text

    def at(self, offset: str) -> int:
        """The line of the synset at an offset of eight digits. KeyError: there is none."""
        row = bisect_left(self._lines, offset, lo=1)
        if row == len(self._lines) or not self._lines[row].startswith(offset):
            raise KeyError(offset)
        return row

    def parents(self, row: int) -> tuple[int, ...]:
        """What it is a kind of; nothing for ``entity``."""
        rows = self._lines[row].split("\t")[1]
        return tuple(map(int, rows.split(","))) if rows else ()

    def names(self, row: int) -> tuple[tuple[str, int], ...]:
        """What it is called, each name with the number of the sense: 1 is the most frequent."""
        words = (word.partition("|") for word in self._lines[row].split("\t")[2].split(","))
        return tuple((word, int(sense or 1)) for word, _, sense in words)

    def ancestors(self, row: int) -> dict[int, int]:
        """It and all that it is a kind of, each with the least number of steps up to it."""
        found = {row: 0}
        for one in (queue := [row]):
            for parent in self.parents(one):
                if parent not in found:
                    found[parent] = found[one] + 1
                    queue.append(parent)
        return found

    def senses(self, word: str) -> list[int]:
        """What a word may mean, the most frequent sense first; nothing if it is no noun."""
        key = key_of(word)
        if not key:
            return []
        if not self._keys:
            self._keys = self._text.casefold().translate(dict.fromkeys(map(ord, " -_'./"), None))
        found = []
        for match in re.finditer(rf"(?<=[\t,]){re.escape(key)}(?:\|(\d+))?(?=[,\n]|\Z)", self._keys):
            if (start := self._keys.rfind("\n", 0, match.start()) + 1) and self._keys.count(
                "\t", start, match.start()
            ) == 2:
                found.append((int(match[1] or 1), self._keys.count("\n", 0, start)))
        return list(dict.fromkeys(row for _, row in sorted(found)))


def key_of(text: str) -> str:
    """What of a name counts when it is looked up: its letters and digits."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def singulars(word: str) -> Iterator[str]:
    """What a word may be the plural of, the likeliest first; nothing for one that is no plural."""
    word = word.strip()
    if word.casefold().endswith(SINGULAR):
        return
    for ending, singular in PLURALS:
        if word.casefold().endswith(ending):
            yield from (word[: -len(ending)] + one for one in singular)


@lru_cache(maxsize=1)
def nouns() -> Nouns:
    """All nouns of WordNet 3.0; a few hundredths of a second the first time."""
    packed = files("reverie.network").joinpath(FILE).read_bytes()
    return Nouns(gzip.decompress(packed).decode("ascii"))
