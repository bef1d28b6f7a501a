"""Every picture of a folder is answered for, and a defect is told from a refusal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

import pillow_pictures
from support.bad_inputs import corpus
from support.pictures import PHOTO


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pillow_pictures.py", str(folder), *words])
    return pillow_pictures.main()


def test_pictures_are_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "below").mkdir()
    Image.fromarray(PHOTO).save(tmp_path / "below" / "good.tif")
    Image.fromarray(PHOTO[:9, :9]).save(tmp_path / "small.png")
    corpus.signed_tiff(tmp_path)
    assert run(tmp_path, monkeypatch) == 0
    assert capsys.readouterr().out == "1 read, 2 refused, 0 slow, 0 defect\n"
    assert run(tmp_path, monkeypatch, "--any-size", "--refusals") == 0
    out = capsys.readouterr().out.splitlines()
    assert "signed whole numbers" in out[0]
    assert out[1:] == ["2 read, 1 refused, 0 slow, 0 defect"]


def test_what_is_raised_otherwise_is_a_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: Path, **how: int) -> None:
        raise KeyError("a tag")

    Image.fromarray(PHOTO).save(tmp_path / "good.png")
    monkeypatch.setattr(pillow_pictures, "load_picture", broken)
    assert run(tmp_path, monkeypatch) == 1
    assert "defect: good.png: KeyError: 'a tag'" in capsys.readouterr().out


def test_an_empty_folder_is_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path, monkeypatch) == 1
