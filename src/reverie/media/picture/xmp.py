"""The recipe inside a picture: one XMP packet that holds one JSON document.

XMP is the one metadata block that PNG, JPEG, WebP, TIFF and AVIF all have a place for, that other
programs keep when they do not understand it, and that Pillow reads without touching the pixels.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from reverie.errors import BadInput

#: What a PNG calls its packet.
PNG_KEY = "XML:com.adobe.xmp"
NAMESPACE = "urn:reverie:provenance:1.0"
MAX_BYTES = 1_000_000

_HEAD = (
    '<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    f'<rdf:Description rdf:about="" xmlns:reverie="{NAMESPACE}"><reverie:provenance>'
)
_TAIL = (
    "</reverie:provenance></rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)  # fmt: skip


class _Finder:
    """Parser target that keeps the text of the first provenance element and builds no tree."""

    TAG = f"{{{NAMESPACE}}}provenance"

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.found = False
        self.inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.inside = tag == self.TAG and not self.found
        self.found = self.found or self.inside

    def end(self, tag: str) -> None:
        self.inside = False

    def data(self, text: str) -> None:
        if self.inside:
            self.parts.append(text)

    def close(self) -> str | None:
        return "".join(self.parts) if self.found else None


def pack(provenance: dict[str, Any]) -> bytes:
    """The XMP packet (UTF-8) that holds a provenance document; the same bytes for equal documents.

    Args:
        provenance: A JSON document: names, texts, numbers, lists, truth values and None.

    Raises:
        ValueError: A number is not finite, or the packet would be past ``MAX_BYTES``.
        TypeError: A value is none of JSON's.
    """
    # ASCII escapes keep control characters and lone surrogates, which XML itself cannot hold.
    text = json.dumps(
        provenance,
        sort_keys=True,
        ensure_ascii=True,
        allow_nan=False,
        separators=(",", ":"),
    )
    packet = (_HEAD + escape(text) + _TAIL).encode("utf-8")
    if len(packet) > MAX_BYTES:
        raise ValueError(f"the provenance takes {len(packet)} bytes, at most {MAX_BYTES} are read")
    return packet


def png_chunk(packet: bytes) -> bytes:
    """The chunk that holds a packet in a PNG (PNG 3, 11.3.3)."""
    # Keyword, uncompressed, no language, no translated keyword.
    body = b"iTXt" + PNG_KEY.encode() + b"\0\0\0\0\0" + packet
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def packet_in_png(file: IO[bytes]) -> bytes:
    """The packet of a PNG or APNG, wherever in the file it stands; empty without one."""
    head = PNG_KEY.encode() + b"\0\0\0\0\0"
    place = 8
    while True:
        file.seek(place)
        begin = file.read(8)
        if len(begin) < 8 or begin[4:] == b"IEND":
            return b""
        length = int.from_bytes(begin[:4], "big")
        if begin[4:] == b"iTXt" and length <= MAX_BYTES + len(head):
            text = file.read(length)
            if text.startswith(head):
                return text[len(head) :]
        place += length + 12


def unpack(xmp: bytes, *, name: str = "the picture") -> dict[str, Any] | None:
    """The provenance document of an XMP packet, or None when the packet is not reverie's.

    Args:
        xmp: The packet as it lies in the file; it is trusted in nothing.
        name: What to call the file in an error.

    Raises:
        BadInput: The packet is reverie's, but it is too long or does not parse.
    """
    if NAMESPACE.encode() not in xmp:
        return None
    if len(xmp) > MAX_BYTES:
        raise BadInput(f"{name}: the recipe in it is damaged: {len(xmp)} bytes, at most {MAX_BYTES} are read")
    try:
        parser = DefusedXMLParser(target=_Finder(), forbid_dtd=True)
        parser.feed(xmp.rstrip(b"\0 \r\n"))
        text = parser.close()
        if text is None:
            return None
        document = json.loads(text)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise BadInput(f"{name}: the recipe in it is damaged ({_brief(error)})") from error
    if not isinstance(document, dict):
        raise BadInput(f"{name}: the recipe in it is damaged (it is not a JSON object)")
    return document


def _brief(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
