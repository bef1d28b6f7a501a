"""``torch:FILE.pt2``: programs of torch.export. Their loader unpickles, so it runs only where it may."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from torch import nn

from reverie.errors import NetworkError, UsageError
from reverie.media.local_file import open_regular
from reverie.network.loaded import Loaded, read_file
from reverie.network.pickled import NotTensorsError
from reverie.network.tensor_files import read_table

#: The longest file, in bytes.
MOST: Final = 1 << 34


def load_exported(path: Path, *, expected: str | None = None, trust: bool) -> Loaded:
    """The network in a ``.pt2`` archive.

    Args:
        path: The file.
        expected: Its SHA-256 in hexadecimal, or None if any will do.
        trust: Whether its author may run code here.

    Raises:
        UsageError: It is not trusted.
        NetworkError: It cannot be read, has another hash, or is none: weights alone, TorchScript, a pickle.
    """
    instead = _instead(path)
    if not trust and not instead:
        raise UsageError(
            f"network torch:{path.name}: a .pt2 file can run code when torch reads it, and was not read; "
            "--trust allows it, if you know who wrote it; a state_dict is read without (timm:NAME:FILE)"
        )
    data = read_file(path, MOST, ".pt2 file", expected)
    if instead:
        raise NetworkError(f"network {path.name}: {instead}")
    import torch

    try:
        with _quiet("torch.export"):
            program = torch.export.load(io.BytesIO(data))
        sizes = _sizes(program)
        module = _module(program)
    except MemoryError:
        raise
    except Exception as error:  # of a damaged archive, or one of another torch
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NetworkError(
            f"network {path.name}: cannot be loaded by torch.export ({reason[:200]})"
        ) from error
    if len(sizes) != 4:
        raise NetworkError(
            f"network {path.name}: takes a tensor of {len(sizes)} sides, and a picture has four"
        )
    _, channels, height, width = sizes
    return Loaded(
        module,
        channels=channels or 3,
        input_size=(height, width) if height and width else None,
    )


def _instead(path: Path) -> str:
    """What a file holds that is no program of torch.export, and what to do; empty where it may be one."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return ""
    inside = {name.partition("/")[2] for name in names}
    if "constants.pkl" in inside:
        return "is a TorchScript program, whose layers cannot be read; save the module with torch.export"
    if "data.pkl" not in inside:
        return ""
    try:
        with open_regular(path) as file:
            read_table(file, path.name)
    except (NotTensorsError, OSError):
        return "is a pickle of torch.save, no program; build it in Python, as in py:net.py:make"
    return f"holds weights and no network; name its architecture, as in timm:resnet50:{path.name}"


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """A logger that only tells of errors: what it warns of with a traceback is said in one line here."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _module(program: Any) -> nn.Module:
    """The program with its layers by name again; flat where it cannot be unflattened."""
    import torch

    try:
        module: nn.Module = torch.export.unflatten(program)
    except Exception:
        module = program.module()
    for part in module.modules():
        if isinstance(graph := getattr(part, "graph", None), torch.fx.Graph):
            for node in graph.nodes:
                node.meta.clear()  # sizes as symbols, which cannot be copied to another device or format
    return module


def _sizes(program: Any) -> list[int]:
    """The shape of the one picture that goes in, 0 for what is open."""
    names = list(program.graph_signature.user_inputs)
    if len(names) != 1:
        raise ValueError(f"it takes {len(names)} inputs, and a picture is one")
    value = next(node.meta["val"] for node in program.graph.nodes if node.name == names[0])
    return [side if isinstance(side, int) else 0 for side in value.shape]
