"""Class names: data against its source, lookup by any name, and what is said when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from reverie.errors import UsageError
from reverie.network.class_names import ClassNames, imagenet


def timm_info() -> Path:
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        if os.environ.get("CI") == "true":
            pytest.fail("timm is a test extra and must be installed here")
        pytest.skip("timm is not installed")
    return Path(spec.submodule_search_locations[0], "data", "_info")


def test_data_are_wordnet_as_timm_has_them():
    folder = timm_info()
    ids = (folder / "imagenet_synsets.txt").read_text().split()
    lemmas = dict(
        line.split("\t") for line in (folder / "imagenet_synset_to_lemma.txt").read_text().splitlines()
    )
    names = imagenet()
    assert len(names) == len(ids) == 1000
    for index, wnid in enumerate(ids):
        assert ", ".join(names.synonyms(index)) == lemmas[wnid]
        assert names.lookup(wnid) == index


def test_everyday_name_stands_for_a_wordnet_one():
    names = imagenet()
    assert names.name(names.lookup("Pagoda")) == "stupa"


@pytest.mark.parametrize(
    "what",
    [
        207,
        "207",
        "golden retriever",
        "Golden Retriever",
        "golden-retriever",
        "golden_retriever",
        " GOLDEN  retriever ",
        "n02099601",
        "N02099601",
    ],
)
def test_lookup_by_anything(what):
    assert imagenet().lookup(what) == 207


def test_every_name_leads_home_or_says_why_not():
    def key(name: str) -> str:
        return "".join(letter for letter in name.lower() if letter.isalnum())

    names = imagenet()
    owners: dict[str, set[int]] = {}
    for index in range(len(names)):
        for synonym in names.synonyms(index):
            owners.setdefault(key(synonym), set()).add(index)
    shared = 0
    for index in range(len(names)):
        for synonym in names.synonyms(index):
            if len(owners[key(synonym)]) == 1:
                assert names.lookup(synonym) == index
            else:
                shared += 1
                with pytest.raises(UsageError, match=rf"\b{index} \("):
                    names.lookup(synonym)
    assert 30 < shared < 60


def test_every_synonym_works():
    names = imagenet()
    assert names.lookup("tiger cat") == 282
    assert names.lookup("tabby cat") == names.lookup("tabby") == 281
    assert names.lookup("king of beasts") == names.lookup("Panthera leo") == 291
    assert names.name(291) == "lion"
    assert list(names)[207] == "golden retriever"


def test_misspelt_name_is_answered_with_the_right_one():
    with pytest.raises(UsageError, match='did you mean "golden retriever"') as caught:
        imagenet().lookup("golden retreiver")
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match=r"is not known; .* 0 to 999"):
        imagenet().lookup("zzzzzzzz")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crane", ["134 (crane: large long-necked wading bird", "517 (crane: lifts and moves"]),
        ("maillot", ["638 (maillot", "639 (maillot, tank suit"]),
    ],
)
def test_a_name_of_several_classes_lists_them(name, said):
    with pytest.raises(UsageError, match="means several") as caught:
        imagenet().lookup(name)
    for part in said:
        assert part in str(caught.value)
    assert imagenet().lookup(said[0].split()[0]) == int(said[0].split()[0])


@pytest.mark.parametrize("index", [1000, -1, "1000", "-1", 10**30])
def test_index_out_of_range(index):
    with pytest.raises(UsageError, match="0 to 999"):
        imagenet().lookup(index)


def test_search_for_completion():
    names = imagenet()
    assert names.search("golden") == ["golden retriever"]
    assert names.search("GOLDEN-re") == ["golden retriever"]
    found = names.search("tab")
    assert found == sorted(found)
    assert {"tabby", "tabby cat", "table lamp"} <= set(found)
    assert names.search("zzz") == []
    assert len(names.search("")) > 1000


def test_everyday_names_are_offered_as_well():
    names = imagenet()
    assert "pagoda" in names.search("pago")
    with pytest.raises(UsageError, match='did you mean "pagoda"'):
        names.lookup("pagodda")


def test_own_names():
    names = ClassNames(["0", "one", ("two", "deux")], ids=["a", "b", "c"])
    assert [names.lookup(n) for n in ("0", 1, "Deux", "c")] == [0, 1, 2, 2]
    assert list(names) == ["0", "one", "two"]
    with pytest.raises(UsageError, match="class 1 has no name"):
        ClassNames(["zero", ""])


def test_names_need_no_torch():
    code = (
        "import sys; from reverie.network.class_names import imagenet; imagenet().search('gold');"
        "from reverie.network.zoo import networks, network_names; [n.installed for n in networks()];"
        "import reverie.network; assert network_names()[0] == 'lite0';"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
