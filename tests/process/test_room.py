"""Too little memory, or no folder to be in, is said in one line before a library ends the process."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from types import SimpleNamespace

import cv2
import pytest

from reverie.cli.main import run
from reverie.errors import ResourceError
from reverie.process import room
from reverie.process.room import check_room, is_of_memory
from support.commands import environment

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
from reverie.cli.main import main
main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is kept only there")
@pytest.mark.parametrize("megabytes", [60, 150, 350, 500, 900, 1030])
def test_too_little_memory_is_one_line(tmp_path, megabytes):
    words = [sys.executable, "-c", LIMITED, str(megabytes), "layers"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert done.stderr.startswith("error: out of memory: this process may take up ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "allowed", "enough"),
    [
        (["dream", "a.png"], None, True),
        (["dream", "a.png"], 4 << 30, True),
        (["dream", "a.png"], 1 << 29, False),
        (["-v", "dream"], 1 << 29, False),
        (["dream", "--help"], 1 << 20, True),
        (["-h"], 1 << 20, True),
        ([], 1 << 20, True),
        (["--version"], 1 << 20, True),
        (["networks"], 1 << 29, True),
        (["networks"], 1 << 20, False),
    ],
)
def test_how_much_is_enough(monkeypatch, words, allowed, enough):
    monkeypatch.setattr(room, "_allowed", lambda: allowed)
    if enough:
        check_room(words)
    else:
        with pytest.raises(ResourceError, match="out of memory"):
            check_room(words)


def test_a_folder_that_was_deleted(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["dream", "a.png", "-o", "b.png"]) == 6
    assert capsys.readouterr().err == "error: the folder that you are in was deleted; go to another one\n"
    monkeypatch.chdir(tmp_path)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def of_opencv(code: int) -> cv2.error:
    error = cv2.error("Failed to allocate 9258288 bytes")
    error.code = code
    return error


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (MemoryError(), True),
        (of_opencv(-4), True),
        (of_opencv(-215), False),
        (OSError(12, "Cannot allocate memory"), True),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), True),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError("CUDA out of memory"), True),
        (caused(ImportError("numpy"), OSError("x.so: failed to map segment from shared object")), True),
        (ImportError("no module named torch"), False),
        (OSError(28, "No space left on device"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_comes_of_memory(error, is_it):
    assert is_of_memory(error) == is_it


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (PermissionError(13, "Permission denied", "x.png"), 6, "x.png: Permission denied"),
        (OSError(28, "No space left on device"), 6, "No space left"),
        (RecursionError("maximum recursion depth exceeded"), 2, "nested too deeply"),
        (MemoryError(), 6, "out of memory"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_what_nobody_expected_has_its_code(monkeypatch, capsys, error, code, says):
    def fail(*_, **__):
        raise error

    fail.commands = {"networks": SimpleNamespace(params=())}
    monkeypatch.setattr("reverie.cli.app.command", lambda: fail)
    assert run(["networks"]) == code
    assert says in capsys.readouterr().err


def long_number() -> str:
    return "9" * (sys.get_int_max_str_digits() + 700)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "dream --class N",
        "dream --channel block5c:N",
        "dream --objective block5c:N",
        "dream --objective 'N*block5c'",
        "dream --steps N",
        "dream --size NxN",
        "dream --seed N",
        "dream --halo N",
        "dream --strength N",
        "dream --recipe big.json",
        "run big.json",
        "see block5c:N",
        "see block5c:0-N",
        "see block5c:1@N,2",
        "see N",
        "see tabby --transform 'jitter(N)'",
        "see tabby --rate N",
        "invert me.png --layer N",
        "stimuli me.png --unit block5c:N",
        "stimuli me.png --unit N",
        "look me.png --unit block5c:N",
        "look me.png --unit N",
        "look me.png --strongest N",
        "microscope --channels N",
        "microscope --classes N",
        "fool N",
        "fool --generations N",
        "zoom --fps N",
        "zoom --duration N",
        "zoom --zoom '0:1, N:2'",
        "zoom --class Ns:cat",
        "bench --seconds N",
        "classify me.png --top N",
    ],
)
def test_a_number_of_too_many_digits(here, inside, words):
    (here / "big.json").write_text(f'{{"seed": {long_number()}}}')
    (here / "me.png").write_bytes((here / "chelsea.png").read_bytes())
    verb, *given = shlex.split(words.replace("N", long_number()))
    out = [] if verb in ("run", "bench", "classify") else ["-o", "x.mp4" if verb == "zoom" else "x.png"]
    ran = inside(verb, *given, *out)
    assert ran.rc == 2, ran.stderr
    assert "internal error" not in ran.stderr
    assert sorted(os.listdir(here)) == ["big.json", "chelsea.png", "me.png"]
