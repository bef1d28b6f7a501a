"""Names of a network's output units: lookup by any synonym, index or WordNet id.

The ImageNet data are WordNet synonyms (Princeton University, "WordNet", wordnet.princeton.edu) in
the order of the ILSVRC 2012 classes. Nothing here needs torch: the command line's completion is
quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

from reverie.errors import UsageError, did_you_mean

#: What people call a class that WordNet names otherwise; used only where WordNet has no such name.
EVERYDAY = {
    "pagoda": "stupa",
}


class ClassNames:
    """Class names by index, each with its synonyms.

    Looking up ignores case, spaces, hyphens, underscores and other punctuation.
    """

    def __init__(
        self,
        synonyms: Iterable[str | Sequence[str]],
        *,
        ids: Sequence[str] = (),
        notes: Sequence[str] = (),
        everyday: Mapping[str, str] | None = None,
    ) -> None:
        """Names in the order of the output units.

        Args:
            synonyms: For each class its name, or its names with the best first.
            ids: For each class another handle, such as its WordNet id; or nothing.
            notes: For each class a few words that tell it from one of the same name; or nothing.
            everyday: Further names, each with the name here that it stands for.

        Raises:
            UsageError: A class has no name.
        """
        self._synonyms = [(s,) if isinstance(s, str) else tuple(s) for s in synonyms]
        self._notes = tuple(notes) or ("",) * len(self._synonyms)
        self._by_id = {wnid.casefold(): index for index, wnid in enumerate(ids)}
        self._by_name: dict[str, list[int]] = {}
        for index, names in enumerate(self._synonyms):
            if not any(_key(name) for name in names):
                raise UsageError(f"class {index} has no name")
            for key in {_key(name) for name in names}:
                self._by_name.setdefault(key, []).append(index)
        self._everyday = tuple(everyday or ())
        for other, name in (everyday or {}).items():
            self._by_name.setdefault(_key(other), self._by_name[_key(name)])

    def __len__(self) -> int:
        return len(self._synonyms)

    def __iter__(self) -> Iterator[str]:
        return (names[0] for names in self._synonyms)

    def name(self, index: int) -> str:
        """The first name of a class; UsageError when there is no such index."""
        return self.synonyms(index)[0]

    def synonyms(self, index: int) -> tuple[str, ...]:
        """All names of a class, best first; UsageError when there is no such index."""
        if not 0 <= index < len(self):
            raise UsageError(f"class {index} does not exist; classes are 0 to {len(self) - 1}")
        return self._synonyms[index]

    def lookup(self, what: str | int) -> int:
        """The index of a class.

        Args:
            what: An index (``207`` or ``"207"``), any synonym, or an id such as ``n02099601``.

        Raises:
            UsageError: Nothing has that name (the nearest are listed), several have it (each is
                listed with its synonyms), or the index is out of range.
        """
        text = str(what).strip()
        found = self._by_name.get(_key(text), [])
        if len(found) == 1 and not isinstance(what, int):
            return found[0]
        if text.lstrip("-").isdecimal() and len(text) < 20:
            self.synonyms(int(text))
            return int(text)
        if text.casefold() in self._by_id:
            return self._by_id[text.casefold()]
        if not found:
            hint = did_you_mean(text, self._names())
            hint = hint or f"give a name, or a number from 0 to {len(self) - 1}"
            raise UsageError(f'class "{text}" is not known; {hint}')
        choices = "; ".join(f"{index} ({self._describe(index)})" for index in found)
        raise UsageError(f'class "{text}" means several, give the number of one: {choices}')

    def search(self, prefix: str) -> list[str]:
        """Every name that starts with ``prefix``, sorted, for completion in a shell."""
        key = _key(prefix)
        return sorted({name for name in self._names() if _key(name).startswith(key)})

    def _names(self) -> Iterator[str]:
        """Every name that is understood."""
        yield from (name for names in self._synonyms for name in names)
        yield from self._everyday

    def _describe(self, index: int) -> str:
        note = self._notes[index]
        return ", ".join(self._synonyms[index]) + (f": {note}" if note else "")


def _key(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


@lru_cache(maxsize=1)
def imagenet() -> ClassNames:
    """The 1000 classes of ImageNet (ILSVRC 2012) with their WordNet synonyms and ids."""
    text = files("reverie.network").joinpath("imagenet_classes.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return ClassNames(
        [row[2].split(", ") for row in rows],
        ids=[row[1] for row in rows],
        notes=[row[3] if len(row) > 3 else "" for row in rows],
        everyday=EVERYDAY,
    )
