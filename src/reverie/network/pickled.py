"""A pickle of tensors as a description: what it would make, without making any of it.

PyTorch's files are pickles that call functions, and even the few that its own careful reader allows can be
had to take all memory, from a file of some bytes. Here a pickle is looked through word by word first; then it
is read with stand-ins in the place of every function, so that tensors come out as notes of their kind, shape
and place.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

#: The longest pickle that is read, in bytes, and of how many words: of some ten thousand tensors.
LONGEST: Final = 8_000_000
MOST_WORDS: Final = 400_000
#: The words of a pickle of tensors: those of protocol 2, and the bytes of 3. None of them runs code alone.
# fmt: off
_WORDS: Final = frozenset((
    "PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1",
    "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING", "SHORT_BINBYTES", "BINBYTES", "EMPTY_DICT", "EMPTY_LIST",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "APPEND", "APPENDS", "SETITEM", "SETITEMS",
    "BINGET", "LONG_BINGET", "BINPUT", "LONG_BINPUT", "GLOBAL", "REDUCE", "BUILD", "NEWOBJ", "BINPERSID",
    "POP", "POP_MARK",
))
# fmt: on
#: Kinds of tensors that are no plain ones, by the function that makes them.
_ODD: Final = {
    "_rebuild_sparse_tensor": "sparse",
    "_rebuild_sparse_csr_tensor": "sparse",
    "_rebuild_meta_tensor_no_storage": "meta, without values",
    "_rebuild_qtensor": "quantised",
    "_rebuild_nested_tensor": "nested",
    "_rebuild_wrapper_subclass": "of a class of its own",
    "_rebuild_device_tensor_from_numpy": "of another device",
    "_rebuild_device_tensor_from_cpu_tensor": "of another device",
}
#: Kinds of numbers by the class of their storage.
_STORAGES: Final = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QUInt8Storage": "quint8",
    "QInt8Storage": "qint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "bytes",
}
#: What else may stand in a checkpoint beside the tensors; none of it is made.
_HARMLESS: Final = frozenset(
    [
        ("torch", "Size"),
        ("torch", "device"),
        ("torch", "per_tensor_affine"),
        ("torch", "per_channel_affine"),
        ("collections", "Counter"),
        ("collections", "defaultdict"),
        ("_codecs", "encode"),
        ("builtins", "set"),
        ("builtins", "complex"),
        ("builtins", "bytearray"),
        ("__builtin__", "set"),
        ("__builtin__", "complex"),
        ("__builtin__", "bytearray"),
        ("torch.serialization", "_get_layout"),
        ("torch.torch_version", "TorchVersion"),
    ]
)
_DTYPES: Final = (
    "float",
    "int",
    "uint",
    "bfloat",
    "complex",
    "bool",
    "half",
    "double",
    "long",
    "qint",
    "quint",
)


class NotTensorsError(ValueError):
    """A pickle that is damaged, or none of tensors."""


class CodeError(NotTensorsError):
    """A pickle that would run code; it was not run. ``str`` is what it would call, if that is known."""


@dataclass(frozen=True, slots=True)
class StorageNote:
    """A storage that a pickle refers to: its kind of number, its key, how many it says to hold."""

    dtype: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class ViewNote:
    """A tensor as a pickle describes it: ``shape`` and ``stride`` in numbers from ``offset`` on in a storage.

    ``odd`` says of a tensor that is no plain one what it is; the rest says nothing then.
    """

    storage: StorageNote | None
    offset: int = 0
    shape: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    odd: str = ""


def describe(file: BinaryIO, storages: dict[str, StorageNote] | None = None) -> Any:
    """What the next pickle of a file holds: tables, lists, texts, numbers; a ``ViewNote`` for each tensor.

    Args:
        file: At the beginning of the pickle; afterwards it is at its end.
        storages: Is given every storage that the pickle refers to, by its key.

    Raises:
        CodeError: It would run code.
        NotTensorsError: It is damaged, too long, or of another kind than PyTorch writes.
    """
    start = file.tell()
    data = file.read(LONGEST)
    length = _check_words(data)
    file.seek(start + length)
    try:
        return _Describer(io.BytesIO(data[:length]), {} if storages is None else storages).load()
    except NotTensorsError:
        raise
    except Exception as error:  # what a damaged pickle does to its reader has many names
        raise NotTensorsError(f"damaged ({type(error).__name__})") from error


def _check_words(data: bytes) -> int:
    """How many bytes the first pickle of these takes; errors as of ``describe``."""
    strange = ""
    count = stop = 0
    try:
        for count, (word, argument, place) in enumerate(pickletools.genops(data), 1):
            stop = place or 0
            if count > MOST_WORDS:
                raise NotTensorsError(f"over {MOST_WORDS} words are too many for a table of tensors")
            if word.name in ("GLOBAL", "INST") and _stand_in(*str(argument).split(" ", 1)) is None:
                raise CodeError(str(argument).replace(" ", "."))
            if count > 1 and word.name in (
                "STACK_GLOBAL",
                "INST",
                "OBJ",
                "NEWOBJ_EX",
                "EXT1",
                "EXT2",
                "EXT4",
            ):
                raise CodeError("")
            if word.name == "LONG_BINPUT" and int(argument or 0) > count:
                raise NotTensorsError("damaged (a number out of its range)")
            strange = strange or ("" if word.name in _WORDS else word.name)
    except NotTensorsError:
        raise
    except Exception as error:
        raise NotTensorsError("cut short or damaged" if count else "not weights") from error
    if strange:
        raise NotTensorsError(f"a pickle of another kind ({strange}) than state_dicts are")
    return stop + 1


class _Table(dict[Any, Any]):
    """A table whose further attributes are of no interest."""

    def __setstate__(self, state: object) -> None:
        pass


class _Nothing:
    """Whatever else stands in a checkpoint; it takes what it is given and keeps none of it."""

    __slots__ = ()

    def __call__(self, *_: object, **__: object) -> _Nothing:
        return self

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        pass

    def extend(self, values: object) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Odd:
    """In the place of a function that makes no plain tensor."""

    what: str

    def __call__(self, *_: object) -> ViewNote:
        return ViewNote(None, odd=self.what)


@dataclass(frozen=True, slots=True)
class _Kind:
    """In the place of a kind of number, or of the class of its storages."""

    dtype: str


class _Empty:
    """In the place of OrderedDict, which is filled afterwards."""

    __slots__ = ()

    def __call__(self, *given: object) -> _Table:
        if any(given):
            raise NotTensorsError("a table that is not as PyTorch writes it")
        return _Table()


class _View:
    """In the place of the functions that make a plain tensor: a view of a storage."""

    __slots__ = ()

    def __call__(
        self, storage: object, offset: int, shape: object, stride: object, *rest: object
    ) -> ViewNote:
        if not isinstance(storage, StorageNote):
            raise NotTensorsError("a tensor without a storage")
        for kind in rest:
            if isinstance(kind, _Kind) and storage.dtype == "bytes":
                storage = StorageNote(kind.dtype, storage.key, storage.count)
        return ViewNote(storage, _whole(offset), _sizes(shape), _sizes(stride))


class _Same:
    """In the place of what makes a parameter of a tensor."""

    __slots__ = ()

    def __call__(self, tensor: object, *_: object) -> object:
        return tensor


def _stand_in(module: str, name: str = "") -> Any:
    """What stands for a function or class of this name; None where there is nothing for it."""
    if (module, name) == ("collections", "OrderedDict"):
        return _Empty()
    if module == "torch._utils":
        if name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"):
            return _View()
        if name in ("_rebuild_parameter", "_rebuild_parameter_with_state"):
            return _Same()
        return _Odd(_ODD[name]) if name in _ODD else None
    if module in ("torch", "torch.storage") and name in _STORAGES:
        return _Kind(_STORAGES[name])
    if (module, name) in _HARMLESS:
        return _Nothing()
    if module == "torch" and name.startswith(_DTYPES) and name.replace("_", "").isalnum():
        return _Kind(name)
    if (module, name) in (("torch", "Tensor"), ("torch.nn.parameter", "Parameter")):
        return _Odd("of a class of its own")
    return None


class _Describer(pickle.Unpickler):
    """Reads a pickle with stand-ins for all that it names."""

    def __init__(self, file: BinaryIO, storages: dict[str, StorageNote]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        found = _stand_in(module, name)
        if found is None:
            raise CodeError(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> StorageNote:
        """A storage: ("storage", class, key, device, count), and in old files None, or a view of another."""
        if not isinstance(pid, tuple) or len(pid) < 5 or not isinstance(pid[1], _Kind):
            raise NotTensorsError("a storage that is not as PyTorch writes it")
        if any(part is not None for part in pid[5:]):
            raise NotTensorsError("storages that are parts of others, which only very old files have")
        note = StorageNote(pid[1].dtype, str(pid[2]), _whole(pid[4]))
        if self._storages.setdefault(note.key, note) != note:
            raise NotTensorsError("damaged (a storage of two kinds)")
        return note


def _whole(value: object) -> int:
    """A number that counts something."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise NotTensorsError("damaged (a number out of its range)")
    return value


def _sizes(value: object) -> tuple[int, ...]:
    """A shape or the strides of one."""
    if not isinstance(value, tuple) or len(value) > 16:
        raise NotTensorsError("damaged (a shape that is none)")
    return tuple(map(_whole, value))


def table_in(found: object) -> Mapping[str, ViewNote]:
    """The tensors by name in what a checkpoint holds: itself, or its ``state_dict``.

    Raises:
        NotTensorsError: It is no table of tensors; says what else stands in it.
    """
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict):
        raise NotTensorsError("not a table of tensors by name")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, ViewNote):
            kind = type(value).__name__.lstrip("_").lower()
            what = f'"{name}" is a {kind}' if isinstance(name, str) else "a name in it is no text"
            raise NotTensorsError(f"not a table of tensors by name ({what})")
    return found
