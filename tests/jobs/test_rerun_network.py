"""The files of a network, of every kind, when a result is made again: found, or said to be missing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reverie.errors import NetworkError
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.output import Output, Written
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.rerun import RerunJob
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture, load_picture
from reverie.network.named import config_file
from reverie.recipe.presets.preset import preset
from support import caffe, dlib
from support.torchvision_stub import importable


def of_caffe(folder: Path) -> tuple[str, str]:
    make = caffe.Maker()
    make.conv("conv", "data", 4, 3)
    (folder / "w.caffemodel").write_bytes(caffe.model_bytes(make.layers))
    (folder / "d.prototxt").write_text(caffe.text_of(make.layers, (3, 32, 32)))
    return f"caffe:{folder}/w.caffemodel#prototxt={folder}/d.prototxt", "conv"


def of_dlib(folder: Path) -> tuple[str, str]:
    (folder / "w.dat").write_bytes(dlib.file_bytes(dlib.network((4,))))
    return f"faces:{folder}/w.dat", "block1a"


def of_code(folder: Path) -> tuple[str, str]:
    code = "import torch\n\ndef make():\n    torch.manual_seed(0)\n    return torch.nn.Conv2d(3, 4, 3)\n"
    (folder / "w.py").write_text(code)
    return f"py:{folder}/w.py:make", "output"


def of_timm(folder: Path) -> tuple[str, str]:
    importable()
    import timm

    torch.manual_seed(0)
    state = timm.create_model("test_resnet").state_dict()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, str(folder / "w.safetensors"))
    return f"timm:test_resnet:{folder}/w.safetensors", "layer2"


def of_export(folder: Path) -> tuple[str, str]:
    torch.manual_seed(0)
    program = torch.export.export(torch.nn.Conv2d(3, 4, 3), (torch.rand(1, 3, 32, 32),))
    torch.export.save(program, folder / "w.pt2")
    return f"torch:{folder}/w.pt2", "output"


def of_onnx(folder: Path) -> tuple[str, str]:
    import onnx

    importable()
    weight = onnx.numpy_helper.from_array(np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype("f"), "w")
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], "conv")
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, channels, "h", "v"])
        for name, channels in (("x", 3), ("y", 4))
    ]
    graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], [weight])
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), folder / "w.onnx")
    return f"onnx:{folder}/w.onnx", "output"


KINDS = (of_caffe, of_dlib, of_code, of_timm, of_export, of_onnx)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in; the user's settings lie below it, and so do the networks' files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    Picture(np.random.default_rng(0).random((48, 64, 3), np.float32)).save("me.png")
    return tmp_path


def dreamt(make: Callable[[Path], tuple[str, str]]) -> str:
    """The network's name, after it has dreamt ``d.png``."""
    network, layer = make(Path("nets").resolve())
    recipe = preset("classic", objective=[f'"{layer}"'], steps=[1], octaves=1, network=network)
    DreamJob(recipe=recipe, photo="me.png", output=Output(path="d.png")).run(workspace=Workspace(trust=True))
    return network


def again() -> bytes:
    RerunJob(result="d.png", output=Written(path="e.png", overwrite=True)).run(
        workspace=Workspace(trust=True)
    )
    return Path("e.png").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
def test_files_of_every_kind_are_found(here: Path, make: Callable[[Path], tuple[str, str]]) -> None:
    dreamt(make)
    noted = of_picture("d.png").network.files
    files = sorted(Path("nets").glob("[wd].*"))
    assert sorted(file.name for file in noted) == sorted(file.name for file in files)
    for file in files:
        digest = next(note.sha256 for note in noted if note.name == file.name)
        assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(
        NetworkError, match=rf"weights [wd]\.\w+: not found beside .*SHA-256 {noted[0].sha256}"
    ):
        again()
    for file in files:
        shutil.copy(file, here)
    assert again() == Path("d.png").read_bytes()


def test_another_file_of_that_name(here: Path) -> None:
    dreamt(of_caffe)
    (here / "w.caffemodel").write_bytes(Path("nets/w.caffemodel").read_bytes() + b"\0")
    digest = hashlib.sha256(Path("w.caffemodel").read_bytes()).hexdigest()
    with pytest.raises(
        NetworkError, match=f"not the file d.png was made from: SHA-256 is {digest}"
    ) as caught:
        again()
    assert caught.value.exit_code == 5


def test_they_are_found_where_the_user_named_them(here: Path) -> None:
    network = dreamt(of_caffe)
    config_file().parent.mkdir(parents=True)
    config_file().write_text(f'other = "lite0"\n[mine]\nnetwork = "{network}"\n')
    (here / "w.caffemodel").write_bytes(b"another")  # passed over
    assert again() == Path("d.png").read_bytes()


def test_a_result_of_an_older_version(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("reverie.jobs.open_recipe.files_of", lambda network: ())
        dreamt(of_caffe)
    assert of_picture("d.png").network.files == ()
    with pytest.raises(NetworkError, match=r"weights w\.caffemodel: not found beside the result"):
        again()
    for file in Path("nets").iterdir():
        shutil.copy(file, here)
    again()
    assert np.array_equal(load_picture("e.png").pixels, load_picture("d.png").pixels)
