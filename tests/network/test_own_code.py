"""Networks that the user's own code makes."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reverie.errors import NetworkError, ReverieError, UsageError
from reverie.network.zoo import load_net
from reverie.process.notices import collect_warnings

CODE = """
from dataclasses import dataclass
import torch
from torch import nn
import reverie
from beside import WIDTH

@dataclass
class Settings:
    width: int = WIDTH

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, Settings().width, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())

def grey():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), {
        "mean": 0.5, "std": [0.25], "channels": 1, "input_size": 32, "classes": ["a", "b", "c", "d"]}

def wrapped():
    return reverie.wrap_net(make(), mean=0.5, std=0.25)

def raises():
    raise ValueError("no weights\\nat all")

def leaves():
    raise SystemExit(3)

def odd():
    return 5

def misspelt():
    return make(), {"meen": 0.5}

lite = lambda: reverie.load_net("lite0")
"""


@pytest.fixture
def code(tmp_path: Path) -> str:
    (tmp_path / "beside.py").write_text("WIDTH = 6\n")
    (tmp_path / "net.py").write_text(CODE)
    return f"py:{tmp_path}/net.py:"


def test_a_function_in_a_file(code: str) -> None:
    net = load_net(code + "make")
    assert (net.name, net.channels_of("0"), net.channels) == ("py:net.py:make", 6, 3)
    net = load_net(code + "grey")
    assert (net.mean, net.std, net.input_size, net.channels) == ((0.5,), (0.25,), (32, 32), 1)
    assert net.classes is not None
    assert net.classes.lookup("c") == 2
    assert load_net(code + "wrapped").mean == (0.5,) * 3
    assert load_net(code + "lite").class_map == "logit_map"


def test_what_is_said_counts_for_more(code: str, tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("one\ntwo, zwei\nthree\nfour\n")
    net = load_net(code + f"grey#mean=0.25&size=24x40&fit=window&classes={tmp_path}/c.txt")
    assert (net.mean, net.std, net.input_size) == ((0.25,), (0.25,), (40, 24))
    assert net.classes is not None
    assert net.classes.lookup("zwei") == 1
    net = load_net(code + "wrapped#std=1,2,4")
    assert (net.mean, net.std) == ((0.5,) * 3, (1, 2, 4))
    with pytest.raises(UsageError, match=r"c.txt: 4 names.*6 classes"):
        load_net(code + f"make#classes={tmp_path}/c.txt")
    with pytest.raises(UsageError, match=r"input size: network py:.*has its own"):
        load_net(code + "lite#size=32")


def test_a_function_in_a_module(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ownpackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text("import torch\nmake = lambda: torch.nn.Conv2d(3, 5, 3)\n")
    monkeypatch.chdir(tmp_path)
    assert load_net("py:ownpackage.nets:make").channels_of("output") == 5


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("raises", NetworkError, r"fails at net.py line 24 \(ValueError: no weights\)"),
        ("leaves", NetworkError, r"SystemExit: 3"),
        ("odd", UsageError, "returns a int"),
        ("misspelt", UsageError, 'did you mean "mean"'),
        ("mke", UsageError, 'did you mean "make"'),
        ("make()", UsageError, "py:net.py:make"),
    ],
)
def test_what_the_code_does_wrong(code: str, name: str, kind: type[ReverieError], said: str) -> None:
    with pytest.raises(kind, match=said) as caught:
        load_net(code + name)
    assert "\n" not in str(caught.value)


def test_code_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f(:\n")
    for name, said in (
        (f"py:{tmp_path}/absent.py:f", "no such file"),
        (f"py:{tmp_path}/bad.py:f", r"bad.py line 1 \(SyntaxError"),
        ("py:no.such.package:f", "ModuleNotFoundError"),
    ):
        with pytest.raises(NetworkError, match=said):
            load_net(name)
    with pytest.raises(UsageError, match="no name of a module"):
        load_net("py:../x:f")


def test_embedded_networks_take_classes_and_numbers(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("x\n" * 7)
    with pytest.raises(UsageError, match="7 names, and network lite0 has 1000 classes"):
        load_net(f"lite0#classes={tmp_path}/c.txt")
    assert load_net("lite0#mean=0.4&std=0.2,0.3,0.4").std == (0.2, 0.3, 0.4)
    for said in ("size=64", "channels=1", "fit=window"):
        with pytest.raises(UsageError, match="network lite0 has its own"):
            load_net(f"lite0#{said}")


class Bomb:
    """What a pickle that runs code holds."""

    def __reduce__(self) -> object:
        return Path.mkdir, (Path("boom"),)


def test_weights_after_one_more_colon(code: str, tmp_path: Path) -> None:
    state = {"0.weight": torch.full((6, 3, 3, 3), 0.25), "0.bias": torch.arange(6.0)}
    file = tmp_path / "mine.safetensors"
    save_file({f"module.model.{name}": value for name, value in state.items()}, file)
    hashed = hashlib.sha256(file.read_bytes()).hexdigest()
    for function in ("make", "wrapped"):
        net = load_net(f"{code}{function}:{file}#sha256={hashed}")
        assert net.name == f"py:net.py:{function}:mine.safetensors"
        for name, value in net.module.state_dict().items():
            assert torch.equal(value, state[name])
    assert load_net(code + "make").weights_sha256 != net.weights_sha256
    with pytest.raises(NetworkError, match=f"SHA-256 is {hashed}"):
        load_net(f"{code}make:{file}#sha256={'0' * 64}")
    with pytest.raises(UsageError, match="none is named"):
        load_net(f"{code}make#sha256={hashed}")


def test_weights_that_are_not_its_own(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_file({"0.weight": torch.zeros(6, 3, 3, 3), "fc.bias": torch.zeros(4)}, "strange.safetensors")
    save_file({"0.weight": torch.zeros(5, 3, 3, 3), "0.bias": torch.zeros(6)}, "shape.safetensors")
    Path("bomb.pth").write_bytes(pickle.dumps({"0.weight": Bomb()}))
    for file, said in (
        ("strange.safetensors", r'py:net.py:make, "0.bias" is missing, and "fc.bias" is not part of it'),
        ("shape.safetensors", r"\(5, 3, 3, 3\), expected floating point \(6, 3, 3, 3\)"),
        ("bomb.pth", "runs code.*nothing was executed"),
        ("absent.pth", "No such file"),
    ):
        with pytest.raises(NetworkError, match=said):
            load_net(f"{code}make:{file}")
    assert not Path("boom").exists()
    with pytest.raises(UsageError, match="gives lite0, which has weights"):
        load_net(f"{code}lite:strange.safetensors")


def test_without_mean_and_std_it_says_what_it_assumes(code: str) -> None:
    with collect_warnings() as said:
        assert load_net(code + "make").mean == (0.0,) * 3
    (text,) = said
    assert "pixels from 0 to 1" in text
    assert "--mean and --std" in text
    for name in ("grey", "wrapped", "lite", "make#mean=0", "make#std=0.25"):
        with collect_warnings() as said:
            load_net(code + name)
        assert not said
