from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from reverie.errors import BadInput, ReverieWarning, UsageError
from reverie.media.picture import Picture, load_picture, read_provenance, save_picture
from reverie.media.picture import xmp as metadata
from support.slow import mostly_slow

FORMATS = [
    ("png", 8),
    ("png", 16),
    ("tif", 8),
    ("tif", 16),
    ("jpg", 8),
    ("webp", 8),
    ("avif", 8),
]
GREY = Picture(np.full((32, 32, 3), 0.5, np.float32))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=[]), max_size=20)
)
documents = st.dictionaries(
    st.text(max_size=10),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


def packet(text: str) -> bytes:
    return metadata.pack({"mark": 1}).replace(b'{"mark":1}', text.encode())


@pytest.mark.slow
@given(documents)
def test_every_document_comes_back_from_its_packet(document: dict[str, Any]) -> None:
    assert metadata.unpack(metadata.pack(document)) == document


@mostly_slow(("extension", "depth"), FORMATS, quick=2)
@given(document=documents)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_document_comes_back_from_every_format(
    tmp_path: Path, extension: str, depth: int, document: dict[str, Any]
) -> None:
    path = tmp_path / f"dream.{extension}"
    save_picture(GREY, path, depth=depth, provenance=document, overwrite=True)
    assert read_provenance(path) == document
    assert load_picture(path).provenance == document


@pytest.mark.parametrize(("extension", "depth"), FORMATS)
def test_a_picture_without_a_recipe_has_none(tmp_path: Path, extension: str, depth: int) -> None:
    path = tmp_path / f"plain.{extension}"
    save_picture(GREY, path, depth=depth)
    assert read_provenance(path) is None


@pytest.mark.parametrize(("extension", "depth"), FORMATS)
def test_the_recipe_is_read_without_decoding_pixels(
    tmp_path: Path, extension: str, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"dream.{extension}"
    save_picture(GREY, path, depth=depth, provenance={"a": 1})

    def decoded(*_: object) -> None:
        raise AssertionError("pixels were decoded")

    for name in ("ImageFile.ImageFile", "PngImagePlugin.PngImageFile"):
        monkeypatch.setattr(f"PIL.{name}.load", decoded)
    assert read_provenance(path) == {"a": 1}


def test_equal_documents_give_equal_bytes() -> None:
    assert metadata.pack({"a": 1, "b": 2}) == metadata.pack({"b": 2, "a": 1})


def test_the_packet_is_plain_xmp_that_others_can_read(tmp_path: Path) -> None:
    path = tmp_path / "dream.png"
    save_picture(GREY, path, provenance={"recipe": {"seed": 7}})
    with Image.open(path) as image:
        description = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert json.loads(description["provenance"]) == {"recipe": {"seed": 7}}


def test_a_foreign_packet_is_none_of_ours() -> None:
    assert metadata.unpack(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Lightroom</x:xmpmeta>") is None
    assert metadata.unpack(b"<not even xml") is None
    assert metadata.unpack(b"") is None


@pytest.mark.parametrize(
    "xmp",
    [
        packet("{not json"),
        packet("[1, 2]"),
        packet('"words"'),
        packet("[" * 50_000),
        packet("1" * 5_000),
        packet("<a>" * 1000),
        metadata.pack({"a": 1})[:300],
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + metadata.pack({"a": 1})[56:],
        packet('{"a": "' + "x" * metadata.MAX_BYTES + '"}'),
        metadata.pack({"a": 1}).replace(b"provenance>{", b"provenance>\xff{"),
    ],
    ids=lambda xmp: repr(xmp[:0]) + str(len(xmp)),
)
def test_a_damaged_recipe_is_one_clear_line(xmp: bytes) -> None:
    with pytest.raises(BadInput, match=r"^dream\.png: the recipe in it is damaged") as caught:
        metadata.unpack(xmp, name="dream.png")
    assert "\n" not in str(caught.value)


def test_a_packet_nested_very_deep_is_refused_and_harmless() -> None:
    deep = b"<a xmlns:r='urn:reverie:provenance:1.0'>" + b"<a>" * 200_000
    with pytest.raises(BadInput, match="damaged"):
        metadata.unpack(deep)


def test_a_damaged_recipe_does_not_spoil_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "dream.webp"
    Image.new("RGB", (64, 64), "red").save(path, xmp=packet("{"))
    with pytest.raises(BadInput, match="damaged"):
        read_provenance(path)
    with pytest.warns(ReverieWarning, match="damaged"):
        picture = load_picture(path)
    assert picture.provenance is None
    assert picture.size == (64, 64)


def test_what_json_cannot_hold_is_an_error() -> None:
    with pytest.raises(ValueError, match="JSON"):
        metadata.pack({"step": float("nan")})
    with pytest.raises(TypeError):
        metadata.pack({"path": Path("x")})
    with pytest.raises(ValueError, match="at most"):
        metadata.pack({"a": "x" * metadata.MAX_BYTES})


def test_a_recipe_too_long_for_jpeg_says_so(tmp_path: Path) -> None:
    long = {"files": ["x" * 70_000]}
    with pytest.raises(UsageError, match=r"too long for a JPEG.*\.png"):
        save_picture(GREY, tmp_path / "a.jpg", provenance=long)
    save_picture(GREY, tmp_path / "a.png", provenance=long)
    assert read_provenance(tmp_path / "a.png") == long


@pytest.mark.parametrize("name", ["missing.png", "text.png", "folder"])
def test_files_that_are_no_pictures(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.png").write_text("words")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match=name):
        read_provenance(tmp_path / name)


def test_an_svg_has_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert read_provenance(tmp_path / "a.svg") is None
