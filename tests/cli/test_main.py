"""The beginning and the end of every command."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from reverie.cli import main as cli
from support.commands import environment


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["dream", "--help"], ["networks"]])
def test_what_only_tells_does_not_import_torch(words: list[str]) -> None:
    code = (
        "import sys; from reverie.cli.main import run; code = run(sys.argv[1:]); "
        "heavy = {'torch', 'cv2', 'PIL', 'numpy'} & set(sys.modules); "
        "sys.exit(code or (repr(heavy) if heavy else 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_ctrl_c_is_heard_in_the_background_too():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit):
            cli.main(["--version"])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
