"""The command on a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

from support.commands import environment
from support.endings import SAID


def on_a_terminal(folder: Path, *words: str) -> str:
    """All that ``reverie WORDS`` says to the terminal, once it has ended well."""
    import pty

    main, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reverie", *words],
        cwd=folder,
        env={**environment(), "TERM": "xterm", "COLUMNS": "160"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=end,
    )
    os.close(end)
    said, until = b"", time.monotonic() + SAID
    while True:
        assert select.select([main], [], [], max(0.0, until - time.monotonic()))[0], said.decode()
        try:
            part = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(main)
    assert process.wait(60) == 0
    return said.decode()
