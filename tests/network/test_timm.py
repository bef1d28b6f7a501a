"""Networks of timm: with weights of one's own, and from a hub on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save, save_file

from reverie.errors import NetworkError, UsageError
from reverie.network.zoo import load_net
from reverie.process.notices import collect_warnings
from support.torchvision_stub import importable
from support.web import serving

#: Importing timm takes seconds.
pytestmark = pytest.mark.slow
NAME = "test_resnet"  # of 0.5 million weights


@pytest.fixture(autouse=True, scope="module")
def timm() -> Any:
    importable()
    return pytest.importorskip("timm")


@pytest.fixture(scope="module")
def module(timm: Any) -> torch.nn.Module:
    torch.manual_seed(0)
    return timm.create_model(NAME).eval()


def state(module: torch.nn.Module, prefix: str = "") -> dict[str, torch.Tensor]:
    return {prefix + name: tensor.contiguous() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.", "module._orig_mod.model."])
def test_a_state_of_ones_own(tmp_path: Path, module: torch.nn.Module, prefix: str) -> None:
    for file, write in (("w.safetensors", save_file), ("w.pth", torch.save)):
        found = state(module, prefix)
        write(found if file.endswith("s") else {"state_dict": found, "epoch": 3}, str(tmp_path / file))
        net = load_net(f"timm:{NAME}:{tmp_path / file}")
        x = torch.rand(1, 3, 70, 64)
        assert torch.equal(net.forward(x, "output")["output"], module(net._normalised(x)))
    config = module.pretrained_cfg
    assert (net.mean, net.std, net.channels) == (tuple(config["mean"]), tuple(config["std"]), 3)
    assert net.name == f"timm:{NAME}:w.pth"
    assert net.classes is not None
    assert net.classes.lookup("golden retriever") == 207


def test_a_network_that_was_tuned_for_other_classes(tmp_path: Path, timm: Any) -> None:
    torch.manual_seed(1)
    save_file(state(timm.create_model(NAME, num_classes=3)), str(tmp_path / "w.safetensors"))
    (tmp_path / "c.txt").write_text("cat\ndog\nbird\n")
    net = load_net(f"timm:{NAME}:{tmp_path}/w.safetensors#classes={tmp_path}/c.txt")
    assert net.channels_of("output") == 3
    assert net.classes is not None
    assert net.classes.lookup("bird") == 2


def test_what_does_not_fit_is_listed(tmp_path: Path, module: torch.nn.Module) -> None:
    path = tmp_path / "w.safetensors"

    def refused(changed: dict[str, torch.Tensor], said: str) -> None:
        save_file(changed, str(path))
        with pytest.raises(NetworkError, match=said):
            load_net(f"timm:{NAME}:{path}")

    whole = state(module)
    first = next(iter(whole))
    refused({k: v for k, v in whole.items() if k != first}, rf'"{first}" is missing')
    refused({**whole, "extra": torch.zeros(1), "more": torch.zeros(1)}, '"extra", "more" are not part of it')
    refused({**whole, first: torch.zeros(2)}, rf'"{first}" is torch.float32 \(2,\), expected')
    refused({**whole, first: whole[first] * float("nan")}, rf'"{first}" holds NaN')
    refused({**whole, f"module.{first}": torch.zeros(1)}, "the same weight twice")


class Bomb:
    """Makes a folder when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_a_pickle_with_code_is_not_executed(tmp_path: Path, module: torch.nn.Module) -> None:
    path, mark = tmp_path / "w.pth", tmp_path / "boom"
    torch.save({**state(module), "fc.bias": Bomb(mark)}, path)
    with pytest.raises(NetworkError, match=r"is a pickle that runs code.*nothing was executed"):
        load_net(f"timm:{NAME}:{path}")
    with pytest.raises(NetworkError, match="SHA-256"):
        load_net(f"timm:{NAME}:{path}#sha256={'0' * 64}")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("timm:resnet81", 'did you mean "resnet18"'),
        ("timm:resnet18.a9_in1k", 'did you mean "resnet18.a'),
        ("hf:resnet18", "a repository is needed"),
        ("hf:../../x", "a repository is needed"),
    ],
)
def test_names_that_are_none(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_net(name)


@pytest.mark.parametrize("other", [False, True])
def test_a_repository_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: torch.nn.Module, other: bool
) -> None:
    pytest.importorskip("huggingface_hub")
    config = {
        "architecture": NAME,
        "num_classes": 1000,
        "pretrained_cfg": {"mean": [0.1] * 3, "std": [0.2] * 3},
    }
    config["pretrained_cfg"] |= {"input_size": [3, 96, 96], "fixed_input_size": True}
    config = {"architectures": ["BertModel"]} if other else config
    files = {"config.json": json.dumps(config).encode(), "model.safetensors": save(state(module))}
    with serving({f"/own/net/resolve/main/{n}": d for n, d in files.items()}) as (address, asked):
        for name, value in {
            "ENDPOINT": address,
            "HUGGINGFACE_CO_URL_TEMPLATE": address + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_CACHE": str(tmp_path),
            "HF_HUB_DISABLE_XET": True,
        }.items():
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
        if other:
            with pytest.raises(NetworkError, match=r"no architecture of timm .*BertModel.*py:"):
                load_net("hf:own/net")
            return
        net = load_net("hf:own/net")
        count = len(asked)
        assert load_net("hf:own/net", offline=True).weights_sha256 == net.weights_sha256
        assert len(asked) == count
    assert (net.mean, net.std, net.input_size) == ((0.1,) * 3, (0.2,) * 3, (96, 96))
    x = torch.rand(1, 3, 96, 96)
    assert torch.equal(net.forward(x, "output")["output"], module((x - 0.1) / 0.2))


def test_random_weights_come_from_a_seed_and_need_no_download(module: torch.nn.Module) -> None:
    with collect_warnings() as said:
        net = load_net(f"timm:{NAME}#weights=random", offline=True)
    assert [text for text in said if "random (seed 0): it has learnt nothing" in text]
    for name, value in net.module.state_dict().items():
        assert torch.equal(value, module.state_dict()[name])
    assert net.mean == tuple(module.pretrained_cfg["mean"])
    assert net.weights_sha256 != load_net(f"timm:{NAME}#weights=random:1").weights_sha256
