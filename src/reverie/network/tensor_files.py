"""Files of tensors: what is in them by name, kind, shape and place, and then one tensor at a time.

``.pth`` as PyTorch writes it, today as an archive and before 1.6 as pickles one after the other, and
``.safetensors``. A file is told by its bytes. Nothing of a tensor is held until it is asked for.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeGuard

from reverie.media.stored_zip import open_stored
from reverie.network.pickled import CodeError, NotTensorsError, StorageNote, ViewNote, describe, table_in

if TYPE_CHECKING:
    from torch import Tensor

#: The first number of PyTorch's old files, and the pickle that it is.
_MAGIC: Final = 0x1950A86A20F9469CFC6C
_LONGEST_HEADER: Final = 8_000_000
#: Bytes of a number.
SIZES: Final = {
    "float32": 4,
    "float64": 8,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "bool": 1,
    "complex64": 8,
    "complex128": 16,
}
#: The same, and of those that only storages have.
_BYTES: Final = SIZES | {"bytes": 1, "qint8": 1, "quint8": 1, "qint32": 4}
#: Kinds of number that weights may be of.
FLOATS: Final = ("float32", "float64", "float16", "bfloat16")
_SAFE_KINDS: Final = {
    "F32": "float32",
    "F64": "float64",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "C64": "complex64",
}


@dataclass(frozen=True)
class TensorNote:
    """A tensor of a file.

    Attributes:
        dtype: Its kind of number, as torch calls it.
        shape: Its sides.
        stride: Numbers from one entry to the next, along each side.
        place: Where its first number is in the file, in bytes.
        room: How many bytes of its storage there are from there on.
        odd: Why it cannot be read, such as "sparse"; empty if it can.
        swapped: Whether its bytes are in the other order than this machine's.
        crc: Of the whole storage, where it begins at ``place`` and the file tells.
    """

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    place: int = 0
    room: int = 0
    odd: str = ""
    swapped: bool = False
    crc: int | None = None

    @property
    def count(self) -> int:
        """How many entries it has."""
        return math.prod(self.shape)

    @property
    def spans(self) -> int:
        """How many numbers of its storage lie from its first to its last."""
        if self.count == 0:
            return 0
        return 1 + sum((side - 1) * step for side, step in zip(self.shape, self.stride, strict=True))


@dataclass(frozen=True)
class _Storage:
    """A storage in the file: where its bytes are, how many there are, and their check sum if one is known."""

    place: int
    length: int
    crc: int | None = None


def size_of(file: BinaryIO) -> int:
    """How many bytes a file has that can be sought in."""
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end


def read_table(file: BinaryIO, name: str) -> dict[str, TensorNote]:
    """What tensors a file holds, by name; none of their numbers is read.

    Args:
        file: The whole file.
        name: Its name: one that ends in .safetensors has to be such a file.

    Raises:
        CodeError: It is a pickle that runs code.
        NotTensorsError: It is damaged, or no file of tensors.
    """
    file.seek(0)
    head = file.read(16)
    if name.lower().endswith(".safetensors") or _is_safe(head, size_of(file)):
        try:
            return dict(_safe_table(file))
        except NotTensorsError as error:
            raise NotTensorsError(f"not a safetensors file ({error})") from error
    if head.startswith(b"PK"):
        return _zip_table(file)
    return _old_table(file)


def read_metadata(file: BinaryIO) -> dict[str, str]:
    """The texts that a safetensors file says beside its tensors, by name; none of any other file.

    It has been looked at by ``read_table``.
    """
    file.seek(0)
    head = file.read(16)
    if not _is_safe(head, size_of(file)):
        return {}
    said = _safe_header(file)[0].get("__metadata__")
    if not isinstance(said, dict):
        return {}
    return {name: text for name, text in said.items() if isinstance(text, str)}


def read_tensor(file: BinaryIO, note: TensorNote) -> Tensor:
    """A tensor of a file, in memory of its own and no more than it needs.

    Raises:
        NotTensorsError: Its bytes are damaged, or not all there.
    """
    import torch

    size, kind = SIZES[note.dtype], getattr(torch, note.dtype)
    file.seek(note.place)
    # In torch's own memory: kernels take other ways, and round otherwise, where numbers lie at odd addresses.
    flat = torch.empty(note.spans * size, dtype=torch.uint8)
    data = flat.numpy()
    if file.readinto(data) < len(data):  # type: ignore[attr-defined]
        raise NotTensorsError("cut short")
    if note.crc is not None and len(data) == note.room and zlib.crc32(data.data) != note.crc:
        raise NotTensorsError("damaged (its check sum is another)")
    if note.swapped:
        data[:] = data.reshape(-1, size)[:, ::-1].reshape(-1).copy()
    found = flat.view(kind).as_strided(note.shape, note.stride)
    # Numbers keep the order in which they are stored, by which kernels are chosen too.
    return found if found.numel() == note.spans else found.contiguous()


# -- safetensors --------------------------------------------------------------------------------------------


def _is_safe(head: bytes, size: int) -> bool:
    return len(head) > 8 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= size - 8


def _safe_header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The JSON at the beginning of a file, and its length in bytes."""
    size = size_of(file)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
        raise NotTensorsError("its header is cut short, or too long for one")
    try:
        header = json.loads(file.read(length), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise NotTensorsError(f"its header is no JSON: {str(error)[:80]}") from error
    if not isinstance(header, dict):
        raise NotTensorsError("its header is no table")
    return header, length


def _safe_table(file: BinaryIO) -> Iterator[tuple[str, TensorNote]]:
    """As the format says (huggingface/safetensors): one follows the other to the end, without gaps."""
    size = size_of(file)
    header, length = _safe_header(file)
    header.pop("__metadata__", None)
    place, notes = 0, [(name, _safe_note(name, entry)) for name, entry in header.items()]
    for name, note in sorted(notes, key=lambda pair: (pair[1].place, pair[1].room)):
        if note.place != place:
            raise NotTensorsError(f'"{name[:80]}" overlaps another, or leaves a gap')
        place += note.room
    if place != size - 8 - length:
        raise NotTensorsError("its tensors are not as long as the file")
    for name, note in notes:
        begin = note.place + 8 + length
        yield (
            name,
            TensorNote(
                note.dtype, note.shape, note.stride, begin, note.room, note.odd, sys.byteorder == "big"
            ),
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _safe_note(name: str, entry: object) -> TensorNote:
    """An entry of the header, its place counted from the header's end."""
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    kind, shape, places = (fields.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(kind, str) or not _counts(shape) or not _counts(places) or len(places) != 2:
        raise NotTensorsError(f'"{name[:80]}" is not described as it should be')
    dtype = _SAFE_KINDS.get(kind, kind[:20])
    room = places[1] - places[0]
    note = TensorNote(dtype, tuple(shape), _dense(shape), places[0], room, _oddness(dtype))
    if room < 0 or (dtype in SIZES and room != note.count * SIZES[dtype]):
        raise NotTensorsError(f'"{name[:80]}" is not as long as its shape says')
    return note


def _counts(value: Any) -> TypeGuard[list[int]]:
    return (
        isinstance(value, list) and len(value) <= 16 and all(type(n) is int and 0 <= n < 2**62 for n in value)
    )


def _dense(shape: list[int]) -> tuple[int, ...]:
    """The strides of a tensor whose entries follow each other."""
    steps = [1]
    for side in reversed(shape[1:]):
        steps.append(steps[-1] * side)
    return tuple(reversed(steps[: len(shape)]))


def _oddness(dtype: str) -> str:
    return "" if dtype in SIZES else f"of numbers of another kind ({dtype})"


# -- PyTorch ------------------------------------------------------------------------------------------------


def _zip_table(file: BinaryIO) -> dict[str, TensorNote]:
    """Of an archive, as torch.save writes it since 1.6."""
    try:
        archive = open_stored(file)
    except (zipfile.BadZipFile, OSError) as error:
        raise NotTensorsError(f"damaged or not weights ({error})") from error
    members = {member.filename: member for member in archive.infolist()}
    found = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(found) != 1:
        raise NotTensorsError("an archive of something else than tensors")
    folder = found[0].removesuffix("data.pkl")
    if f"{folder}constants.pkl" in members:
        raise CodeError("a TorchScript program")
    views = table_in(describe(io.BytesIO(_member(file, members[found[0]]))))
    order = members.get(f"{folder}byteorder")
    swapped = order is not None and _member(file, order) != sys.byteorder.encode()

    def storage(note: StorageNote) -> _Storage:
        member = members.get(f"{folder}data/{note.key}")
        if member is None:
            raise NotTensorsError(f"its storage {note.key[:40]} is missing")
        return _Storage(_begin(file, member), member.file_size, member.CRC)

    return _placed(views, storage, size_of(file), swapped=swapped)


def _member(file: BinaryIO, member: zipfile.ZipInfo, most: int = 8_000_000) -> bytes:
    """The bytes of a short member."""
    if member.file_size > most:
        raise NotTensorsError(f"{member.filename[:80]} is too long for what it should be")
    file.seek(_begin(file, member))
    data = file.read(member.file_size)
    if len(data) < member.file_size or zlib.crc32(data) != member.CRC:
        raise NotTensorsError("cut short or damaged")
    return data


def _begin(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin: behind a header of its own (APPNOTE 4.3.7)."""
    file.seek(member.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\3\4":
        raise NotTensorsError("damaged (a member of it is not where its directory says)")
    name, extra = struct.unpack("<HH", header[26:30])
    return int(member.header_offset + 30 + name + extra)


def _old_table(file: BinaryIO) -> dict[str, TensorNote]:
    """Of pickles one after the other (a number, version, machine, the table, its keys), then storages."""
    file.seek(0)
    if describe(file) != _MAGIC:
        raise NotTensorsError("damaged or not weights")
    describe(file)
    machine = describe(file)
    kinds: dict[str, StorageNote] = {}
    views = table_in(describe(file, kinds))
    keys = describe(file)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise NotTensorsError("damaged (no list of its storages)")
    little = not isinstance(machine, dict) or machine.get("little_endian", True) is True
    size, storages = size_of(file), {}
    for key in keys:
        count = int.from_bytes(file.read(8), "little" if little else "big")
        if key not in kinds or kinds[key].dtype not in _BYTES:
            raise NotTensorsError("it holds numbers of another kind; save a state_dict alone")
        length = count * _BYTES[kinds[key].dtype]
        storages[key] = _Storage(file.tell(), length)
        if length > size - file.tell():
            raise NotTensorsError("cut short")
        file.seek(length, os.SEEK_CUR)

    def storage(note: StorageNote) -> _Storage:
        if note.key not in storages:
            raise NotTensorsError(f"its storage {note.key[:40]} is missing")
        return storages[note.key]

    return _placed(views, storage, size, swapped=little != (sys.byteorder == "little"))


def _placed(
    views: Mapping[str, ViewNote], storage: Any, size: int, *, swapped: bool
) -> dict[str, TensorNote]:
    """Where in the file each tensor is; NotTensorsError where one is not within its storage."""
    found = {}
    for name, view in views.items():
        if view.storage is None:
            found[name] = TensorNote("", view.shape, view.stride, odd=view.odd)
            continue
        dtype = view.storage.dtype
        if odd := _oddness(dtype):
            found[name] = TensorNote(dtype, view.shape, view.stride, odd=odd)
            continue
        kept, skipped = storage(view.storage), view.offset * SIZES[dtype]
        if len(view.shape) != len(view.stride) or kept.place + kept.length > size:
            raise NotTensorsError(f'"{name[:80]}" is damaged')
        note = TensorNote(
            dtype,
            view.shape,
            view.stride,
            kept.place + skipped,
            kept.length - skipped,
            swapped=swapped and SIZES[dtype] > 1,
            crc=None if skipped else kept.crc,
        )
        if note.spans * SIZES[dtype] > note.room:
            raise NotTensorsError(f'"{name[:80]}" is larger than what the file holds of it')
        found[name] = note
    return found
