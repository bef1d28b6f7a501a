"""What made a film, inside the film: one JSON document, where its container keeps a comment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reverie.errors import BadInput
from reverie.media.local_file import read_regular, unreadable
from reverie.media.picture import xmp as metadata
from reverie.media.picture.read import own_limit
from reverie.media.video.write.formats import NUMBER

#: In a folder of pictures the document lies beside them.
SIDE: Final = "reverie.json"
#: The longest document that is read, in bytes.
LONGEST: Final = metadata.MAX_BYTES


def text(document: Mapping[str, Any]) -> str:
    """A document as one line of ASCII; the same for equal documents.

    Raises:
        ValueError: A number in it is not finite, or it is longer than is read.
        TypeError: A value is none of JSON's.
    """
    line = json.dumps(document, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    if len(line) > LONGEST:
        raise ValueError(f"the provenance takes {len(line)} bytes, at most {LONGEST} are read")
    return line


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """The document inside a film, a GIF, an APNG or a folder of pictures; None if there is none.

    No frame is decoded, and no other file is opened, whatever the film says.

    Raises:
        BadInput: It cannot be read, is no film, or what it holds is damaged.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        return _read_folder(Path(name))
    if NUMBER.search(os.path.basename(name)):
        return _read_folder(Path(name).parent)
    from reverie.media.video.read.probe import (
        ANIMATIONS,
        ByteReader,
        LocalFile,
        film_kind,
        open_container,
        read_head,
    )

    file = LocalFile(name)
    try:
        kind = film_kind(read_head(file), name)
        if kind == "gif":
            return _parsed(_info(ByteReader(file), "GIF", name).get("comment", b""), name)
        if kind == "apng":
            return metadata.unpack(_packet(ByteReader(file), name), name=name)
        if kind in ANIMATIONS:  # reverie writes no others
            return None
        with open_container(file, kind) as container:
            found = {key.lower(): value for key, value in container.metadata.items()}
        return _parsed(found.get("comment", ""), name)
    finally:
        file.close()


def _read_folder(folder: Path) -> dict[str, Any] | None:
    try:
        found = read_regular(folder / SIDE, most=LONGEST, within=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(
            f"{folder / SIDE}: {unreadable(error)}; take it away, or put a good one there"
        ) from error
    return _parsed(found, os.fspath(folder / SIDE))


def _info(file: Any, kind: str, name: str) -> dict[Any, Any]:
    """What stands in a picture file before its first pixels."""
    from PIL import Image

    with own_limit():  # whatever the size: nothing is decoded
        try:
            return dict(Image.open(file, formats=[kind]).info)
        except (OSError, ValueError, SyntaxError) as error:
            raise BadInput(f"{name}: damaged ({str(error)[:80]})") from error


def _packet(file: Any, name: str) -> bytes:
    """The XMP packet of an APNG, wherever in it that stands; empty without one."""
    found = _info(file, "PNG", name).get(metadata.PNG_KEY, "")
    if found:
        return found.encode("utf-8", "replace") if isinstance(found, str) else bytes(found)
    return metadata.packet_in_png(file)


def _parsed(found: str | bytes, name: str) -> dict[str, Any] | None:
    """A comment that is a JSON object; None if it is somebody else's."""
    if len(found) > LONGEST:
        raise BadInput(f"{name}: the recipe in it is damaged: {len(found)} bytes, at most {LONGEST} are read")
    try:
        document = json.loads(found)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def gif_comment(document: Mapping[str, Any]) -> bytes:
    """The extension that holds a document in a GIF (GIF89a, 24), in parts of 255 bytes at most."""
    line = text(document).encode("ascii")
    parts = (line[i : i + 255] for i in range(0, len(line), 255))
    return b"\x21\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
