"""The command on a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.commands import environment


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
    said = b""
    while True:
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
