"""The packed table of nouns, made again where WordNet is at hand; and its maker on a small one."""

from __future__ import annotations

import gzip
import os
from importlib.resources import files
from pathlib import Path

import pytest

import wordnet_nouns
from reverie.network.nouns import FILE, Nouns

DATA = """  1 a licence
00000001 03 n 01 entity 0 001 ~ 00000002 n 0000 | what is
00000002 05 n 02 Kitty_Hawk 0 cat 3 002 @ 00000001 n 0000 #m 00000003 n 0000 | a | bar
00000003 05 n 01 cat 1 002 @i 00000001 n 0000 @ 00000002 n 0000 | other
"""
INDEX = """  1 a licence
entity n 1 1 ~ 1 1 00000001
kitty_hawk n 1 2 @ #m 1 0 00000002
cat n 2 2 @ #m 2 1 00000003 00000002
"""


def test_a_small_wordnet(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(DATA)
    (tmp_path / "index.noun").write_text(INDEX)
    nouns = Nouns(wordnet_nouns.packed(tmp_path))
    assert nouns.names(2) == (("Kitty Hawk", 1), ("cat", 2))
    assert nouns.parents(3) == (1, 2)
    assert nouns.senses("cat") == [3, 2]


@pytest.mark.slow
def test_the_table_is_wordnets() -> None:
    """Against Debian's package, installed, or unpacked into a folder that WORDNET names."""
    folder = Path(os.environ.get("WORDNET", wordnet_nouns.FOLDER))
    if not (folder / "data.noun").is_file():
        pytest.skip(f"WordNet is not in {folder}")
    packed = files("reverie.network").joinpath(FILE).read_bytes()
    assert gzip.decompress(packed).decode("ascii") == wordnet_nouns.packed(folder)
