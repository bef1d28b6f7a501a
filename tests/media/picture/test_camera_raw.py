from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from reverie.errors import BadInput
from reverie.media.picture import load_picture, read_provenance
from reverie.media.picture.detect_format import is_picture
from support.pictures import PHOTO, read
from support.tiffs import Tiff

SMALL = np.ascontiguousarray(PHOTO[::2, ::2])
SENSOR = np.ascontiguousarray(PHOTO[..., 0]).astype(np.uint16) << 4
BEGINNINGS = {
    "Fujifilm RAF": b"FUJIFILMCCD-RAW 0201FF129505",
    "Olympus ORF": b"IIRO\x08\0\0\0",
    "Olympus ORF 2": b"IIRS\x08\0\0\0",
    "Olympus ORF 3": b"MMOR\0\0\0\x08",
    "Panasonic RW2": b"IIU\0\x18\0\0\0",
    "Minolta MRW": b"\0MRM\0\1\2\3",
    "Sigma X3F": b"FOVb\0\0\2\0",
    "Canon CRW": b"II\x1a\0\0\0HEAPCCDR",
    "Canon CR2": b"II*\0\x10\0\0\0CR\2\0",
    "Canon CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    "Phase One IIQ": b"II*\0\x08\0\0\0IIIITwaR",
    "Phase One IIQ 2": b"MM\0*\0\0\0\x08MMMMRawT",
}


@pytest.mark.parametrize("kind", BEGINNINGS)
@pytest.mark.parametrize("name", ["a.raw", "a.tif", "a.jpg"])
def test_raws_are_told_from_their_first_bytes(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BEGINNINGS[kind] + bytes(400))
    with pytest.raises(BadInput, match=rf"a camera raw \({kind.rstrip(' 23')}[23]?\), .*export it as JPEG"):
        load_picture(path)
    assert not is_picture(str(path))


def raw(path: Path, make: str, sensor: dict[str, Any], preview: dict[str, Any] | None = None) -> Path:
    """A preview with a sensor's samples below it."""
    tags = [(271, 2, len(make) + 1, make, True)] if make else []
    preview = {"photometric": "rgb", "subfiletype": 1, **(preview or {})}
    tags += preview.pop("extratags", [])
    with tifffile.TiffWriter(path) as file:
        file.write(SMALL, subifds=1, metadata=None, extratags=tags, **preview)
        file.write(SENSOR, metadata=None, **{"subfiletype": 0, **sensor})
    return path


CFA = {"photometric": 32803, "extratags": [(33421, 3, 2, (2, 2), True), (33422, 1, 4, b"\0\1\1\2", True)]}
PLAIN = {"photometric": "minisblack"}
DNG = {"extratags": [(50706, 1, 4, b"\x01\x04\0\0", True)]}


@pytest.mark.parametrize("name", ["a.nef", "a.tif", "a.dng"])
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        ("NIKON CORPORATION", "Nikon NEF"), ("Canon", "Canon CR2"), ("SONY", "Sony ARW"),
        ("PENTAX Corporation", "Pentax PEF"), ("SAMSUNG", "Samsung SRW"), ("Hasselblad", "Hasselblad 3FR"),
        ("Phase One A/S", "Phase One IIQ"), ("Leaf", "Leaf MOS"), ("Mamiya-OP Co.,Ltd.", "Mamiya MEF"),
        ("EASTMAN KODAK COMPANY", "Kodak DCR"), ("SEIKO EPSON CORP.", "Epson ERF"),
        ("RICOH IMAGING COMPANY, LTD.", "Pentax PEF"), ("Somebody", ""), ("", ""),
    ],
)  # fmt: skip
def test_raws_are_told_from_their_directories(tmp_path: Path, name: str, make: str, kind: str) -> None:
    path = raw(tmp_path / name, make, CFA)
    says = rf"a camera raw \({kind}\), which" if kind else "a camera raw, which"
    for ask in (load_picture, read_provenance):
        with pytest.raises(BadInput, match=says):
            ask(path)


@pytest.mark.parametrize("make", ["", "NIKON CORPORATION", "Leica"])
@pytest.mark.parametrize("sensor", [CFA, PLAIN], ids=["cfa", "plain"])
def test_dng(tmp_path: Path, make: str, sensor: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"a camera raw \(DNG\)"):
        load_picture(raw(tmp_path / "a.tif", make, sensor, DNG))


def test_a_preview_of_a_camera_is_a_raw_whatever_lies_below_it(tmp_path: Path) -> None:
    path = raw(tmp_path / "a.tif", "SONY", PLAIN, {"subfiletype": 0})
    with pytest.raises(BadInput, match=r"a camera raw \(Sony ARW\)"):
        load_picture(path)


@pytest.mark.parametrize(
    ("coding", "kind"), [(32767, "Sony ARW"), (32770, "Samsung SRW"), (34713, "Nikon"), (65535, "Pentax")]
)
def test_a_raw_s_own_compression(tmp_path: Path, coding: int, kind: str) -> None:
    (tmp_path / "a.tif").write_bytes(Tiff(PHOTO, tags={259: ("H", [coding])}).write())
    with pytest.raises(BadInput, match=rf"a camera raw \({kind}"):
        load_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("make", ["NIKON CORPORATION", "Canon", "SONY", "Leica"])
def test_a_photograph_of_a_camera_is_none(tmp_path: Path, make: str) -> None:
    """What programs export keeps the maker, and may have smaller copies below it."""
    tags = [(271, 2, len(make) + 1, make, True)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(PHOTO, photometric="rgb", subifds=1, metadata=None, extratags=tags)
        file.write(SMALL, photometric="rgb", subfiletype=1, metadata=None)
    assert read(tmp_path / "a.tif").size == (64, 48)
