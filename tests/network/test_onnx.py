"""Networks in ONNX files compute what NumPy does, and say why they cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reverie.errors import NetworkError, UsageError
from reverie.network.downloads import NeedsExtraError
from reverie.network.zoo import load_net
from support.torchvision_stub import importable


@pytest.fixture
def onnx() -> Any:
    importable()
    pytest.importorskip("onnx2torch")
    return pytest.importorskip("onnx")


def model(onnx: Any, sides: list[Any], *, last: bool = False, constant: bool = False) -> Any:
    """Two convolutions and a mean; with its channels last, or its weights in nodes of their own."""
    make, rng = onnx.helper, np.random.default_rng(0)
    weights = {
        "w1": rng.normal(size=(4, 3, 3, 3)),
        "w2": rng.normal(size=(5, 4, 1, 1)),
        "b2": rng.normal(size=5),
    }
    tensors = [onnx.numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()]
    nodes = [make.make_node("Constant", [], [t.name], value=t) for t in tensors] if constant else []
    begin = "t" if last else "x"
    if last:
        nodes.append(make.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]))
    nodes += [
        make.make_node("Conv", [begin, "w1"], ["a"], name="/features/first/Conv", pads=[1, 1, 1, 1]),
        make.make_node("Relu", ["a"], ["r"], name="/features/relu"),
        make.make_node("Conv", ["r", "w2", "b2"], ["c"], name="second"),
        make.make_node("GlobalAveragePool", ["c"], ["g"], name="pool"),
        make.make_node("Flatten", ["g"], ["y"], name="flat"),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = make.make_graph(
        nodes,
        "net",
        [make.make_tensor_value_info("x", kind, sides)],
        [make.make_tensor_value_info("y", kind, [None, 5])],
        [] if constant else tensors,
    )
    made = make.make_model(graph, opset_imports=[make.make_opsetid("", 13)])
    made.ir_version = 8
    return made


def expected(picture: np.ndarray) -> np.ndarray:
    """The twin's answer to a picture (3, H, W)."""
    rng = np.random.default_rng(0)
    w1, w2, b2 = rng.normal(size=(4, 3, 3, 3)), rng.normal(size=(5, 4, 1, 1)), rng.normal(size=5)
    x = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    a = np.einsum("oiyx,ihwyx->ohw", w1, windows).clip(0)
    return (np.einsum("oi,ihw->ohw", w2[:, :, 0, 0], a) + b2[:, None, None]).mean((1, 2))


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(
    ("sides", "last", "size"),
    [([1, 3, 24, 20], False, (24, 20)), (["n", 3, "h", "w"], False, None), ([1, 24, 20, 3], True, (24, 20))],
)
def test_a_file(tmp_path: Path, onnx: Any, constant: bool, sides: list[Any], last: bool, size: Any) -> None:
    onnx.save(model(onnx, sides, last=last, constant=constant), tmp_path / "net.onnx")
    net = load_net(f"onnx:{tmp_path}/net.onnx#mean=0.25&std=0.5")
    assert (net.input_size, net.channels, net.name) == (size, 3, "onnx:net.onnx")
    x = torch.rand(1, 3, 24, 20, requires_grad=True)
    names = [name for name in net.layers if "Conv" in name or name.endswith("second")]
    assert len(names) == 2
    found = net.forward(x, [*names, "output"])
    theirs = expected(((x[0].detach().numpy() - 0.25) / 0.5).astype(np.float64))
    np.testing.assert_allclose(found["output"][0].detach(), theirs, rtol=1e-4, atol=1e-5)
    found[names[0]].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_weights_beside_it(tmp_path: Path, onnx: Any) -> None:
    made = model(onnx, [1, 3, 24, 20])
    onnx.save(made, tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    x = torch.rand(1, 3, 24, 20)
    found = load_net(f"onnx:{tmp_path}/net.onnx").forward(x, "output")["output"]
    np.testing.assert_allclose(found[0], expected(x[0].double().numpy()), rtol=1e-4, atol=1e-5)
    (tmp_path / "net.data").unlink()
    with pytest.raises(NetworkError, match=r'"net.data", which has to lie beside it'):
        load_net(f"onnx:{tmp_path}/net.onnx")


@pytest.mark.parametrize("place", ["../secret", "/etc/passwd", "", "sub/net.data", "link"])
def test_weights_elsewhere_are_never_opened(tmp_path: Path, onnx: Any, place: str) -> None:
    made = model(onnx, [1, 3, 24, 20])
    for tensor in made.graph.initializer:
        onnx.external_data_helper.set_external_data(tensor, place, 0, tensor.ByteSize())
        tensor.ClearField("raw_data")
    (tmp_path / "net").mkdir()
    (tmp_path / "secret").write_bytes(b"\0" * 4000)
    (tmp_path / "net" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "net" / "net.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(NetworkError, match="has to lie beside it"):
        load_net(f"onnx:{tmp_path}/net/net.onnx")


def test_what_is_no_network(tmp_path: Path, onnx: Any) -> None:
    path = tmp_path / "net.onnx"
    unknown = model(onnx, [1, 3, 24, 20])
    unknown.graph.node[1].op_type = "NonMaxSuppressionOfMine"
    two = model(onnx, [1, 3, 24, 20])
    two.graph.input.append(onnx.helper.make_tensor_value_info("second", 1, [1]))
    whole = model(onnx, [1, 3, 24, 20]).SerializeToString()
    for data, said in (
        (b"hello, a text", "no ONNX file"),
        (b"", "takes 0 inputs"),
        (whole[: len(whole) // 2], "no ONNX file|takes 0 inputs|cannot be converted"),
        (unknown.SerializeToString(), "cannot be converted to torch .*NonMaxSuppressionOfMine.*py:"),
        (two.SerializeToString(), r"takes 2 inputs \(x, second\)"),
        (model(onnx, [1, 3]).SerializeToString(), "a tensor of 2 sides"),
    ):
        path.write_bytes(data)
        with pytest.raises(NetworkError, match=said) as caught:
            load_net(f"onnx:{path}")
        assert "\n" not in str(caught.value)
    with pytest.raises(NetworkError, match="SHA-256"):
        load_net(f"onnx:{path}#sha256={'0' * 64}")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(NeedsExtraError, match=r'pip install "reverie\[onnx\]"') as caught:
        load_net(f"onnx:{tmp_path}/net.onnx")
    assert isinstance(caught.value, UsageError)
    assert caught.value.exit_code == 2
