"""Weights files of every kind that is none: one line, exit code 5, nothing run, and no memory taken."""

from __future__ import annotations

import io
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as safe

from reverie.errors import BadInput, NetworkError
from reverie.network.weights import WeightsFile, open_weights
from reverie.network.zoo import load_net, networks
from support.commands import environment

STEM = "_conv_stem.weight"
SHAPE = (32, 3, 3, 3)


@pytest.fixture(scope="module")
def good() -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(str(networks()[0].weights_file()), weights_only=True)
    return found


def refused(path: Path, *words: str) -> str:
    with pytest.raises(NetworkError) as caught:
        load_net(f"lite0:{path}")
    said = str(caught.value)
    assert path.name in said
    assert "\n" not in said
    assert len(said) < 1500
    for word in words:
        assert word in said
    return said


def quantised() -> torch.Tensor:
    return torch.quantize_per_tensor(torch.zeros(SHAPE), 0.1, 0, torch.qint8)


NO_WEIGHTS: dict[str, tuple[Callable[[], Any], str]] = {
    "sparse": (lambda: torch.zeros(SHAPE).to_sparse(), "sparse"),
    "csr": (lambda: torch.zeros(32, 27).to_sparse_csr(), "sparse"),
    "meta": (lambda: torch.zeros(SHAPE, device="meta"), "meta"),
    "quantised": (quantised, "quantised"),
    "complex": (lambda: torch.zeros(SHAPE, dtype=torch.complex64), "complex64"),
    "complex128": (lambda: torch.zeros(SHAPE, dtype=torch.complex128), "complex128"),
    "int8": (lambda: torch.zeros(SHAPE, dtype=torch.int8), "int8"),
    "int64": (lambda: torch.zeros(SHAPE, dtype=torch.int64), "int64"),
    "bool": (lambda: torch.zeros(SHAPE, dtype=torch.bool), "bool"),
    "uint16": (lambda: torch.zeros(SHAPE, dtype=torch.uint16), "uint16"),
    "float8": (lambda: torch.zeros(SHAPE).to(torch.float8_e4m3fn), "float8"),
    "nested": (lambda: {"inner": torch.zeros(3)}, "is a"),
    "number": (lambda: 3.5, "is a float"),
    "text": (lambda: "weights", "is a str"),
    "nothing": (lambda: None, "is a NoneType".lower()),
    "shape": (lambda: torch.zeros(3, 3, 32, 3), "(3, 3, 32, 3)"),
    "empty": (lambda: torch.zeros(0), "(0,)"),
    "many sides": (lambda: torch.zeros((1,) * 15), "many sides"),
    "spread": (lambda: torch.zeros(32, 3, 3, 300)[..., ::100], "spread"),
    "a view of all": (lambda: torch.zeros(1).expand(10**9), "(1000000000,)"),
}


@pytest.mark.parametrize("zipped", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["zip", "old"])
@pytest.mark.parametrize("kind", NO_WEIGHTS)
def test_a_tensor_of_another_kind_is_named(
    tmp_path: Path, good: dict[str, torch.Tensor], kind: str, zipped: bool
) -> None:
    make, says = NO_WEIGHTS[kind]
    path = tmp_path / "w.pth"
    torch.save({**good, STEM: make()}, path, _use_new_zipfile_serialization=zipped)
    refused(path, STEM if "is a" not in says or kind == "nested" else "", says)


GOOD: dict[str, Callable[[dict[str, torch.Tensor]], Any]] = {
    "as it is": lambda good: good,
    "in a checkpoint": lambda good: {"epoch": 3, "state_dict": good, "optimizer": {"steps": [torch.ones(9)]}},
    "parameters": lambda good: {k: torch.nn.Parameter(v, requires_grad=False) for k, v in good.items()},
    "channels last": lambda good: {**good, STEM: good[STEM].to(memory_format=torch.channels_last)},
    "expanded": lambda good: {**good, STEM: torch.zeros(1).expand(SHAPE)},
    "tied": lambda good: {**good, "_bn0.bias": good["_bn0.weight"]},
    "a part": lambda good: {**good, "_bn0.bias": torch.cat([torch.ones(7), good["_bn0.bias"]])[7:]},
    "float64": lambda good: {k: v.double() if v.is_floating_point() else v for k, v in good.items()},
    "half": lambda good: {**good, "_fc.bias": good["_fc.bias"].half()},
    "bfloat16": lambda good: {**good, "_fc.bias": good["_fc.bias"].bfloat16()},
}


@pytest.mark.parametrize("zipped", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["zip", "old"])
@pytest.mark.parametrize("kind", GOOD)
def test_every_way_to_save_weights_is_read_as_torch_reads_it(
    tmp_path: Path, good: dict[str, torch.Tensor], kind: str, zipped: bool
) -> None:
    path = tmp_path / "w.pth"
    torch.save(GOOD[kind](good), path, _use_new_zipfile_serialization=zipped)
    expected = torch.load(path, weights_only=True)
    expected = expected.get("state_dict", expected)
    found = dict(WeightsFile(io.BytesIO(path.read_bytes()), "w.pth"))
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor.data)


@pytest.mark.parametrize("kind", ["as it is", "tied", "a part"])
def test_safetensors_are_read_as_its_library_reads_them(good: dict[str, torch.Tensor], kind: str) -> None:
    state = {name: tensor.clone().contiguous() for name, tensor in GOOD[kind](good).items()}
    found = dict(WeightsFile(io.BytesIO(safe(state, {"made": "here"})), "w.safetensors"))
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_names_that_are_missing_and_strange_are_listed_and_cut(
    tmp_path: Path, good: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "w.pth"
    renamed = {f"module.{name}": tensor for name, tensor in good.items()}
    torch.save(renamed, path)
    refused(path, f'"{STEM}", ', "more are missing", f'"module.{STEM}", ', "more are not part of it")
    torch.save({**good, "x" * 100_000: torch.zeros(1)}, path)
    refused(path, "is not part of it")
    torch.save({}, path)
    refused(path, "are missing")


# -- bombs ------------------------------------------------------------------------------------------------


def archive(members: dict[str, bytes], *, how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in members.items():
            file.writestr(f"archive/{name}", data)
    return out.getvalue()


def packed(good: dict[str, torch.Tensor]) -> bytes:
    """All that torch saves, and zeros by the hundred million, packed small."""
    out = io.BytesIO()
    torch.save(good, out)
    with zipfile.ZipFile(out) as file:
        members = {name.split("/", 1)[1]: file.read(name) for name in file.namelist()}
    return archive({**members, "data/0": bytes(50_000_000)}, how=zipfile.ZIP_DEFLATED)


def overlapping() -> bytes:
    """A thousand members that are one."""
    data = bytearray(archive({"data.pkl": b"\x80\x02}.", "data/0": bytes(100_000)}))
    end = data.rfind(b"PK\5\6")
    directory = int.from_bytes(data[end + 16 : end + 20], "little")
    entry = data[data.rfind(b"PK\1\2") : end]
    entries = b"".join(bytes(entry).replace(b"data/0", b"dat%03x" % i) for i in range(1000))
    whole = data[: data.rfind(b"PK\1\2")] + entries
    return bytes(
        whole + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1001, 1001, len(whole) - directory, directory, 0)
    )


def calling(module: str, name: str, argument: bytes) -> bytes:
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"(" + argument + b"tR."


BOMBS: dict[str, tuple[Callable[[dict[str, torch.Tensor]], bytes], str]] = {
    "packed storages": (packed, "packed"),
    "one member a thousand times": (lambda good: overlapping(), "more than the file"),
    "bytearray": (
        lambda good: archive({"data.pkl": calling("__builtin__", "bytearray", b"J\xff\xff\xff\x7f")}),
        "not a table",
    ),
    "texts again and again": (
        lambda good: archive(
            {
                "data.pkl": b"\x80\x02c_codecs\nencode\nq\0X"
                + struct.pack("<I", 1_000_000)
                + b"a" * 1_000_000
                + b"\x85q\1"
                + b"h\0h\1R0" * 50_000
                + b"}."
            }
        ),
        "missing",
    ),
    "memo": (lambda good: archive({"data.pkl": b"\x80\x02}r\xff\xff\xff\x7f."}), "out of its range"),
    "bytes": (lambda good: b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b".", "w.pth"),
    "words": (lambda good: b"\x80\x02" + b"}0" * 500_000 + b"}.", "too many"),
    "nesting": (lambda good: b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".", "not weights"),
    "a large storage": (
        lambda good: (
            pickle.dumps(0x1950A86A20F9469CFC6C, 2)
            + pickle.dumps(1001, 2)
            + pickle.dumps({"little_endian": True}, 2)
            + b"\x80\x02}X\1\0\0\0actorch._utils\n_rebuild_tensor_v2\n"
            + b"((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpu"
            + b"\x8a\6\0\0\0\0\0\x01tQK\0K\1\x85K\1\x85\x89}tRs."
            + pickle.dumps(["0"], 2)
            + struct.pack("<q", 1 << 40)
        ),
        "cut short",
    ),
    "code in a checkpoint": (
        lambda good: archive({"data.pkl": calling("os", "system", b"X\4\0\0\0true")}),
        "os.system",
    ),
    "torchscript": (
        lambda good: archive({"data.pkl": b"\x80\x02}.", "constants.pkl": b"\x80\x02)."}),
        "TorchScript",
    ),
    "an array": (lambda good: b"\x93NUMPY\1\0" + bytes(100), "w.pth"),
    "nothing": (lambda good: b"", "not weights"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_are_refused_by_their_table(tmp_path: Path, good: dict[str, torch.Tensor], kind: str) -> None:
    make, says = BOMBS[kind]
    path = tmp_path / "w.pth"
    path.write_bytes(make(good))
    assert path.stat().st_size < 30_000_000
    refused(path, says)


def header(document: Any, data: bytes = b"", *, length: int | None = None) -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
LIES: dict[str, bytes] = {
    "no header": b"\2\0\0",
    "longer than the file": header({"a": ONE}, bytes(8), length=10**6),
    "longer than anything": header({"a": ONE}, bytes(8), length=2**63),
    "no JSON": header(b"{{", bytes(8)),
    "deep": header(b"[" * 100_000),
    "no table": header([ONE], bytes(8)),
    "not one": header({"a": 3}, bytes(8)),
    "overlap": header({"a": ONE, "b": ONE}, bytes(8)),
    "gap": header({"a": ONE, "b": {**ONE, "data_offsets": [16, 24]}}, bytes(24)),
    "more": header({"a": ONE}, bytes(9)),
    "less": header({"a": ONE}, bytes(7)),
    "backwards": header({"a": {**ONE, "data_offsets": [8, 0]}}, bytes(8)),
    "negative": header({"a": {**ONE, "data_offsets": [-8, 0]}}, bytes(8)),
    "shape": header({"a": {**ONE, "shape": [3]}}, bytes(8)),
    "huge shape": header({"a": {**ONE, "shape": [2**61, 2**61]}}, bytes(8)),
    "negative shape": header({"a": {**ONE, "shape": [-1, -2]}}, bytes(8)),
    "true": header({"a": {**ONE, "shape": [True, 2]}}, bytes(8)),
    "dtype": header({"a": {**ONE, "dtype": ["F32"]}}, bytes(8)),
    "twice": header(
        b'{"a":' + json.dumps(ONE).encode() + b',"a":' + json.dumps(ONE).encode() + b"}", bytes(8)
    ),
    "another network": header({"a": ONE}, bytes(8)),
    "no tensors": header({}),
}


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("kind", LIES)
def test_a_header_that_lies_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(LIES[kind])
    refused(path)


def test_a_file_many_times_longer_than_the_network_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.touch()
    os.truncate(path, 1 << 40)
    refused(path, "more than weights of this network take")


def no_file(kind: str, folder: Path) -> str:
    path = folder / "w.pth"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.fspath(path))
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to a pipe":
        os.mkfifo(folder / "pipe")
        path.symlink_to("pipe")
    else:
        return kind
    return os.fspath(path)


@pytest.mark.parametrize(
    "kind", ["pipe", "socket", "folder", "link to a pipe", "/dev/zero", "/dev/null", "/dev/stdin"]
)
def test_what_is_no_file_is_refused_unopened(tmp_path: Path, kind: str) -> None:
    path = no_file(kind, tmp_path)
    if kind == "/dev/stdin" and os.path.isfile(os.path.realpath(path)):
        pytest.skip("a file is on standard input")
    with pytest.raises(BadInput, match="cannot be read") as caught:
        load_net(f"lite0:{path}")
    assert isinstance(caught.value, NetworkError)
    assert caught.value.exit_code == 3


def test_damage_in_a_tensor_is_found_when_it_is_read(good: dict[str, torch.Tensor]) -> None:
    out = io.BytesIO()
    torch.save(good, out)
    data = bytearray(out.getvalue())
    place = WeightsFile(io.BytesIO(bytes(data)), "w.pth").notes[STEM].place
    data[place + 5] ^= 1
    with pytest.raises(NetworkError, match="check sum"):
        WeightsFile(io.BytesIO(bytes(data)), "w.pth")[STEM]


PEAK = """
import resource, sys, torch
import reverie.network.efficientnet_lite, reverie.network.network
from reverie.errors import NetworkError
from reverie.network.class_names import imagenet
from reverie.network.zoo import load_net
imagenet()
torch.ones(9).double().sqrt().isfinite().all()  # what torch loads when it is first used
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_net("lite0:" + sys.argv[1])
except NetworkError as error:
    print(error, file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["good", "double", "checkpoint", "packed", "expanded"])
def test_no_more_is_held_than_twice_the_network(
    tmp_path: Path, good: dict[str, torch.Tensor], kind: str
) -> None:
    """Of 18.6 MB of weights, whatever the file says."""
    path = tmp_path / "w.pth"
    made: dict[str, Callable[[], Any]] = {
        "good": lambda: good,
        "double": lambda: GOOD["float64"](good),
        "checkpoint": lambda: {"state_dict": good, "optimizer": [torch.ones(50_000_000)]},
        "expanded": lambda: {**good, "extra": torch.zeros(1).expand(10**10)},
    }
    if kind == "packed":
        path.write_bytes(packed(good))
    else:
        torch.save(made[kind](), path)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], env=environment(), capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 45_000, done.stderr  # kilobytes


def test_numbers_keep_the_order_in_which_they_are_stored(tmp_path: Path) -> None:
    """By it kernels are chosen, which round otherwise: a dream's bytes depend on it."""
    stored = {"a": torch.rand(3, 4, 5, 6).permute(3, 0, 2, 1), "b": torch.rand(4, 4).T, "c": torch.rand(7)}
    torch.save(stored, tmp_path / "w.pth")
    with open_weights(tmp_path / "w.pth", None, parameters=1000) as file:
        for name, tensor in stored.items():
            assert torch.equal(file[name], tensor)
            assert file[name].stride() == tensor.stride()
            assert file[name].data_ptr() % 64 == 0
