"""Files of networks of one's own: what goes in comes out, and nothing bad in them gets far."""

import json
import struct

import pytest
import torch
from safetensors.torch import save

from reverie.errors import BadInput, NetworkError, UsageError
from reverie.network.description import describe
from reverie.network.positional import Positional, PositionalPlan
from reverie.network.trained import ENTRY, PositionalFacts, pack
from reverie.network.zoo import load_net

PLAN = PositionalPlan(side=16, widths=(4, 6), classes=2)
FACTS = PositionalFacts(classes=("cat", "dog"), side=16, widths=(4, 6), mean=0.5, std=0.25)


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return Positional(PLAN).state_dict()


def written(path, state, facts):
    path.write_bytes(save(dict(state), {ENTRY: facts if isinstance(facts, str) else json.dumps(facts)}))
    return str(path)


def test_what_goes_in_comes_out(tmp_path, state):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(pack(FACTS, state))
    net = load_net(str(path))
    assert list(net.classes) == ["cat", "dog"]
    assert (net.name, net.min_size, net.mean, net.std) == ("mine.safetensors", 16, (0.5,) * 3, (0.25,) * 3)
    assert len(net.weights_sha256) == 64
    assert all(torch.equal(net.module.state_dict()[name], state[name]) for name in state)
    assert load_net(f"{path}#sha256={net.weights_sha256}").weights_sha256 == net.weights_sha256
    assert pack(FACTS, state) == path.read_bytes()


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("mine.safetensors", "mine.safetensors"),
        ("a/b/Mine.SafeTensors", "a/b/Mine.SafeTensors"),
        ("trained:mine.safetensors", "mine.safetensors"),
        ("trained:odd:name.safetensors", "odd:name.safetensors"),
    ],
)
def test_its_name_is_a_description(text, file):
    found = describe(text)
    assert (found.kind, found.file, found.files, found.runs_code) == ("trained", file, (file,), False)
    assert describe(str(found)) == found
    assert describe(str(found.renamed({file: "x.safetensors"}))).file == "x.safetensors"


def test_another_hash_is_refused(tmp_path, state):
    path = written(tmp_path / "m.safetensors", state, FACTS.model_dump(mode="json"))
    with pytest.raises(NetworkError, match="SHA-256 is"):
        load_net(f"{path}#sha256={'0' * 64}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "format"),
        ({"architecture": "resnet"}, "cannot be"),
        ({"side": 10**9}, "side"),
        ({"side": 18}, "side"),
        ({"widths": [10**9, 5]}, "widths"),
        ({"widths": [4]}, "widths"),
        ({"classes": []}, "classes"),
        ({"classes": ["cat", ""]}, "classes"),
        ({"std": 0}, "std"),
        ({"mean": float("nan")}, "mean"),
        ({"code": "import os"}, "code"),
        ({"classes": ["cat", "dog", "cow"]}, "not for a network of 16 px"),
        ({"side": 20}, "not for a network of 20 px"),
        ({"widths": [4, 6, 8]}, "missing"),
    ],
)
def test_what_it_says_of_itself_is_looked_at(tmp_path, state, changes, words):
    path = written(tmp_path / "m.safetensors", state, {**FACTS.model_dump(mode="json"), **changes})
    with pytest.raises(NetworkError, match=words):
        load_net(path)


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "null", "[" * 100_000])
def test_what_is_no_description(tmp_path, state, text):
    with pytest.raises(NetworkError, match="what it says of itself"):
        load_net(written(tmp_path / "m.safetensors", state, text))


def test_a_file_of_somebody_else_says_what_to_give(tmp_path, state):
    path = tmp_path / "m.safetensors"
    path.write_bytes(save(dict(state)))
    with pytest.raises(NetworkError, match=r"says nothing of its architecture.*lite0:"):
        load_net(str(path))


def test_a_weight_that_is_not_finite_is_named(tmp_path, state):
    bad = {**state, "classify.bias": torch.tensor([1.0, float("nan")])}
    with pytest.raises(NetworkError, match=r'"classify\.bias" holds NaN'):
        load_net(written(tmp_path / "m.safetensors", bad, FACTS.model_dump(mode="json")))


def test_a_pickle_under_that_name_is_not_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "m.safetensors"
    torch.save({"a": Bomb()}, path)
    with pytest.raises(NetworkError, match="not a safetensors file"):
        load_net(str(path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir()])
def test_what_is_not_there_or_no_file(tmp_path, make):
    make(tmp_path / "m.safetensors")
    with pytest.raises((NetworkError, BadInput), match=r"m\.safetensors"):
        load_net(str(tmp_path / "m.safetensors"))


def test_its_pictures_are_known(tmp_path, state):
    path = written(tmp_path / "m.safetensors", state, FACTS.model_dump(mode="json"))
    with pytest.raises(UsageError, match="mean"):
        load_net(f"{path}#mean=0.3")
    (tmp_path / "names.txt").write_text("kitten\npuppy\n")
    assert list(load_net(f"{path}#classes={tmp_path / 'names.txt'}").classes) == ["kitten", "puppy"]


@pytest.mark.slow
def test_500_mutations_end_in_a_network_or_an_error(tmp_path, state):
    kept, rng = pack(FACTS, state), torch.Generator().manual_seed(0)
    header = struct.unpack("<Q", kept[:8])[0] + 8
    path, refused = tmp_path / "m.safetensors", 0
    for _ in range(500):
        place, value = (int(torch.randint(n, (1,), generator=rng)) for n in (header, 256))
        path.write_bytes(kept[:place] + bytes([value]) + kept[place + 1 :])
        try:
            load_net(str(path))
        except (NetworkError, BadInput):
            refused += 1
    assert refused > 200
