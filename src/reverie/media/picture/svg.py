"""SVG drawings, checked as XML first and then drawn in a child process with limits.

The rasteriser reads files that a drawing names and can abort its whole process, so it never sees a
drawing with a reference to anything outside itself, and never runs in this process.
"""

from __future__ import annotations

import importlib.util
import math
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from reverie.errors import BadInput
from reverie.media.picture.detect_format import check_large, check_size
from reverie.process.notices import warn

MAX_BYTES = 20_000_000
MAX_DEPTH = 200
TIMEOUT = 30.0  # seconds of wall clock for the child
MEMORY = 2_000_000_000  # bytes of address space for the child, besides the picture itself

_NAMESPACE = "{http://www.w3.org/2000/svg}"
# The line that matplotlib, graphviz and others write. It defines nothing a drawing needs and is
# taken away unread; every other DOCTYPE is refused.
_DOCTYPE = re.compile(
    r'((?:\s|<!--(?:(?!-->).)*-->)*)<!DOCTYPE\s+svg\s+PUBLIC\s+"-//W3C//DTD SVG 1\.1//EN"'
    r'\s+"http://www\.w3\.org/Graphics/SVG/1\.1/DTD/svg11\.dtd"\s*>',
    re.DOTALL,
)
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_ENCODING = re.compile(rb"\s*<\?xml\s[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_ENCODINGS = {
    "utf-8",
    "utf8",
    "us-ascii",
    "ascii",
    "iso-8859-1",
    "latin1",
    "windows-1252",
}
_INSIDE = re.compile(r"#|data:image/(png|jpe?g|gif|webp)[;,]", re.IGNORECASE)
_CSS_URL = re.compile(r"(?:url|src|image|image-set)\(\s*[\"']?\s*([^)]*)", re.IGNORECASE)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_LENGTH = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*|%)\s*$")
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "em": 16.0,
    "ex": 8.0,
}


@dataclass(frozen=True)
class Drawing:
    """An SVG that passed the check.

    Attributes:
        text: The XML, without declaration and DOCTYPE.
        size: (width, height) in CSS pixels, or None where it states neither size nor view box.
        sized: Whether it states a width or a height.
        has_text: Whether fonts are needed.
    """

    text: str
    size: tuple[float, float] | None
    sized: bool
    has_text: bool


class _Refused(Exception):
    """Why a drawing is refused; raised out of the parser."""


class _Check:
    """Parser target that looks at every event and keeps no tree, so depth costs nothing."""

    def __init__(self) -> None:
        self.depth = 0
        self.root: dict[str, str] | None = None
        self.has_text = False
        self.style: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused(f"nested more than {MAX_DEPTH} deep; flatten its groups")
        if self.root is None:
            if tag != f"{_NAMESPACE}svg":
                raise _Refused("the outermost element is not an SVG's")
            self.root = dict(attributes)
        name = tag.rpartition("}")[2].lower()
        self.has_text = self.has_text or name == "text"
        if name == "style":
            self.style = []
        for key, value in attributes.items():
            local = key.rpartition("}")[2].lower()
            if key == "{http://www.w3.org/XML/1998/namespace}base":
                _refuse_reference(value)
            if local in ("href", "src") and not _INSIDE.match(value.strip()):
                _refuse_reference(value)
            _check_css(value)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if self.style is not None and tag.rpartition("}")[2].lower() == "style":
            text, self.style = "".join(self.style), None
            if "@import" in _unescaped(text).lower():
                _refuse_reference("@import")
            _check_css(text)

    def data(self, text: str) -> None:
        if self.style is not None:
            self.style.append(text)

    def pi(self, target: str, data: str | None = None) -> None:
        if target.lower() == "xml-stylesheet":
            _refuse_reference("xml-stylesheet")

    def close(self) -> None:
        return None


def _refuse_reference(value: str) -> None:
    shown = value.strip()[:60]
    raise _Refused(f'external reference "{shown}"; put what it needs into the file itself')


def _check_css(text: str) -> None:
    """Refuse ``url(...)`` and its like that point out of the drawing, escaped or not."""
    if "(" not in text:
        return
    for form in (text, _unescaped(text)):
        for found in _CSS_URL.finditer(form):
            if not _INSIDE.match(found[1]):
                _refuse_reference(found[1])


def _unescaped(css: str) -> str:
    def plain(found: re.Match[str]) -> str:
        code = int(found[1], 16) if found[1] else 0
        return chr(code) if 0 < code < 0x110000 else found[2] or ""

    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return _CSS_ESCAPE.sub(plain, bare) if "\\" in bare else bare


def check_svg(data: bytes, name: str, *, max_pixels: int) -> Drawing:
    """Check a drawing as XML, before any rasteriser is looked for.

    Args:
        data: The file.
        name: What to call it in an error.
        max_pixels: The most pixels its stated size may have.

    Raises:
        BadInput: It has a DOCTYPE, an entity or an external reference, is nested too deep, too
            long, too large, or no SVG.
    """
    if len(data) > MAX_BYTES:
        raise BadInput(
            f"{name}: an SVG of {len(data)} bytes is over the limit of {MAX_BYTES}; "
            "save it as a PNG and give that"
        )
    text = _decoded(data, name)
    check = _Check()
    parser = DefusedXMLParser(target=check, forbid_dtd=True)
    try:
        for at in range(0, len(text), 65536):
            parser.feed(text[at : at + 65536])
        parser.close()
    except _Refused as refusal:
        raise BadInput(f"{name}: {refusal}") from None
    except DefusedXmlException as error:
        raise BadInput(
            f"{name}: an SVG with a DOCTYPE or entities is refused; save it without them"
        ) from error
    except (ParseError, ValueError) as error:
        raise BadInput(f"{name}: the SVG is cut short or damaged ({error})") from error
    size, sized = _stated_size(check.root or {})
    if size is not None:
        if min(size) <= 0 or not all(map(math.isfinite, size)):
            raise BadInput(f"{name}: an SVG of {size[0]:g} x {size[1]:g} has no area to draw")
        check_large(size[0], size[1], name, max_pixels)
    return Drawing(text, size, sized, check.has_text)


def _decoded(data: bytes, name: str) -> str:
    """The XML as text, so that the check and the rasteriser read the same characters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        found = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
        encoding = found[1].decode().lower() if found else "utf-8"
        if encoding not in _ENCODINGS:
            raise BadInput(f"{name}: an SVG in {encoding}; save it in UTF-8")
        encoding = "utf-8-sig" if encoding in ("utf-8", "utf8") else encoding
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: the SVG is damaged (it is not {encoding})") from error
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text
    standard = _DOCTYPE.match(text)
    if standard:
        text = standard[1] + text[standard.end() :]
    return text.strip()


def _stated_size(root: dict[str, str]) -> tuple[tuple[float, float] | None, bool]:
    """((width, height) or None, whether width or height is stated); a view box fills the gaps."""
    width, height = _length(root.get("width", "")), _length(root.get("height", ""))
    sized = width is not None or height is not None
    box: list[float] = []
    try:
        box = [float(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip())]
    except ValueError:
        box = []
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        if width is None:
            width = box[2] if height is None else height * box[2] / box[3]
        if height is None:
            height = width * box[3] / box[2]
    if width is None or height is None:
        return None, sized
    return (width, height), sized


def _length(text: str) -> float | None:
    found = _LENGTH.match(text)
    if not found or found[2].lower() not in _UNITS:
        return None
    return float(found[1]) * _UNITS[found[2].lower()]


def draw_svg(
    data: bytes, name: str, *, width: int = 1024, max_pixels: int = 64_000_000
) -> tuple[bytes, int | None]:
    """Draw an SVG as a PNG that is ``width`` pixels wide.

    Args:
        data: The file.
        name: What to call it in an error.
        width: Of the PNG, in pixels.
        max_pixels: The most pixels the drawing's own size and the PNG may have.

    Returns:
        A PNG of 8 bits with alpha, and how many of its rows the drawing covers in full: the last
        one may hold a mere fraction. None where the drawing states no shape.

    Raises:
        BadInput: `check_svg` refuses it, the rasteriser is missing, or it cannot draw it in bounds.
    """
    drawing = check_svg(data, name, max_pixels=max_pixels)
    rows = None
    if drawing.size is not None:
        height = width * drawing.size[1] / drawing.size[0]
        check_size(width, height, name, max_pixels)
        rows = int(height + 1e-6)
    if importlib.util.find_spec("resvg_py") is None:
        raise BadInput(f'{name}: drawing an SVG needs an extra; pip install "reverie[svg]"')
    if not drawing.sized:
        warn(f"{name}: the SVG states no size; drawn {width} pixels wide", stacklevel=3)
    png, said = _draw_in_child(drawing, name, width, max_pixels)
    if said.startswith("no fonts"):
        warn(f"{name}: no fonts found, its text is missing; save text as paths", stacklevel=3)
    return png, rows


def _draw_in_child(drawing: Drawing, name: str, width: int, max_pixels: int) -> tuple[bytes, str]:
    child = Path(__file__).with_name("svg_child.py")
    memory = MEMORY + 16 * max_pixels
    command = [sys.executable, "-P", os.fspath(child), str(width), str(memory)]
    # The child must find the rasteriser where this process found it, whatever started it.
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    try:
        done = subprocess.run(
            [*command, "fonts" if drawing.has_text else "no-fonts"],
            input=drawing.text.encode("utf-8"),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
            env={**os.environ, "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired as error:
        raise BadInput(
            f"{name}: the SVG takes more than {TIMEOUT:.0f} seconds to draw; simplify it"
        ) from error
    said = done.stderr.decode("utf-8", errors="replace").strip()
    if done.returncode == 0 and done.stdout.startswith(b"\x89PNG"):
        return done.stdout, said
    why = said.splitlines()[-1][:200] if said and done.returncode == 3 else "it gave up"
    raise BadInput(f"{name}: the SVG cannot be drawn ({why}); save it as a PNG and give that")
