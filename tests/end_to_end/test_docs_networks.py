"""Every command of the page about networks is run, in its order, on files of the names that it says."""

from __future__ import annotations

import re
import shlex
import shutil
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reverie.cli.main import run
from reverie.media.picture import Picture
from reverie.network import downloads
from reverie.network.named import config_file
from reverie.network.positional import Positional, PositionalPlan
from reverie.network.trained import PositionalFacts, pack
from reverie.network.zoo import networks
from support import caffe
from support.paths import ROOT
from support.torchvision_stub import importable

PAGE = (ROOT / "docs" / "networks.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (reverie .+)$", PAGE, re.MULTILINE)
NAMED = re.search(r"gives networks names:\n\n((?:    .+\n|\n)+)", PAGE)
#: What makes a dream short.
QUICK = ("--steps", "1", "--max-size", "96", "--overwrite")


def weights(kind: str, name: str, path: Path, **options: Any) -> Path:
    """Random weights of an architecture."""
    importable()
    torch.manual_seed(0)
    make = (
        import_module("timm").create_model
        if kind == "timm"
        else import_module("torchvision.models").get_model
    )
    state = {key: tensor.contiguous().clone() for key, tensor in make(name, **options).state_dict().items()}
    if path.suffix == ".safetensors":
        save_file(state, str(path))
    else:
        torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the page names."""
    here = tmp_path_factory.mktemp("networks")
    Picture(np.random.default_rng(0).random((64, 96, 3), np.float32)).save(here / "me.png")
    (here / "me.png").rename(here / "me.jpg")  # told by its bytes
    googlenet = caffe.googlenet(1 / 16)
    (here / "bvlc_googlenet.caffemodel").write_bytes(caffe.model_bytes(googlenet, trained=True))
    alexnet = caffe.alexnet(1 / 16)
    (here / "net.caffemodel").write_bytes(caffe.model_bytes(alexnet))
    (here / "deploy.prototxt").write_text(caffe.text_of(alexnet, (3, 227, 227)))
    (here / "names.txt").write_text("ginger cat\nblack cat\nno cat\n")
    weights("timm", "resnet18", here / "mine.safetensors", num_classes=3)
    plan = PositionalPlan(side=16, widths=(4, 6), classes=2)
    facts = PositionalFacts(classes=("apple", "pear"), side=16, widths=(4, 6), mean=0.5, std=0.25)
    (here / "fruit.safetensors").write_bytes(pack(facts, Positional(plan).state_dict()))
    onnx_file(here / "net.onnx")
    small = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2), torch.nn.ReLU()).eval()
    torch.export.save(torch.export.export(small, (torch.rand(1, 3, 64, 64),)), here / "net.pt2")
    shutil.copy(ROOT / "examples" / "network_in_a_file.py", here)
    own_weights(here / "network_in_a_file.py", here / "own.safetensors")
    return here


def own_weights(code: Path, path: Path) -> None:
    """Weights of the network that the file's function makes."""
    found = spec_from_file_location("own", code)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    network, _ = module.make()
    save_file(network.state_dict(), str(path))


def onnx_file(path: Path) -> None:
    """A convolution that takes pictures of any size."""
    import onnx
    from onnx import helper, numpy_helper

    weight = numpy_helper.from_array(np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype("f"), "w")
    kind, sides = onnx.TensorProto.FLOAT, ["n", 3, "h", "v"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], "conv")],
        "net",
        [helper.make_tensor_value_info("x", kind, sides)],
        [helper.make_tensor_value_info("y", kind, None)],
        [weight],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """To be in that folder, where what would be downloaded has been."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("TORCH_HOME", str(folder / "cache"))
    importable()

    def from_the_web(url: str, network: str, *, offline: bool) -> tuple[Path, str | None]:
        path = Path(torch.hub.get_dir(), "checkpoints", url.rsplit("/", 1)[1])
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            weights("torchvision", network.partition(":")[2], path)
        return path, None

    def from_the_hub(place: str, files: tuple[str, ...], network: str, **_: Any) -> tuple[Path, str | None]:
        name = place.partition("/")[2]
        if "config.json" in files:
            (folder / "config.json").write_text('{"architecture": "resnet18"}')
            return folder / "config.json", None
        path = folder / f"{name}.safetensors"
        return (path if path.exists() else weights("timm", name.partition(".")[0], path)), None

    for module in ("timm", "torchvision"):
        for name, stand_in in (("fetch", from_the_web), ("fetch_from_hub", from_the_hub)):
            if hasattr(import_module(f"reverie.network.{module}"), name):
                assert callable(getattr(downloads, name))
                monkeypatch.setattr(f"reverie.network.{module}.{name}", stand_in)
    return folder


def test_there_is_a_command_for_each_kind() -> None:
    from reverie.network.description import KINDS

    text = "\n".join(COMMANDS)
    assert all(re.search(rf"[ \"]{kind}[: ]", text) for kind in KINDS)
    assert len(COMMANDS) > 20


@pytest.mark.slow
def test_every_command_runs(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert NAMED is not None
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(
        re.sub(r"^    ", "", NAMED[1], flags=re.MULTILINE).replace("~/nets/", f"{here}/")
    )
    (config_file().parent / "synset_words.txt").write_text(
        "".join(f"n{place:08d} kind {place}\n" for place in range(1000))
    )
    for line in COMMANDS:
        words = shlex.split(line)[1:]
        prepare(here, words)
        code = run([*words, *shortened(words)])
        assert code == 0, f"{line}: {capfd.readouterr().err}"
        if words[0] == "rerun":
            assert Path("e.png").read_bytes() == Path("d.png").read_bytes()
        if "-o" in words:
            assert (here / words[words.index("-o") + 1]).stat().st_size > 1000


def shortened(words: list[str]) -> tuple[str, ...]:
    """What makes a command quick, and lets it write its picture over the last one."""
    if words[0] == "dream":
        return QUICK + (("--sites", "1") if "--class" in words else ())
    return ("--overwrite",) if "-o" in words else ()


def prepare(here: Path, words: list[str]) -> None:
    """One name stands for weights of two networks."""
    if any(word.startswith("torchvision:densenet121:") for word in words):
        weights("torchvision", "densenet121", here / "mine.pth")
    if any(word.startswith("lite0:") for word in words):
        packed = networks()[0].weights_file()
        assert packed is not None
        shutil.copy(packed, here / "mine.pth")
