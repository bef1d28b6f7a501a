"""Programs of torch.export: their loader runs code, so it runs only where it may."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from reverie.errors import NetworkError, UsageError
from reverie.network.zoo import load_net


class Bomb:
    """Makes a folder when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def exported(path: Path, *, sizes: tuple[int, ...] = (1, 3, 32, 32), dynamic: bool = False) -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(sizes[1], 4, 3), nn.ReLU(), nn.Sequential(nn.Conv2d(4, 5, 3))).eval()
    side = torch.export.Dim("side", min=8, max=512)
    shapes = ({2: side, 3: torch.export.Dim("other", min=8, max=512)},) if dynamic else None
    torch.export.save(torch.export.export(module, (torch.rand(sizes),), dynamic_shapes=shapes), path)
    return module


@pytest.mark.slow
def test_a_program_dreams_where_it_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    module = exported(path)
    net = load_net(f"torch:{path}", trust=True)
    assert (net.input_size, net.channels, net.name) == ((32, 32), 3, "torch:net.pt2")
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    found = net.forward(x, ["0", "2.0", "output"])
    torch.testing.assert_close(found["0"], module[0](x))
    torch.testing.assert_close(found["output"], module(x))
    found["2.0"].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


@pytest.mark.slow
def test_a_program_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    module = exported(path, dynamic=True)
    net = load_net(f"torch:{path}", trust=True)
    assert net.input_size is None
    x = torch.rand(1, 3, 40, 50)
    torch.testing.assert_close(net.forward(x, ["output"])["output"], module(x))


@pytest.mark.parametrize(
    "member", ["archive/data/weights/w.pt", "data.pkl", "archive/data/constants/custom_obj_0"]
)
def test_an_archive_with_code_is_not_read_without_trust(tmp_path: Path, member: str) -> None:
    path, mark = tmp_path / "net.pt2", tmp_path / "boom"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, pickle.dumps(Bomb(mark)))
        archive.writestr("archive/version", "0")
    with pytest.raises(UsageError, match=r"can run code.*was not read.*--trust") as caught:
        load_net(f"torch:{path}")
    assert caught.value.exit_code == 2
    assert not mark.exists()


def test_a_hash_is_checked_before_anything_runs(tmp_path: Path) -> None:
    path, mark = tmp_path / "net.pt2", tmp_path / "boom"
    buffer = io.BytesIO()
    torch.save({"w": Bomb(mark)}, buffer)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(NetworkError, match="SHA-256"):
        load_net(f"torch:{path}#sha256={'0' * 64}", trust=True)
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x05\x06" + b"\0" * 18])
def test_damaged_archives(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "net.pt2"
    path.write_bytes(data)
    with pytest.raises(NetworkError, match="cannot be loaded") as caught:
        load_net(f"torch:{path}", trust=True)
    assert "\n" not in str(caught.value)
