"""What no network may do, whatever door it comes in by: run code from a pickle, hide what is not finite."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reverie.errors import NetworkError, ReverieError
from reverie.network import timm as of_timm
from reverie.network import torchvision as of_torchvision
from reverie.network.named import config_file
from reverie.network.zoo import load_net
from support import caffe
from support.torchvision_stub import importable


class Bomb:
    """Makes a folder when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.mark),)


def saved(bomb: Bomb, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": bomb, "other": torch.zeros(2)}, buffer, **options)
    return buffer.getvalue()


def exported(bomb: Bomb) -> bytes:
    """An archive as torch.export's, whose weights are a pickle with code in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/version", "0")
        archive.writestr("archive/models/model.json", "{}")
        archive.writestr("archive/data/weights/model.pt", saved(bomb))
        archive.writestr("archive/data/sample_inputs/model.pt", saved(bomb))
    return buffer.getvalue()


PAYLOADS: dict[str, Callable[[Bomb], bytes]] = {
    "pickle": pickle.dumps,
    "old pickle": lambda bomb: pickle.dumps({"weight": bomb}, protocol=2),
    "torch.save": saved,
    "torch.save before 1.6": lambda bomb: saved(bomb, _use_new_zipfile_serialization=False),
    "torch.export": exported,
}
DOORS = (
    "lite0:{file}",
    "timm:test_resnet:{file}",
    "torchvision:squeezenet1_1:{file}",
    "timm:test_resnet.r160_in1k",
    "torchvision:squeezenet1_1",
    "hf:timm/test_resnet.r160_in1k",
    "caffe:{file}",
    "caffe:{folder}/net.caffemodel#prototxt={file}",
    "onnx:{file}",
    "torch:{file}",
    "faces:{file}",
    "lite0#classes={file}",
    "mine",
)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("door", DOORS)
def test_no_pickle_runs_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str, payload: str
) -> None:
    importable()
    mark, file = tmp_path / "boom", tmp_path / "w.pth"
    file.write_bytes(PAYLOADS[payload](Bomb(mark)))
    (tmp_path / "net.caffemodel").write_bytes(caffe.model_bytes(caffe.alexnet(1 / 32)))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(f'mine = "timm:test_resnet:{file}"\n')
    (tmp_path / "config.json").write_text('{"architecture": "test_resnet"}')

    def downloaded(place: str, files: Any = (), *_: Any, **__: Any) -> tuple[Path, None]:
        return tmp_path / "config.json" if "config.json" in files else file, None

    for module in (of_timm, of_torchvision):
        monkeypatch.setattr(module, "fetch", downloaded)
    monkeypatch.setattr(of_timm, "fetch_from_hub", downloaded)
    with pytest.raises(ReverieError) as caught:
        load_net(door.format(file=file, folder=tmp_path))
    assert caught.value.exit_code in (2, 3, 5)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


def test_the_bomb_would_go_off(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "boom")))
    assert (tmp_path / "boom").exists()


@pytest.mark.parametrize("kind", ["caffe", "onnx", "py"])
def test_what_is_not_finite_is_named(tmp_path: Path, kind: str) -> None:
    importable()
    weight = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype("f")
    weight[1, 1, 1, 1] = np.nan
    if kind == "caffe":
        make = caffe.Maker()
        make.conv("conv", "data", 4, 3)
        make.layers[0].blobs[0] = weight
        (tmp_path / "w").write_bytes(caffe.model_bytes(make.layers))
        name = f"caffe:{tmp_path}/w"
    elif kind == "onnx":
        onnx = pytest.importorskip("onnx")
        node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], "conv")
        shapes = {"x": [1, 3, 8, 8], "y": [1, 4, 6, 6]}
        ends = [
            onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, s) for end, s in shapes.items()
        ]
        weights = [onnx.numpy_helper.from_array(weight, "w")]
        graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], weights)
        opset = [onnx.helper.make_opsetid("", 17)]
        onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), tmp_path / "w")
        name = f"onnx:{tmp_path}/w"
    else:
        code = "import torch\n\ndef make():\n    net = torch.nn.Conv2d(3, 4, 3)\n"
        code += "    net.weight.data[1, 1, 1, 1] = float('nan')\n    return net\n"
        (tmp_path / "w.py").write_text(code)
        name = f"py:{tmp_path}/w.py:make"
    with pytest.raises(NetworkError, match=r'weight ".*weight" holds NaN') as caught:
        load_net(name).check_weights()
    assert caught.value.exit_code == 5


def small() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3))


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: torch.save(small().state_dict(), path), r"name its architecture.*timm:resnet50:n\.pt2"),
        (lambda path: torch.save(small(), path), "a pickle of torch.save"),
        (lambda path: torch.jit.save(torch.jit.script(small()), path), "a TorchScript program"),
    ],
)
def test_other_files_of_torch_are_told_by_their_kind(
    tmp_path: Path, write: Callable[[str], None], said: str, trust: bool
) -> None:
    write(str(tmp_path / "n.pt2"))
    with pytest.raises(NetworkError, match=said):
        load_net(f"torch:{tmp_path}/n.pt2", trust=trust)
