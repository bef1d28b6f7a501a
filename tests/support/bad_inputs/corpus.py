"""Makers of the bad (and odd, but good) input files that reverie promises an answer for.

Every maker writes into a folder and returns the file's path. Nothing foreign is kept in the
repository: each file is made when a test asks for it. Numbers are the rows of the table of bad
inputs; `BAD` is what the command must refuse with exit code 3 and words of the answer, `ODD` is
what it must accept, with words of the warning or None.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

Make = Callable[[Path], Path]
SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@dataclass(frozen=True)
class Case:
    """One input: its row, a short name, what makes it, and words that must be said of it."""

    row: int
    name: str
    make: Make
    says: str | None

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"


def photo(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """(height, width, 3): smooth, and different in each corner and channel."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1)
    return np.stack([red, green, 255 - (red + green) / 2], axis=-1).round().astype(np.uint8)


def deep_photo() -> NDArray[np.uint16]:
    """`photo()` in 16 bits, with values that 8 bits cannot hold."""
    return photo().astype(np.uint16) * np.uint16(257) ^ np.uint16(1)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *between: bytes, rows: bytes | None = None) -> bytes:
    """An 8-bit RGB PNG with chunks between header and pixels; without pixels if rows is None."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"" if rows is None else chunk(b"IDAT", zlib.compress(rows))
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *between, body, chunk(b"IEND", b"")]
    return b"".join(parts)


def _writes(name: str, data: bytes | str) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return make


def _saves(name: str, draw: Callable[[], Image.Image], **options: Any) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        draw().save(path, **options)
        return path

    return make


def _image() -> Image.Image:
    return Image.fromarray(photo())


def truncated_jpeg(folder: Path) -> Path:
    """Row 6: half of a JPEG."""
    out = io.BytesIO()
    Image.fromarray(photo(320, 240)).save(out, "JPEG")
    return _writes("truncated.jpg", out.getvalue()[: len(out.getvalue()) // 2])(folder)


def long_text_png(folder: Path, *, packed: bool = True, length: int = 100_000_000) -> Path:
    """Row 12: a PNG whose text chunk is 100 MB long, packed into little or as it is."""
    text = b"a" * length
    body = b"Comment\0\0" + zlib.compress(text, 1) if packed else b"Comment\0" + text
    rows = b"".join(b"\0" + row.tobytes() for row in photo())
    data = png(64, 48, chunk(b"zTXt" if packed else b"tEXt", body), rows=rows)
    return _writes("text-chunk.png", data)(folder)


def rotated_with_gps(folder: Path) -> Path:
    """Row 10: lies on its left side (orientation 6); upright it is `photo()`; with GPS."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "CanaryCamera"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    image = _image().transpose(Image.Transpose.ROTATE_90)
    path = folder / "rotated-gps.jpg"
    image.save(path, quality=98, subsampling=0, exif=exif)
    return path


def animated_gif(folder: Path) -> Path:
    """Row 11: three frames, the first red."""
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
    path = folder / "animated.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)
    return path


def palette_with_transparency() -> Image.Image:
    """A palette picture whose top left pixel is transparent and whose rest is not."""
    image = _image().quantize(16)
    values = np.asarray(image).copy()
    values[values == 15] = 0
    values[0, 0] = 15
    out = Image.fromarray(values, "P")
    out.putpalette(image.getpalette() or [])
    return out


def deep_png(folder: Path) -> Path:
    """Row 9: 16 bits a channel, RGB."""
    deep = deep_photo()
    path = folder / "deep.png"
    path.write_bytes(cv2.imencode(".png", deep[..., ::-1])[1].tobytes())
    return path


def deep_tiff(folder: Path) -> Path:
    """Row 9: 16 bits a channel, RGB."""
    deep = deep_photo()
    path = folder / "deep.tif"
    path.write_bytes(cv2.imencode(".tif", deep[..., ::-1])[1].tobytes())
    return path


def dng(folder: Path) -> Path:
    """Row 46: a raw that is a TIFF with a preview in it, named as one."""
    path = folder / "raw.tif"
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[50706] = 1  # DNGVersion, bytes
    tags[50706] = b"\x01\x04\0\0"
    _image().save(path, tiffinfo=tags)
    return path


def signed_tiff(folder: Path) -> Path:
    """Row 47: a TIFF that says no colours."""
    path = folder / "signed.tif"
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[339] = (2, 2, 2)
    _image().save(path, tiffinfo=tags)
    return path


def _paged_tiff(folder: Path) -> Path:
    path = folder / "pages.tif"
    with TiffImagePlugin.AppendingTiffWriter(path, new=True) as writer:
        for _ in range(2):
            _image().save(writer, format="TIFF")
            writer.newFrame()
    return path


def _with_alpha() -> Image.Image:
    image = _image().convert("RGBA")
    image.putalpha(Image.fromarray(photo()[..., 0]))
    return image


def nested_svg(folder: Path, depth: int = 20_000) -> Path:
    """Row 16: groups within groups."""
    text = f'<svg {SVG} width="64" height="64">' + "<g>" * depth + "</g>" * depth + "</svg>"
    return _writes("nested.svg", text)(folder)


def folder_named_like_a_picture(folder: Path) -> Path:
    """Row 36: a folder where a file is needed."""
    path = folder / "folder.png"
    path.mkdir(exist_ok=True)
    return path


def unreadable(folder: Path) -> Path:
    """Row 36: a good picture without the right to read it (the superuser still can)."""
    path = folder / "unreadable.png"
    _image().save(path)
    path.chmod(0)
    return path


def svg(body: str, *, attributes: str = 'width="64" height="48"', prolog: str = "") -> str:
    """The text of an SVG."""
    return f"{prolog}<svg {SVG} {attributes}>{body}</svg>"


RECT = '<rect width="32" height="48" fill="#ff0000"/>'
REFERENCES = {
    "file-url": '<image xlink:href="file:///etc/hostname" width="9" height="9"/>',
    "absolute": '<image href="/etc/hostname" width="9" height="9"/>',
    "parent": '<image href="../canary.png" width="9" height="9"/>',
    "beside": '<image href="canary.png" width="9" height="9"/>',
    "http": '<image href="http://127.0.0.1:9/canary.png" width="9" height="9"/>',
    "use": '<use xlink:href="other.svg#shape"/>',
    "fe-image": '<filter id="f"><feImage href="canary.png"/></filter>',
    "css-import": '<style>@import "canary.css";</style>',
    "css-url": "<style>rect { fill: url(http://127.0.0.1:9/canary.svg#a) }</style>",
    "css-escaped": r"<style>rect { fill: u\72l('canary.svg#a') }</style>",
    "css-cdata": "<style><![CDATA[@font-face { src: url(canary.ttf) }]]></style>",
    "css-comment": "<style>@im/**/port 'canary.css';</style>",
    "attribute-url": '<rect fill="url(canary.svg#a)" width="9" height="9"/>',
    "style-url": '<rect style="filter: url( \'../canary.svg#a\' )" width="9" height="9"/>',
    "nested-svg": '<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9"/>',
    "spaced": '<image href="  http://127.0.0.1:9/canary.png" width="9" height="9"/>',
    "character-reference": '<image href="&#104;ttp://127.0.0.1:9/a.png" width="9" height="9"/>',
    "xml-base": '<g xml:base="http://127.0.0.1:9/"><use href="#a"/></g>',
}
_LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "internal-subset": '<!DOCTYPE svg [<!ENTITY a "x">]>',
    "laughs": f'<!DOCTYPE svg [<!ENTITY e0 "ha">{_LAUGHS}]>',
    "external-entity": '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    "parameter-entity": '<!DOCTYPE svg [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd"> %a;]>',
    "system": '<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/svg11.dtd">',
    "plain": "<!DOCTYPE svg>",
    "standard-with-subset": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [<!ENTITY a "x">]>',
    "standard-elsewhere": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://127.0.0.1:9/Graphics/SVG/1.1/DTD/svg11.dtd">',
    "twice": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><!DOCTYPE svg>',
}
_EPS = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\nshowpage\n"
_FITS = "".join(
    card.ljust(80)
    for card in ("SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 64", "NAXIS2  = 64", "END")
).ljust(2880)
_PSD = b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + b"\0" * 14

BAD = [
    Case(1, "empty", _writes("empty.png", b""), "empty file"),
    Case(2, "text", _writes("text.png", "just some words\n" * 9), "PNG, JPEG, WebP"),
    Case(3, "eps", _writes("eps.png", _EPS), "accepted"),
    Case(3, "fits", _writes("fits.png", _FITS + "\0" * 4096), "accepted"),
    Case(3, "psd", _writes("psd.png", _PSD), "accepted"),
    Case(4, "header", _writes("huge.png", png(65535, 65535)), "65535 x 65535 pixels are over"),
    Case(5, "10000", _saves("large.png", lambda: Image.new("1", (10_000, 10_000))), "--max-pixels"),
    Case(6, "truncated", truncated_jpeg, "cut short"),
    Case(7, "1x1", _saves("one.png", lambda: Image.new("RGB", (1, 1))), "minimum is 32"),
    Case(8, "strip", _saves("strip.png", lambda: Image.new("L", (1, 20_000))), "aspect limit"),
    Case(12, "text-chunk", long_text_png, "text chunk"),
    *(Case(13, key, _writes("ref.svg", svg(RECT + body)), "external reference")
      for key, body in REFERENCES.items()),
    Case(13, "stylesheet", _writes(
        "sheet.svg", svg(RECT, prolog='<?xml-stylesheet href="canary.css"?>')),
        "external reference"),
    *(Case(14, key, _writes("doctype.svg", svg(RECT, prolog=prolog)), "DOCTYPE")
      for key, prolog in DOCTYPES.items()),
    Case(15, "200000", _writes(
        "vast.svg", svg(RECT, attributes='width="200000" height="200000"')),
        "200000 x 200000 pixels are over"),
    Case(15, "viewbox", _writes(
        "vast-box.svg", svg(RECT, attributes='viewBox="0 0 200000 200000"')),
        "200000 x 200000 pixels are over"),
    Case(16, "nested", nested_svg, "nested"),
    Case(36, "missing", lambda folder: folder / "missing.png", "no such file"),
    Case(36, "folder", folder_named_like_a_picture, "is a folder"),
    Case(46, "cr3", _writes("raw.jpg", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99)), "a camera raw"),
    Case(46, "dng", dng, "a camera raw (DNG)"),
    Case(47, "signed", signed_tiff, "signed whole numbers"),
]  # fmt: skip

ODD = [
    Case(9, "cmyk-jpeg", _saves("cmyk.jpg", lambda: _image().convert("CMYK")), None),
    Case(9, "cmyk-tiff", _saves("cmyk.tif", lambda: _image().convert("CMYK")), None),
    Case(9, "deep-png", deep_png, None),
    Case(9, "deep-tiff", deep_tiff, None),
    Case(9, "deep-grey", _saves("grey16.png", lambda: Image.fromarray(
        photo()[..., 0].astype(np.uint16) * 257)), None),
    Case(9, "palette", _saves("palette.png", palette_with_transparency, transparency=15), None),
    Case(9, "grey", _saves("grey.png", lambda: _image().convert("L")), None),
    Case(9, "one-bit", _saves("bit.png", lambda: _image().convert("1")), None),
    Case(9, "grey-alpha", _saves("grey-alpha.png", lambda: _with_alpha().convert("LA")), None),
    Case(9, "alpha", _saves("alpha.png", _with_alpha), None),
    Case(9, "bmp", _saves("photo.bmp", _image), None),
    Case(9, "ppm", _saves("photo.ppm", _image), None),
    Case(9, "png-named-jpg", _saves("really-a-png.jpg", _image, format="PNG"), None),
    Case(10, "rotated-gps", rotated_with_gps, None),
    Case(11, "gif", animated_gif, "reverie film"),
    Case(11, "pages", _paged_tiff, "pages"),
    Case(17, "no-size", _writes("no-size.svg", svg(RECT, attributes='viewBox="0 0 64 48"')),
         "1024 pixels wide"),
]  # fmt: skip

# Row 20: what a video tool or a browser would follow, and reverie must not.
NOT_LOCAL = [
    "concat:a.png|b.png",
    "subfile,,start,0,end,0,,:a.png",
    "http://127.0.0.1:9/a.png",
    "https://127.0.0.1:9/a.png",
    "file:///etc/hostname",
    "data:image/png;base64,AAAA",
]
