"""Pack WordNet's nouns, what they are called and what they are kinds of, into a data file.

    python tools/wordnet_nouns.py [FOLDER]

FOLDER holds data.noun and index.noun of WordNet 3.0; without it they are those of Debian's package
wordnet-base, which can be unpacked without being installed: ``apt-get download wordnet-base``, then
``dpkg -x wordnet-base_*.deb x``, and FOLDER is x/usr/share/wordnet. ``reverie.network.nouns`` tells what is
written.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

from reverie.network.nouns import FILE

FOLDER = "/usr/share/wordnet"
#: What begins with these is a pointer to something that the synset is a kind, or an instance, of.
KIND_OF = ("@", "@i")


def main(folder: str = FOLDER) -> int:
    text = packed(Path(folder))
    path = Path(__file__).parents[1] / "src/reverie/network" / FILE
    path.write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))
    print(f"{path}: {text.count(chr(10))} nouns, {path.stat().st_size} bytes")
    return 0


def packed(folder: Path) -> str:
    """The data file's text: see ``reverie.network.nouns``."""
    order = senses(folder / "index.noun")
    synsets = list(read(folder / "data.noun"))
    row_of = {offset: row for row, (offset, _, _) in enumerate(synsets, start=1)}
    lines = [
        "# nouns of WordNet 3.0: offset, lines of what it is a kind of, names with the number of the sense"
    ]
    for offset, lemmas, parents in synsets:
        named = [(lemma, order[lemma.lower()].index(offset) + 1) for lemma in lemmas]
        words = [word.replace("_", " ") + (f"|{sense}" if sense > 1 else "") for word, sense in named]
        assert not any(set(word) & set("\t\n,") for word in words)
        lines.append("\t".join((offset, ",".join(str(row_of[p]) for p in parents), ",".join(words))))
    return "\n".join(lines)


def senses(path: Path) -> dict[str, list[str]]:
    """Offsets of each noun's synsets, the most frequent sense first."""
    found = {}
    for line in path.read_text("ascii").splitlines():
        if not line.startswith(" "):
            word, _, count, *rest = line.split()
            found[word] = rest[-int(count) :]
    return found


def read(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each synset in order: its offset, its lemmas, and the offsets of what it is a kind of."""
    for line in path.read_text("ascii").splitlines():
        if line.startswith(" "):
            continue
        offset, _, _, count, *words = line.partition(" | ")[0].split()
        names, pointers = words[: 2 * int(count, 16) : 2], words[2 * int(count, 16) + 1 :]
        parents = [pointers[i + 1] for i in range(0, len(pointers), 4) if pointers[i] in KIND_OF]
        yield offset, names, parents


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) <= 2 else print(__doc__) or 2)
