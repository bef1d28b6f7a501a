"""Zip archives whose members lie in them as they are, so that none unpacks into more than the file holds.

NumPy's and PyTorch's files are such archives. What says of itself to be one may hold members that are packed
a thousandfold, or a thousand of them that are the same bytes; such archives are refused before anything of
them is read but their directory.
"""

from __future__ import annotations

import os
import zipfile
from typing import IO, Any, BinaryIO, Final, cast

#: The longest directory that is read, in bytes: of some ten thousand members.
DIRECTORY: Final = 1_000_000


def open_stored(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in a file that is open for reading, by its directory.

    Args:
        file: The file; the archive reads from it and does not close it.

    Raises:
        zipfile.BadZipFile: It is none or damaged, or a member is packed, encrypted or none of its own.
        OSError: It cannot be read.
    """
    size = file.seek(0, os.SEEK_END)
    bounded = _Bounded(file)
    try:
        archive = zipfile.ZipFile(cast("IO[bytes]", bounded))
    except (ValueError, IndexError, OverflowError, UnicodeError, NotImplementedError) as error:
        raise zipfile.BadZipFile(f"its directory is damaged ({error})") from error
    bounded.most = None
    members = archive.infolist()
    if len({member.filename for member in members}) < len(members):
        raise zipfile.BadZipFile("two of its members have one name")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise zipfile.BadZipFile("its members are packed, which files of this kind never are")
        if member.flag_bits & 0x1:
            raise zipfile.BadZipFile("its members are encrypted")
    if sum(member.file_size for member in members) > size:
        raise zipfile.BadZipFile("its members are more than the file holds")
    return archive


class _Bounded:
    """A file of which no more than so many bytes are read at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.most: int | None = DIRECTORY

    def read(self, count: int = -1) -> bytes:
        if self.most is None:
            return self._file.read(count)
        data = self._file.read(self.most + 1 if count < 0 else min(count, self.most + 1))
        if len(data) > self.most:
            raise zipfile.BadZipFile("its directory is too long")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
