"""Archives that would unpack into more than they are."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from reverie.media.stored_zip import DIRECTORY, open_stored


def archive(members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def changed(data: bytes, place: int, value: bytes) -> bytes:
    """Bytes of the last directory entry replaced."""
    at = data.rfind(b"PK\1\2") + place
    return data[:at] + value + data[at + len(value) :]


GOOD = archive({"a": b"aaaa", "b": b"bb"})
BAD = {
    "packed": archive({"a": bytes(10_000)}, zipfile.ZIP_DEFLATED),
    "bzip2": archive({"a": bytes(10_000)}, zipfile.ZIP_BZIP2),
    "lzma": archive({"a": bytes(10_000)}, zipfile.ZIP_LZMA),
    "says less": changed(GOOD, 20, struct.pack("<II", 1, 2)),
    "says more": changed(GOOD, 20, struct.pack("<II", 1 << 30, 1 << 30)),
    "encrypted": changed(GOOD, 8, struct.pack("<H", 1)),
    "one name twice": changed(GOOD, 46, b"a"),
    "long directory": archive({f"{i:0>60000}": b"" for i in range(DIRECTORY // 60000 + 1)}),
    "cut short": GOOD[:-10],
    "nothing": b"",
    "no archive": b"PK\3\4" + bytes(100),
}


def test_a_good_one_is_read() -> None:
    with open_stored(io.BytesIO(GOOD)) as found:  # type: ignore[arg-type]
        assert {m.filename: found.read(m) for m in found.infolist()} == {"a": b"aaaa", "b": b"bb"}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_one_is_refused_by_its_directory(kind: str) -> None:
    with pytest.raises(zipfile.BadZipFile):
        open_stored(io.BytesIO(BAD[kind]))  # type: ignore[arg-type]
