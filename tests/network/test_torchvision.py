"""Networks of torchvision: verified, never executed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reverie.errors import NetworkError
from reverie.network.zoo import load_net
from reverie.process.notices import collect_warnings
from support.torchvision_stub import importable

SHIM = """
import sys, torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from reverie.errors import NetworkError, UsageError
from reverie.network.zoo import load_net
def refusal(kind, name, **settings):
    try:
        load_net(name, **settings)
    except kind as error:
        return str(error)
    raise AssertionError(f"{name} was loaded")
"""


def run_with_shim(code: str, cache: Path) -> None:
    """Runs code where torchvision imports although its operators are built for another torch."""
    subprocess.run(
        [sys.executable, "-c", SHIM + code],
        check=True,
        timeout=120,
        env={**os.environ, "TORCH_HOME": str(cache)},
    )


@pytest.mark.slow
def test_torchvision_offline_and_unknown(tmp_path):
    run_with_shim(
        """
said = refusal(NetworkError, "torchvision:resnet18", offline=True)
assert "needs a download" in said and "--offline" in said, said
said = refusal(UsageError, "torchvision:resnet81", offline=True)
assert "resnet18" in said, said
""",
        tmp_path,
    )
    assert not list(tmp_path.rglob("*.pth"))


@pytest.mark.slow
def test_torchvision_from_the_cache(tmp_path):
    run_with_shim(
        """
import hashlib, pathlib, pickle, os
import torchvision.models as models
from reverie.network import downloads
class Bomb:
    def __reduce__(self):
        return os.mkdir, (os.environ["TORCH_HOME"] + "/boom",)
folder = pathlib.Path(torch.hub.get_dir(), "checkpoints")
folder.mkdir(parents=True)
weights = models.get_model_weights("squeezenet1_1").DEFAULT
path = folder / weights.url.rsplit("/", 1)[1]
path.write_bytes(pickle.dumps(Bomb()))
said = refusal(NetworkError, "torchvision:squeezenet1_1", offline=True)
assert "SHA-256" in said, said
# the published bytes cannot be had here, so random ones stand in, with a hash that fits
named = type("", (), {"hexdigest": lambda self: path.stem.rsplit("-", 1)[1]})
downloads.hashlib = type("", (), {"file_digest": staticmethod(lambda *_: named())})
said = refusal(NetworkError, "torchvision:squeezenet1_1", offline=True)
assert "nothing was executed" in said, said
assert not pathlib.Path(os.environ["TORCH_HOME"], "boom").exists()
torch.save(models.squeezenet1_1().state_dict(), path)
net = load_net("torchvision:squeezenet1_1", offline=True)
assert net.name == "torchvision:squeezenet1_1" and net.mean[0] == 0.485 and net.input_size is None
assert net.classes.lookup("golden retriever") == 207
x = torch.rand(1, 3, 64, 64, requires_grad=True)
net.forward(x, ["features.4"])["features.4"].square().mean().backward()
assert x.grad.abs().sum() > 0 and net.channels_of("features.4") == 128
""",
        tmp_path,
    )


def test_torchvision_missing_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "torchvision.models", raising=False)
    with pytest.raises(NetworkError, match=r'cannot be imported.*pip install "reverie\[nets\]"'):
        load_net("torchvision:resnet18")


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_state_of_ones_own(tmp_path: Path, prefix: str) -> None:
    importable()
    import torchvision.models

    torch.manual_seed(0)
    module = torchvision.models.get_model("squeezenet1_1").eval()
    state = {prefix + name: tensor for name, tensor in module.state_dict().items()}
    save_file(state, str(tmp_path / "w.safetensors"))
    net = load_net(f"torchvision:squeezenet1_1:{tmp_path}/w.safetensors")
    x = torch.rand(1, 3, 70, 64)
    assert torch.equal(net.forward(x, "output")["output"], module(net._normalised(x)))
    assert net.name == "torchvision:squeezenet1_1:w.safetensors"
    assert net.classes is not None
    assert net.classes.lookup("golden retriever") == 207


@pytest.mark.slow
@pytest.mark.parametrize("aside", [True, False])
def test_googlenet_with_and_without_what_only_training_needs(tmp_path: Path, aside: bool) -> None:
    importable()
    import torchvision.models

    torch.manual_seed(0)
    module = torchvision.models.get_model(
        "googlenet", aux_logits=aside, num_classes=7, init_weights=False
    ).eval()
    save_file(module.state_dict(), str(tmp_path / "w.safetensors"))
    net = load_net(f"torchvision:googlenet:{tmp_path}/w.safetensors")
    x = torch.rand(1, 3, 70, 64)
    assert torch.equal(net.forward(x, "output")["output"], module(net._normalised(x)))
    assert net.classes is None


def test_what_does_not_fit_is_listed(tmp_path: Path) -> None:
    importable()
    save_file(
        {"module.conv1.weight": torch.zeros(1), "more": torch.zeros(1)}, str(tmp_path / "w.safetensors")
    )
    with pytest.raises(NetworkError, match=r"are missing, and .*\"more\" (is|are) not part of it"):
        load_net(f"torchvision:resnet18:{tmp_path}/w.safetensors")


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet"])
def test_random_weights_come_from_a_seed_and_are_warned_of(name: str) -> None:
    importable()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    with collect_warnings() as said:
        net = load_net(f"torchvision:{name}#weights=random:7", offline=True)
    assert torch.equal(torch.rand(1), expected), "torch's own random numbers were taken"
    assert [text for text in said if "random (seed 7): it has learnt nothing" in text]
    assert net.name == f"torchvision:{name}"
    assert net.weights_sha256 == load_net(f"torchvision:{name}#weights=random:7").weights_sha256
    assert net.weights_sha256 != load_net(f"torchvision:{name}#weights=random").weights_sha256
    x = torch.rand(1, 3, 64, 64, requires_grad=True)
    net.forward(x, "output")["output"].square().sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
