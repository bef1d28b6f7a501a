"""Camera raws, told from their first bytes or from a TIFF's directories.

A raw holds what the sensor saw, to be developed by the camera maker's or another program, and a preview or
two. Read as the TIFF that many of them look like, its preview would be taken for the photograph.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reverie.errors import BadInput

# What raws begin with that are no TIFF, or a TIFF of their own number.
_BEGINNINGS = {
    (0, b"FUJIFILMCCD-RAW"): "Fujifilm RAF",
    **dict.fromkeys([(0, b"IIRO"), (0, b"IIRS"), (0, b"MMOR")], "Olympus ORF"),
    (0, b"IIU\0"): "Panasonic RW2",
    (0, b"\0MRM"): "Minolta MRW",
    (0, b"FOVb"): "Sigma X3F",
    (6, b"HEAPCCDR"): "Canon CRW",
    (8, b"CR\2\0"): "Canon CR2",
    (4, b"ftypcrx "): "Canon CR3",
    **dict.fromkeys([(8, b"IIII"), (8, b"MMMM")], "Phase One IIQ"),
}
_TIFF = (b"II*\0", b"MM\0*")
_DNG_VERSION = 50706
_MAKE = 271
_SENSOR_TAGS = {
    33421: "",  # CFARepeatPatternDim
    33422: "",  # CFAPattern
    50710: "",  # CFAPlaneColor
    50752: "Canon CR2",  # CR2Slice
    28672: "Sony ARW",  # SonyRawFileType
}
_SENSOR_COLOURS = (32803, 34892)  # colour filter array; linear raw
_SENSOR_CODINGS = {
    32767: "Sony ARW",
    32769: "Epson ERF",
    32770: "Samsung SRW",
    32772: "Samsung SRW",
    34713: "Nikon NEF",
    65535: "Pentax PEF",
}
_MAKERS = (
    ("NIKON", "Nikon NEF"),
    ("CANON", "Canon CR2"),
    ("SONY", "Sony ARW"),
    ("PENTAX", "Pentax PEF"),
    ("RICOH", "Pentax PEF"),
    ("SAMSUNG", "Samsung SRW"),
    ("HASSELBLAD", "Hasselblad 3FR"),
    ("PHASE ONE", "Phase One IIQ"),
    ("LEAF", "Leaf MOS"),
    ("MAMIYA", "Mamiya MEF"),
    ("KODAK", "Kodak DCR"),
    ("EASTMAN KODAK", "Kodak DCR"),
    ("SEIKO EPSON", "Epson ERF"),
    ("OLYMPUS", "Olympus ORF"),
    ("PANASONIC", "Panasonic RW2"),
    ("LEICA", "Leica raw"),
    ("FUJIFILM", "Fujifilm raw"),
)
_MOST_DIRECTORIES = 12


def refuse_raw_beginning(data: bytes, name: str) -> None:
    """Refuse a camera raw that its first bytes give away.

    Args:
        data: The file, or its first 16 bytes at least.
        name: What to call it.

    Raises:
        BadInput: It is a camera raw.
    """
    for (at, magic), kind in _BEGINNINGS.items():
        if data[at : at + len(magic)] == magic and (at != 8 or data[:4] in _TIFF):
            raise _refusal(kind, name)


def refuse_raw_directories(pages: Any, name: str) -> None:
    """Refuse a camera raw that looks like a TIFF.

    It is one where any directory holds a sensor's samples or a tag that only raws have, or where a camera's
    first picture is no more than a preview of a larger one below it.

    Args:
        pages: The ``TiffPages`` of tifffile.
        name: What to call the file.

    Raises:
        BadInput: It is a camera raw.
    """
    maker = ""
    for page in _directories(pages):
        maker = maker or _kind_by_maker(page)
        if _DNG_VERSION in page.tags:
            raise _refusal("DNG", name)
        for tag, kind in _SENSOR_TAGS.items():
            if tag in page.tags:
                raise _refusal(kind or maker, name)
        if page.photometric in _SENSOR_COLOURS:
            raise _refusal(maker, name)
        if page.compression in _SENSOR_CODINGS:
            raise _refusal(maker or _SENSOR_CODINGS[page.compression], name)
    if maker and is_preview(pages[0]):
        raise _refusal(maker, name)


def _directories(pages: Any) -> Iterator[Any]:
    """The first directories of a file, and those below them."""
    for index in range(_MOST_DIRECTORIES):
        try:
            page = pages[index]
        except Exception:  # a broken chain ends here; the first directory has been read before
            return
        yield page
        try:
            below = [] if page.subifds is None else list(page.pages[:_MOST_DIRECTORIES])
        except Exception:  # directories below may be broken where the picture is not
            below = []
        yield from below


def is_preview(page: Any) -> bool:
    """Whether a page of tifffile has a larger picture below it."""
    try:
        below = [] if page.subifds is None else list(page.pages[:_MOST_DIRECTORIES])
    except Exception:
        below = []
    area = page.imagewidth * page.imagelength
    return any(other.imagewidth * other.imagelength > area for other in below)


def _kind_by_maker(page: Any) -> str:
    make = page.tags.valueof(_MAKE)
    said = make.strip().upper() if isinstance(make, str) else ""
    return next((kind for maker, kind in _MAKERS if said.startswith(maker)), "")


def _refusal(kind: str, name: str) -> BadInput:
    what = f"a camera raw ({kind})" if kind else "a camera raw"
    return BadInput(f"{name}: {what}, which has to be developed first; export it as JPEG, PNG or TIFF")
