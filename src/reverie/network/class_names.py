"""Names of a network's output units: lookup by any synonym, index, WordNet id, or by what they are kinds of.

The ImageNet data are WordNet synonyms (Princeton University, "WordNet", wordnet.princeton.edu) in
the order of the ILSVRC 2012 classes, and what WordNet says they are kinds of. Nothing here needs torch:
the command line's completion is quick.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from reverie.errors import UsageError, did_you_mean
from reverie.network.class_tree import ClassTree
from reverie.network.nouns import key_of, nouns

#: So many members of a group are named where there is no room for all.
SOME = 5
#: Names of classes are those of ImageNet if at least this share of them are, each in its place.
SHARE = 0.98


class ClassNames:
    """Class names by index, each with its synonyms, and groups of classes by what they are kinds of.

    Looking up ignores case, spaces, hyphens, underscores and other punctuation.
    """

    def __init__(
        self,
        synonyms: Iterable[str | Sequence[str]],
        *,
        ids: Sequence[str] = (),
        notes: Sequence[str] = (),
        tree: Callable[[], ClassTree] | None = None,
    ) -> None:
        """Names in the order of the output units.

        Args:
            synonyms: For each class its name, or its names with the best first.
            ids: For each class another handle, such as its WordNet id; or nothing.
            notes: For each class a few words that tell it from one of the same name; or nothing.
            tree: Gives what the classes are kinds of; called when that is first asked for.

        Raises:
            UsageError: A class has no name.
        """
        self._synonyms = [(s,) if isinstance(s, str) else tuple(s) for s in synonyms]
        self._notes = tuple(notes) or ("",) * len(self._synonyms)
        self._by_id = {wnid.casefold(): index for index, wnid in enumerate(ids)}
        self._tree = tree
        self._by_name: dict[str, list[int]] = {}
        for index, names in enumerate(self._synonyms):
            if not any(key_of(name) for name in names):
                raise UsageError(f"class {index} has no name")
            for key in {key_of(name) for name in names}:
                self._by_name.setdefault(key, []).append(index)

    def __len__(self) -> int:
        return len(self._synonyms)

    def __iter__(self) -> Iterator[str]:
        return (names[0] for names in self._synonyms)

    @property
    def tree(self) -> ClassTree | None:
        """What the classes are kinds of; None where nobody knows."""
        return None if self._tree is None else self._tree()

    def name(self, index: int) -> str:
        """The first name of a class; UsageError when there is no such index."""
        return self.synonyms(index)[0]

    def synonyms(self, index: int) -> tuple[str, ...]:
        """All names of a class, best first; UsageError when there is no such index."""
        if not 0 <= index < len(self):
            raise UsageError(f"class {index} does not exist; classes are 0 to {len(self) - 1}")
        return self._synonyms[index]

    def members(self, what: str | int) -> tuple[int, ...]:
        """The indices of the classes that are meant, ascending: one class, or all that are of one kind.

        Args:
            what: An index (``207`` or ``"207"``), any synonym, an id such as ``n02099601``, or what classes
                are kinds of, as ``dog``; a plural will do.

        Raises:
            UsageError: Nothing has that name (the nearest are listed), several classes have it (each is
                listed with its synonyms), or the index is out of range.
        """
        text = str(what).strip()
        found = self._by_name.get(key_of(text), [])
        if len(found) == 1 and not isinstance(what, int):
            return (found[0],)
        if text.lstrip("-").isdecimal() and len(text) < 20:
            self.synonyms(int(text))
            return (int(text),)
        if text.casefold() in self._by_id:
            return (self._by_id[text.casefold()],)
        if found:
            choices = "; ".join(f"{index} ({self._describe(index)})" for index in found)
            raise UsageError(f'class "{text}" means several, give the number of one: {choices}')
        group = self.tree.find(text) if self.tree else None
        if group is None:
            hint = self.kin(text) or did_you_mean(text, self._names())
            hint = hint or f"give a name, or a number from 0 to {len(self) - 1}"
            raise UsageError(f'class "{text}" is not known; {hint}')
        return group.members

    def lookup(self, what: str | int) -> int:
        """The index of one class; arguments and errors as of ``members``, and UsageError for several."""
        found = self.members(what)
        if len(found) > 1:
            some = ", ".join(f'"{self.name(index)}"' for index in found[:SOME])
            more = f" and {len(found) - SOME} more" if len(found) > SOME else ""
            raise UsageError(f'class "{what}" is a group, and one class is needed: give {some}{more}')
        return found[0]

    def search(self, prefix: str) -> list[str]:
        """Every name that starts with ``prefix``, sorted, for completion in a shell."""
        key = key_of(prefix)
        return sorted({name for name in self._names() if key_of(name).startswith(key)})

    def _names(self) -> Iterator[str]:
        """Every name that is understood."""
        yield from (name for names in self._synonyms for name in names)
        yield from self.tree.names() if self.tree else ()

    def knows(self, what: str) -> bool:
        """Whether one class, or a group, has a name or a number."""
        try:
            return bool(self.members(what))
        except UsageError:
            return False

    def kin(self, text: str) -> str:
        """A clause that names what is nearest in the tree and what has the text in its name, or nothing."""
        near = self.tree.nearest(text) if self.tree else None
        word = re.compile(rf"\b{re.escape(text)}\b", re.IGNORECASE)
        kin = [self.name(index) for index in near.members] if near else []
        some = [*kin[:SOME], *[name for name in self if word.search(name)][:SOME]] if text else []
        if not some:
            return ""
        group = ""
        if near and len(kin) > 1:
            group = f', or "{near.name}" for the group of {len(kin)}'
        elif near and near.name != kin[0]:
            group = f', or "{near.name}" for what it is a kind of'
        return f"the nearest {'are' if len(some) > 1 else 'is'} " + ", ".join(f'"{n}"' for n in some) + group

    def _describe(self, index: int) -> str:
        note = self._notes[index]
        return ", ".join(self._synonyms[index]) + (f": {note}" if note else "")


@lru_cache(maxsize=1)
def imagenet() -> ClassNames:
    """The 1000 classes of ImageNet (ILSVRC 2012) with their WordNet synonyms and ids."""
    rows = _rows()
    return ClassNames(
        [row[2].split(", ") for row in rows],
        ids=[row[1] for row in rows],
        notes=[row[3] if len(row) > 3 else "" for row in rows],
        tree=_imagenet_tree,
    )


def class_names(names: Iterable[str | Sequence[str]]) -> ClassNames:
    """Names of classes in order; where they are ImageNet's, with its ids and with what they are kinds of."""
    theirs, ours = ClassNames(names), imagenet()
    if len(theirs) != len(ours):
        return theirs
    keys = [{key_of(name) for name in synonyms} for synonyms in ours._synonyms]
    alike = sum(key_of(name) in known for name, known in zip(theirs, keys, strict=True))
    if alike < SHARE * len(ours):
        return theirs
    return ClassNames(theirs._synonyms, ids=[row[1] for row in _rows()], tree=_imagenet_tree)


def _rows() -> list[list[str]]:
    text = files("reverie.network").joinpath("imagenet_classes.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


@lru_cache(maxsize=1)
def _imagenet_tree() -> ClassTree:
    return ClassTree(nouns(), [row[1].removeprefix("n") for row in _rows()])
