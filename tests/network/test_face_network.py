"""The network of faces: dlib's file read, computed as NumPy does, damaged, and dreamt with."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from reverie.errors import NetworkError, ReverieError
from reverie.network.face_network import SHA256, load_faces, packaged_file
from reverie.network.zoo import load_net
from support import dlib
from support.caffe import mutated


def written(folder: Path, data: bytes) -> str:
    (folder / "net.dat").write_bytes(data)
    return f"faces:{folder / 'net.dat'}"


@pytest.mark.parametrize("size", [(75, 90), (64, 64), (97, 71)])
def test_it_computes_what_numpy_does(tmp_path: Path, size: tuple[int, int]) -> None:
    layers = dlib.network()
    net = load_net(written(tmp_path, dlib.file_bytes(layers)))
    x = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))
    names = ["block1a", "block1b", "block2a", "block2b", "descriptor"]
    found, expected = net.forward(x, names), dlib.run(layers, x[0].numpy())
    for name, theirs in zip(names, expected.values(), strict=True):
        mine = found[name][0].numpy()
        assert mine.shape == theirs.shape
        assert np.abs(mine - theirs).max() < 1e-5 * np.abs(theirs).max(), name
    assert (net.name, net.input_size) == ("faces:net.dat", None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: b"", "cut short"),
        (lambda d: b"hello, this is no network", "a number that is none"),
        (lambda d: d.replace(b"loss_metric_2", b"lost_metric_2"), "with a loss at its end"),
        (lambda d: d.replace(b"input_rgb_image_sized", b"input_rgb_image_sizes"), "of one size"),
        (lambda d: d.replace(b"max_pool_2", b"max_fool_2"), '"max_fool_2", which is not known'),
        (lambda d: d.replace(b"relu_", b"ruin_", 1), '"ruin_", which is not known'),
        (lambda d: d[:-7], "cut short|a number that is none"),
        (lambda d: d + d[-40:], "a layer of the kind|a number that is none|a name that is too long"),
    ],
)
def test_what_is_no_network_of_faces(tmp_path: Path, change, said: str) -> None:
    with pytest.raises(NetworkError, match=said) as caught:
        load_net(written(tmp_path, change(dlib.file_bytes(dlib.network()))))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 5


def test_layers_of_another_network(tmp_path: Path) -> None:
    def refused(layers: list[dlib.Layer], said: str) -> None:
        with pytest.raises(NetworkError, match=said):
            load_net(written(tmp_path, dlib.file_bytes(layers)))

    layers = dlib.network()
    refused(layers[:4] + layers[5:], "another order")
    refused(layers[:-1], "another order")
    layers[4].numbers[3:5] = [2, 2]
    refused(layers, "other strides")
    layers = dlib.network()
    layers[4].blobs[0] = layers[4].blobs[0][:, :3]
    refused(layers, "another shape")
    layers = dlib.network()
    layers[0].numbers[5] = 9
    refused(layers, "a margin out of its range")
    layers = dlib.network()
    layers[-1].blobs[0][0, 0] = np.nan
    net = load_net(written(tmp_path, dlib.file_bytes(layers)))
    with pytest.raises(NetworkError, match=r'"descriptor.weight" holds NaN'):
        net.check_weights()


def test_the_hash_is_checked_first(tmp_path: Path) -> None:
    data = dlib.file_bytes(dlib.network())
    name = written(tmp_path, data)
    assert load_net(f"{name}#sha256={hashlib.sha256(data).hexdigest()}").channels == 3
    with pytest.raises(NetworkError, match=r"SHA-256 is .* expected 0000"):
        load_net(f"{name}#sha256={'0' * 64}")


@pytest.mark.slow
def test_five_hundred_damaged_files(tmp_path: Path) -> None:
    data = dlib.file_bytes(dlib.network((4,)))
    alive = 0
    for seed in range(500):
        (tmp_path / "net.dat").write_bytes(mutated(data, seed))
        with suppress(ReverieError):
            load_faces(tmp_path / "net.dat")
            alive += 1
    assert 0 < alive < 500


def test_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.network.face_network.PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(NetworkError, match=r'pip install "reverie\[face-network\]"'):
        load_net("faces")


@pytest.mark.slow
def test_the_package_s_own(tmp_path: Path) -> None:
    """Photographs of faces are nearer to each other than to what is none, in what it says of them."""
    path = packaged_file()
    assert path is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    net = load_net("faces")
    patches = skimage.data.lfw_subset()  # a hundred faces, then a hundred others; grey, 25 x 25
    shown = torch.from_numpy(patches[np.r_[0:12, 100:112]]).float()[:, None].repeat(1, 3, 1, 1)
    shown = torch.nn.functional.interpolate(shown, (150, 150), mode="bicubic").clamp(0, 1)
    with torch.no_grad():
        told = net.forward(shown, "descriptor")["descriptor"]
    assert told.shape == (24, 128)
    middle = told[:12].mean(0)
    away = (told - middle).norm(dim=1)
    assert away[:12].mean() < 0.8 * away[12:].mean()


def test_another_file_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.dat").write_bytes(dlib.file_bytes(dlib.network()))
    monkeypatch.setattr("reverie.network.face_network.packaged_file", lambda: tmp_path / "net.dat")
    with pytest.raises(NetworkError, match=f"expected {SHA256}"):
        load_net("faces")
