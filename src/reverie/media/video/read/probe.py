"""What a film file is, told from its bytes, and the one safe way to open it.

FFmpeg's demuxers follow other files of their own accord: play lists, concatenations, references inside
a MOV. So the file is opened here, the demuxer is the one its first bytes ask for, no other may run, and
whatever still asks for a second file is refused.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import av
from av.error import FFmpegError

from reverie.errors import BadInput, ResourceError
from reverie.media.local_file import open_regular, reason
from reverie.media.picture.detect_format import looks_like_url

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet

ACCEPTED = "MP4, MOV, MKV, WebM, AVI, GIF, APNG, animated WebP and AVIF, and folders of pictures"
ACCEPTED_SOUND = "MP3, WAV, FLAC, Ogg, M4A and AAC, and the sound of a film"

# reverie's name -> every name FFmpeg gives this demuxer. Nothing else is ever allowed to run.
FILMS = {
    "mov": "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska": "matroska,webm",
    "avi": "avi",
}
# What FFmpeg does not read: see animation/.
ANIMATIONS = ("gif", "apng", "webp", "avif")
SOUNDS = {"mp3": "mp3", "wav": "wav", "flac": "flac", "ogg": "ogg", "aac": "aac"}

_HEAD = 1 << 20
_MOV = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_STILL_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1"}
_MAGIC = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
)


class LocalFile:
    """A regular file that is open for reading, shared by several readers with places of their own.

    Attributes:
        name: As it was given, for what is said.
        size: Bytes it had when it was opened.
    """

    def __init__(self, path: str | PathLike[str], *, what: str = "film") -> None:
        self.name = os.fspath(path)
        self._lock = threading.Lock()
        self._file = _open_regular(self.name, what)
        self.size = os.fstat(self._file.fileno()).st_size
        if self.size == 0:
            self._file.close()
            raise BadInput(f"{self.name}: empty file; give a {what}")

    def read_at(self, place: int, count: int) -> bytes:
        """Up to count bytes from this place on.

        Raises:
            OSError: The disk no longer gives them, or the file has been cut since it was opened.
        """
        with self._lock:
            self._file.seek(place)
            data = self._file.read(count)
            if len(data) < min(count, self.size - place):
                raise OSError("it was cut short while it was read")
            return data

    def close(self) -> None:
        """Close the file; harmless twice."""
        with self._lock:
            self._file.close()


class ByteReader:
    """What a demuxer reads from: bytes, a place, and neither a name nor a way to write."""

    def __init__(self, file: LocalFile) -> None:
        self._file = file
        self._place = 0
        self.failed: OSError | None = None

    def read(self, count: int) -> bytes:
        """At most so many bytes from here; all that are left if fewer than 0."""
        try:
            data = self._file.read_at(self._place, count)
        except OSError as error:
            self.failed = error  # a demuxer may take it for the end of the file
            raise
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, and say where that is."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._file.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """Where it is, in bytes."""
        return self._place

    def check(self) -> None:
        """Raise ResourceError if the bytes stopped coming."""
        if self.failed is not None:
            raise gone(self._file, self.failed) from self.failed


def film_kind(head: bytes, name: str) -> str:
    """Reverie's name of the container that begins with these bytes.

    Raises:
        BadInput: It is none of the accepted ones.
    """
    kind = _kind(head)
    if kind == "still":
        raise still_picture(name)
    if kind in SOUNDS:
        raise BadInput(f"{name}: sound without pictures; give a film ({ACCEPTED})")
    if kind not in FILMS and kind not in ANIMATIONS:
        raise BadInput(f"{name}: not a film reverie reads; accepted are {ACCEPTED}")
    return kind


def is_animation(path: str) -> bool:
    """Whether a file is an animated picture: GIF, APNG, WebP or AVIF, told from its beginning."""
    try:
        with open_regular(path) as file:
            return _kind(file.read(_HEAD)) in ANIMATIONS
    except (OSError, ValueError):
        return False


def still_picture(name: str) -> BadInput:
    """What is said of a picture that does not move."""
    return BadInput(f"{name}: a still picture, not a film; `reverie zoom` and `reverie dream` take it")


def sound_kind(head: bytes, name: str) -> str:
    """Reverie's name of the container of sound, or of a film, that begins with these bytes.

    Raises:
        BadInput: It is none of the accepted ones.
    """
    kind = _kind(head)
    if kind in SOUNDS or kind in FILMS:
        return kind
    raise BadInput(f"{name}: not sound that reverie reads; accepted are {ACCEPTED_SOUND}")


def open_container(file: LocalFile, kind: str, *, max_pixels: int | None = None) -> InputContainer:
    """A demuxer of this kind over the file, and over nothing else.

    Args:
        file: The file, opened by us.
        kind: A key of `FILMS` or `SOUNDS`.
        max_pixels: The most pixels a frame may have for any decoder to begin with it.

    Raises:
        BadInput: It is damaged or unfinished.
        ResourceError: It cannot be read, or memory ran out.
    """
    reader = ByteReader(file)
    names = (FILMS | SOUNDS)[kind]
    with decoding(file, reader):
        if kind == "mov" and not _has_index(file):
            raise BadInput(
                f"{file.name}: recording unfinished (an MP4 or MOV without its index); "
                "repair it with the device or program that recorded it"
            )
        return av.open(
            reader,
            mode="r",
            format=names.split(",")[0],
            container_options={"format_whitelist": names, "protocol_whitelist": "none"},
            options={} if max_pixels is None else {"max_pixels": str(max_pixels)},
            metadata_errors="replace",
            io_open=_refuse,
        )


@contextmanager
def decoding(file: LocalFile, reader: ByteReader | None = None) -> Iterator[None]:
    """Turn what FFmpeg raises on a broken file into one line."""
    try:
        yield
    except FFmpegError as error:
        if reader is not None:
            reader.check()
        if isinstance(error, MemoryError):
            raise _no_memory(file.name) from error
        said = " ".join(str(error.strerror or error).split())[:120]
        raise BadInput(f"{file.name}: the file is cut short or damaged ({said}); get it again") from error
    except MemoryError as error:
        raise _no_memory(file.name) from error
    except OSError as error:
        raise gone(file, error) from error


def _no_memory(name: str) -> ResourceError:
    return ResourceError(f"{name}: not enough memory to decode it; give a smaller one")


def _refuse(url: str, flags: int, options: object) -> NoReturn:
    raise av.error.PermissionError(13, "a film may not open another file")


def _open_regular(name: str, what: str) -> BinaryIO:
    try:
        return open_regular(name)  # the caller closes it
    except (OSError, ValueError) as error:
        if looks_like_url(name):
            raise BadInput(f"{name}: not a local file; give the path of a file here") from error
        raise BadInput(f"{name}: {reason(error)}; give the path of a {what}") from error


def _kind(head: bytes) -> str | None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[4:8] in _MOV:
        return _picture_or_mov(head) if head[4:8] == b"ftyp" else "mov"
    if head[:4] in (b"RIFF", b"RF64"):
        moves = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & 2
        webp = "webp" if moves else "still"
        return {b"AVI ": "avi", b"WAVE": "wav", b"WEBP": webp}.get(head[8:12])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "apng" if _animated(head) else "still"
    if head.startswith(b"\xff\xd8\xff"):
        return "still"
    if head.startswith(b"ID3") and len(head) > 10:
        size = sum((byte & 127) << (7 * (3 - i)) for i, byte in enumerate(head[6:10]))
        return _kind(head[10 + size :]) or "mp3"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0x06 == 0 else "mp3"
    return None


def _picture_or_mov(head: bytes) -> str:
    """By the brands of a file of ISO 14496-12: a sequence of AVIF names itself among them."""
    if head[8:12] not in _STILL_BRANDS:
        return "mov"
    length = max(16, min(int.from_bytes(head[:4], "big"), 256))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length, 4))}
    return "avif" if b"avis" in brands else "still"


def _animated(head: bytes) -> bool:
    """Whether a PNG's animation control stands before its pixels (APNG 1.0)."""
    place = 8
    while place + 8 <= len(head):
        length, name = int.from_bytes(head[place : place + 4], "big"), head[place + 4 : place + 8]
        if name in (b"acTL", b"IDAT"):
            return name == b"acTL"
        place += 12 + length
    return False


def _has_index(file: LocalFile) -> bool:
    """Whether an MP4 or MOV has its whole `moov` box (ISO 14496-12), wherever it stands."""
    place = 0
    for _ in range(10_000):
        head = file.read_at(place, 16)
        if len(head) < 8:
            return False
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:], "big")
        elif length == 0:
            length = file.size - place
        if name == b"moov":
            return place + length <= file.size
        if length < 8:
            return True  # no box at all: damaged in another way
        place += length
    return True


def packets(container: InputContainer, streams: Sequence[Any], file: LocalFile) -> Iterator[Packet[Any]]:
    """Packets until the file ends; one that is damaged ends it too, unless the disk was to blame.

    Raises:
        ResourceError: The file cannot be read any more.
    """
    found = container.demux(*streams)
    while True:
        try:
            packet = next(found, None)
        except FFmpegError:
            packet = None
        except OSError as error:
            raise gone(file, error) from error
        if packet is None:
            return
        if packet.size:  # an empty one repeats the frame before it
            yield packet


def gone(file: LocalFile, error: OSError) -> ResourceError:
    """What is said of a file whose bytes stopped coming."""
    return ResourceError(
        f"{file.name}: cannot be read any more ({error.strerror or error}); "
        "bring it back and run the same command again"
    )


def read_head(file: LocalFile) -> bytes:
    """The bytes a kind is told from."""
    with decoding(file):
        return file.read_at(0, _HEAD)
