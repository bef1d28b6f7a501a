"""Weights from the net: once, checked, and not where that is forbidden."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import pytest
import torch

from reverie.errors import NetworkError
from reverie.network.downloads import NeedsExtraError, fetch, fetch_from_hub
from support.web import serving

DATA = pickle.dumps({"not": "weights"})
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


def test_a_file_is_downloaded_once_and_its_name_says_its_hash(cache: Path) -> None:
    name = f"net-{DIGEST[:8]}.pth"
    with serving({f"/w/{name}": DATA}) as (address, asked):
        with pytest.raises(NetworkError, match=f"needs a download of {name}, which --offline forbids"):
            fetch(f"{address}/w/{name}", "timm:x", offline=True)
        assert not asked
        for offline in (False, False, True):
            assert fetch(f"{address}/w/{name}", "timm:x", offline=offline) == (cache / name, DIGEST)
        assert asked == [f"GET /w/{name}"]
    (cache / name).write_bytes(DATA + b"!")
    with pytest.raises(NetworkError, match=rf"expected {DIGEST[:8]}….*delete it"):
        fetch(f"{address}/w/{name}", "timm:x", offline=True)


@pytest.mark.parametrize("name", ["net-00000000.pth", "absent-12345678.pth"])
def test_a_download_that_fails_leaves_nothing(cache: Path, name: str) -> None:
    with (
        serving({"/net-00000000.pth": DATA}) as (address, _),
        pytest.raises(NetworkError, match="could not be downloaded"),
    ):
        fetch(f"{address}/{name}", "timm:x", offline=False)
    assert not list(cache.glob("*"))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(NeedsExtraError, match=r'huggingface_hub.*pip install "reverie\[nets\]"') as caught:
        fetch_from_hub("a/b", ("config.json",), "hf:a/b", offline=False)
    assert caught.value.exit_code == 2


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return tmp_path / "hf"


def test_the_hub(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"/a/b/resolve/main/model.safetensors": DATA, "/a/b/resolve/main/config.json": b"{}"}
    with serving(files) as (address, asked):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        with pytest.raises(
            NetworkError, match=r"needs a download of model.safetensors of a/b, which --offline"
        ):
            fetch_from_hub("a/b", ("model.safetensors",), "hf:a/b", offline=True)
        assert not asked
        path, digest = fetch_from_hub("a/b", ("absent.bin", "model.safetensors"), "hf:a/b", offline=False)
        assert (path.read_bytes(), digest) == (DATA, DIGEST)
        with pytest.raises(NetworkError, match=r"a/b has none of absent.bin"):
            fetch_from_hub("a/b", ("absent.bin",), "hf:a/b", offline=False)
        count = len(asked)
        for offline in (True, False):
            monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", not offline)
            again, _ = fetch_from_hub("a/b", ("model.safetensors",), "hf:a/b", offline=offline)
            assert os.path.samefile(again, path)
        assert len(asked) == count
