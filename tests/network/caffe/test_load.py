"""Networks of Caffe: what is read computes what NumPy does, in both formats, and what is damaged is said."""

from __future__ import annotations

import hashlib
import resource
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from reverie.errors import NetworkError, ReverieError
from reverie.network.caffe.load import MEAN
from reverie.network.network import Network
from reverie.network.zoo import load_net
from support import caffe

SMALL = (3, 67, 59)


def written(
    folder: Path, layers: list[caffe.Layer], *, old: bool = False, packed: bool = True, shape=SMALL
) -> str:
    """The name of a network whose two files are in a folder."""
    (folder / "net.caffemodel").write_bytes(caffe.model_bytes(layers, old=old, packed=packed))
    (folder / "deploy.prototxt").write_text(caffe.text_of(layers, shape, old=old))
    return f"caffe:{folder / 'net.caffemodel'}#prototxt={folder / 'deploy.prototxt'}"


def picture(height: int, width: int, channels: int = 3) -> Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(1))


def in_caffe(x: Tensor) -> np.ndarray:
    """A picture as Caffe's networks take it: blue, green, red, 0 to 255, less its mean."""
    if x.shape[1] != 3:
        return 255 * x[0].numpy()
    return (255 * x[0].numpy() - np.array(MEAN)[:, None, None])[::-1]


def assert_same(
    net: Network, layers: list[caffe.Layer], x: Tensor, names: list[str], close: float = 1e-4
) -> None:
    """Each layer is what NumPy makes of it."""
    last = max(place for place, layer in enumerate(layers) if layer.name in names)
    found, expected = net.forward(x, names), caffe.run(layers[: last + 1], in_caffe(x))
    for name in names:
        theirs = expected[f"layer:{name}"]
        mine = found[name][0].numpy().reshape(theirs.shape)
        assert np.abs(mine - theirs).max() < close * np.abs(theirs).max(), name


@pytest.mark.parametrize(("old", "packed"), [(True, True), (False, True), (False, False)])
def test_googlenet(tmp_path: Path, old: bool, packed: bool) -> None:
    layers = caffe.googlenet(1 / 16)
    net = load_net(written(tmp_path, layers, old=old, packed=packed, shape=(3, 224, 224)))
    names = ["conv1/7x7_s2", "conv1/relu_7x7", "pool1/norm1", "inception_3a/output", "inception_4c/output"]
    assert_same(net, layers, picture(75, 90), names)
    assert_same(net, layers, picture(224, 224), ["loss3/classifier"])
    assert net.classes is not None
    assert net.classes.lookup("golden retriever") == 207
    assert "prob" not in net.layers  # output is what comes before it
    assert net.geometry("inception_3a/output") is not None


@pytest.mark.parametrize("old", [True, False])
def test_alexnet_has_groups_and_fully_connected_layers(tmp_path: Path, old: bool) -> None:
    layers = caffe.alexnet(1 / 16)
    net = load_net(written(tmp_path, layers, old=old, shape=(3, 227, 227)))
    assert_same(net, layers, picture(227, 227), ["conv2", "norm2", "relu5", "fc6", "fc8"])
    small = net.forward(picture(80, 96), ["fc8", "output"])  # averages stand in for maps of another size
    assert small["fc8"].shape == (1, 10)
    assert torch.equal(small["fc8"], small["output"])


def test_without_its_prototxt(tmp_path: Path) -> None:
    """As Caffe saves it, with data, labels and loss."""
    layers = caffe.googlenet(1 / 16)
    (tmp_path / "net.caffemodel").write_bytes(caffe.model_bytes(layers, trained=True))
    net = load_net(f"caffe:{tmp_path}/net.caffemodel")
    assert_same(net, layers, picture(96, 96), ["inception_4c/output"])
    assert net.channels_of("output") == 1000
    assert {"data", "loss", "aux/pool"}.isdisjoint(net.layers)
    assert not [name for name in net.layers if "split" in name]


@pytest.mark.parametrize("how", ["MAX", "AVE"])
@pytest.mark.parametrize(
    ("kernel", "stride", "pad"), [(3, 2, 0), (3, 2, 1), (2, 2, 0), (3, 3, 1), (5, 3, 2), (7, 1, 0)]
)
def test_pooling_rounds_up(tmp_path: Path, how: str, kernel: int, stride: int, pad: int) -> None:
    make = caffe.Maker()
    make.pool("pool", make.conv("conv", "data", 4, 3), kernel, stride, how, pad)
    net = load_net(written(tmp_path, make.layers))
    for size in ((32, 33), (34, 35), (31, 40)):
        assert_same(net, make.layers, picture(*size), ["pool"])


def test_a_window_larger_than_a_map_shrinks(tmp_path: Path) -> None:
    make = caffe.Maker()
    make.pool("pool", make.conv("conv", "data", 4, 3), 30, 1, "AVE")
    net = load_net(written(tmp_path, make.layers))
    found = net.forward(picture(12, 10), ["conv", "pool"])
    torch.testing.assert_close(found["pool"], found["conv"].mean((2, 3), keepdim=True))


def test_all_other_layers(tmp_path: Path) -> None:
    make = caffe.Maker()
    rng = make.rng
    a = make.conv("a", "data", 6, 3, dilation=2, pad=2)
    statistics = [rng.normal(0, 3, 6), rng.uniform(1, 4, 6), [2.0]]
    b = make.add("norm", "BatchNorm", a, blobs=statistics, batch_norm_param={"eps": 1e-3})
    b = make.add("scale", "Scale", b, b, blobs=[rng.normal(size=6), rng.normal(size=6)])
    b = make.add("leak", "ReLU", b, relu_param={"negative_slope": 0.1})
    c = make.conv("c", b, 6, 1)
    d = make.add("sum", "Eltwise", [b, c], eltwise_param={"operation": "SUM", "coeff": [0.5, -2.0]})
    d = make.add("power", "Power", d, power_param={"power": 2.0, "scale": 0.3, "shift": 0.1})
    d = make.add("local", "LRN", d, lrn_param={"local_size": 3, "alpha": 0.5, "beta": 0.6, "k": 2.0})
    make.add("global", "Pooling", d, pooling_param={"pool": "AVE", "global_pooling": True})
    net = load_net(written(tmp_path, make.layers))
    names = ["a", "norm", "scale", "leak", "sum", "power", "local", "global"]
    assert_same(net, make.layers, picture(24, 31), names)


def test_grey_pictures(tmp_path: Path) -> None:
    make = caffe.Maker(channels=1)
    make.inner("ip", make.pool("pool", make.conv("conv", "data", 4, 5), 2, 2), 10, 4 * 12 * 12)
    net = load_net(written(tmp_path, make.layers, shape=(1, 28, 28)))
    assert net.channels == 1
    assert_same(net, make.layers, picture(28, 28, 1), ["conv", "ip"])


def test_the_hash_is_checked_first(tmp_path: Path) -> None:
    name = written(tmp_path, caffe.alexnet(1 / 16), shape=(3, 227, 227))
    digest = hashlib.sha256((tmp_path / "net.caffemodel").read_bytes()).hexdigest()
    assert load_net(f"{name}&sha256={digest}").channels == 3
    with pytest.raises(NetworkError, match=f"SHA-256 is {digest}, expected 0000"):
        load_net(f"{name}&sha256={'0' * 64}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no layers"),
        (b"hello, this is a text", "no network of Caffe|cut short"),
        (b"\x80\x04\x95pickle", "no network of Caffe|cut short"),
        (b"PK\x03\x04" + b"\0" * 60, "no network of Caffe|cut short|no layers"),
        (caffe._bytes(2, caffe._bytes(1, b"v0")), "before 2013"),
        (caffe._bytes(100, caffe._bytes(7, caffe._bytes(7, b"\x0a\x01\x09"))), "shape .9. has 0 numbers"),
        (
            caffe._bytes(100, caffe._bytes(2, b"Python") + caffe._bytes(3, b"data") + caffe._bytes(4, b"x")),
            "type Python",
        ),
    ],
)
def test_what_is_no_network(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(data)
    with pytest.raises(NetworkError, match=said) as caught:
        load_net(f"caffe:{path}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no layers"),
        ("layer { name: 'a'", "ends too early"),
        ("layer { name: \"a\n }", "not closed"),
        ("layer " + "{ a " * 50, "too deep"),
        ("layer { x: " + "[" * 5000, "too deep"),
        ("layer 5", "a layer that is none"),
        ("input_dim: 1 input_dim: 99999999999 layer { }", "shape that cannot be"),
        ('layer { type: "LRN" lrn_param { local_size: "five" } }', "local_size is five"),
        ('layer { type: "Pooling" bottom: "data" top: "p" pooling_param { kernel_size: 9999 } }', "1 to 512"),
    ],
)  # fmt: skip
def test_texts_that_describe_none(tmp_path: Path, text: str, said: str) -> None:
    name = written(tmp_path, caffe.alexnet(1 / 16))
    (tmp_path / "deploy.prototxt").write_text(text)
    with pytest.raises(NetworkError, match=said) as caught:
        load_net(name)
    assert "\n" not in str(caught.value)


def test_another_networks_text(tmp_path: Path) -> None:
    name = written(tmp_path, caffe.alexnet(1 / 16))
    (tmp_path / "deploy.prototxt").write_text(caffe.text_of(caffe.googlenet(1 / 16), (3, 224, 224)))
    with pytest.raises(NetworkError, match=r"conv1/7x7_s2.*no weights"):
        load_net(name)


def survive(folder: Path, seeds: range) -> int:
    """How many of so many damaged files are networks that run; all others are errors of ours."""
    make = caffe.Maker()
    x = make.pool("pool1", make.norm("norm1", make.conv("conv1", "data", 6, 5, stride=2, relu="relu1")), 3, 2)
    make.inner("fc", make.conv("conv2", x, 8, 3, group=2, pad=1), 5, 8 * 15 * 15)
    model = [caffe.model_bytes(make.layers, old=old, trained=old) for old in (True, False)]
    text = [caffe.text_of(make.layers, (3, 64, 64), old=old).encode() for old in (True, False)]
    alive = 0
    for seed in seeds:
        old = seed % 2
        damaged = seed % 4 < 2
        path, described = folder / "net.caffemodel", folder / "deploy.prototxt"
        path.write_bytes(model[old] if damaged else caffe.mutated(model[old], seed))
        described.write_bytes(caffe.mutated(text[old], seed) if damaged else text[old])
        name = f"caffe:{path}" + (f"#prototxt={described}" if damaged or seed % 3 else "")
        with suppress(ReverieError):
            alive += bool(load_net(name).layers)
    return alive


@pytest.mark.slow
def test_damaged_files(tmp_path: Path) -> None:
    assert 0 < survive(tmp_path, range(60)) < 60


@pytest.mark.soak
def test_very_many_damaged_files(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 100 < survive(tmp_path, range(2000)) < 1900
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # KB
