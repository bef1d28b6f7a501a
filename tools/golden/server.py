"""The process that commands are forked from."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
from collections.abc import Mapping
from typing import Any, Final

#: Loaded before commands are forked: what most of them import, and nothing of reverie.
LOADED: Final = (
    *(
        "torch",
        "safetensors.torch",
        "numpy",
        "PIL.Image",
        "cv2",
        "av",
        "psutil",
        "pydantic",
        "typer",
        "jinja2",
    ),
    *("rich.table", "rich.console", "typer.rich_utils"),
)


def serve() -> None:
    """Fork for each order on stdin, and say on stdout first the fork's number, then its exit code."""
    import importlib

    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    with open(os.devnull, "r+b") as nothing:
        for stream in (0, 1):
            os.dup2(nothing.fileno(), stream)
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in orders:
        pid = os.fork()
        if pid == 0:
            orders.close()
            answers.close()
            _become(json.loads(line))
            return
        print(pid, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=answers, flush=True)


def _become(order: Mapping[str, Any]) -> None:
    """Be the command from here on; this ends with SystemExit."""
    for name, stream in (("out", 1), ("err", 2)):
        with open(order[name], "wb") as file:
            os.dup2(file.fileno(), stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["script"], *order["words"]]
    sys.path[0] = os.path.dirname(order["script"])
    runpy.run_path(order["script"], run_name="__main__")
