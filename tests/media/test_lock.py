"""One kind of lock for all: one of two gets it, whoever dies loses it, and nothing is left lying about."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reverie.errors import ResourceError
from reverie.media import lock
from reverie.media.lock import WHOLE, hold
from reverie.process.notices import collect_warnings
from support.commands import environment

HOLDER = """
import sys, time
from reverie.media.lock import hold
from reverie.errors import ResourceError
folder, *names = sys.argv[1:]
try:
    held = hold(folder, names)
except ResourceError as error:
    print(error, flush=True)
    sys.exit(6)
print("held", flush=True)
sys.stdin.read()
held.release()
"""


def holder(folder: Path, *names: str) -> subprocess.Popen[str]:
    """Another process that holds names until its input ends, or is refused."""
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", HOLDER, str(folder), *names]
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=environment())


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (["a.png"], ["a.png"], False),
        (["a.png"], ["b.png"], True),
        (["a.png", "b.png"], ["c.png", "b.png"], False),
        ([WHOLE], ["a.png"], False),
        (["a.png"], [WHOLE], False),
        ([WHOLE], [WHOLE], False),
        (["a.png"], ["A.png"], True),
        (["b\udcff.png"], ["b\udcff.png"], False),
        (["y" * 255], ["y" * 255], False),
        (["a\nb"], ["a\nb"], False),
        (["a\nb"], ["a", "b"], True),
    ],
)
def test_who_may_be_there_at_once(tmp_path, first, second, both):
    with hold(tmp_path, first):
        if both:
            hold(tmp_path, second).release()
        else:
            with pytest.raises(ResourceError, match="is being made by this process since"):
                hold(tmp_path, second)
    with hold(tmp_path, second):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("first", "second", "both"), [(1, 1, True), (1, 0, False), (0, 1, False)])
def test_what_is_shared_is_held_by_those_that_share_it(tmp_path, first, second, both):
    with hold(tmp_path, ["x"], shared=bool(first)):
        if both:
            hold(tmp_path, ["x"], shared=bool(second)).release()
        else:
            with pytest.raises(ResourceError):
                hold(tmp_path, ["x"], shared=bool(second))


def test_the_second_says_who_has_it(tmp_path):
    other = holder(tmp_path, "a.png")
    assert other.stdout.readline() == "held\n"
    with pytest.raises(ResourceError, match=r"^me: is being made by process") as error:
        hold(tmp_path, ["a.png"], out="me")
    assert re.search(rf"process {other.pid} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d \(-c ", str(error.value))
    other.communicate("")
    hold(tmp_path, ["a.png"]).release()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_whoever_dies_loses_it(tmp_path, how):
    other = holder(tmp_path, "a.png")
    assert other.stdout.readline() == "held\n"
    other.send_signal(how)
    other.communicate()
    assert len(os.listdir(tmp_path)) == 1
    with hold(tmp_path, ["b.png"]):  # whoever comes tidies up, whatever was held
        assert len(os.listdir(tmp_path)) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff\0nonsense",
        b"[" * 100_000,
        json.dumps(
            {"pid": os.getppid(), "host": "elsewhere", "holds": ["."], "since": "2001-01-01"}
        ).encode(),
        json.dumps({"pid": 1, "holds": 7}).encode(),
        json.dumps({"pid": 10**30, "holds": ["."]}).encode(),
    ],
)
def test_what_nobody_locks_is_nobodys_whatever_it_says(tmp_path, said):
    """As after the machine was switched off, when its number is another process's."""
    (tmp_path / ".reverie-0123456789abcdef.lock").write_bytes(said)
    with hold(tmp_path, ["a.png"]):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.timeout(20)
def test_what_is_no_file_holds_nothing(tmp_path):
    os.mkfifo(tmp_path / ".reverie-0000000000000000.lock")
    (tmp_path / ".reverie-0000000000000001.lock").symlink_to("/dev/zero")
    (tmp_path / ".reverie-0000000000000002.lock").mkdir()
    with hold(tmp_path, ["a.png"]):
        pass
    assert len(os.listdir(tmp_path)) == 3


def test_other_files_are_left_alone(tmp_path):
    for name in (".reverie-x.lock", "a.lock", ".reverie-0123456789abcdef.txt"):
        (tmp_path / name).write_text("mine")
    with hold(tmp_path, ["a.png"]):
        pass
    assert len(os.listdir(tmp_path)) == 3


def test_what_another_process_says_of_itself_is_cleaned_and_cut(tmp_path):
    with hold(tmp_path, ["a.png"]) as held:
        bad = {"pid": "\x1b[31m", "host": "h" * 900, "since": "\n", "command": "\x1b]0;x\x07" * 99}
        held.path.write_text(json.dumps({**bad, "holds": ["."]}))
        with pytest.raises(ResourceError) as error:
            hold(tmp_path, ["b.png"])
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("pid", "host", "free"), [(None, None, False), (2**22 + 5, None, True), (1, "elsewhere", False)]
)
def test_without_locks_of_the_system_the_number_decides(tmp_path, monkeypatch, pid, host, free):
    monkeypatch.setattr(lock, "_locked", lambda handle: None)
    with collect_warnings(lambda text: None) as said, hold(tmp_path, ["a.png"]) as held:
        note = json.loads(held.path.read_text())
        held.path.write_text(json.dumps({**note, "pid": pid or os.getppid(), "host": host or note["host"]}))
        if free:
            hold(tmp_path, ["a.png"]).release()
            return
        with pytest.raises(ResourceError, match=rf"if it is gone, remove {held.path}") as error:
            hold(tmp_path, ["a.png"])
    assert ("on the machine elsewhere" in str(error.value)) == (host is not None)
    assert "has no locks" in said[0]


@pytest.mark.slow
def test_of_many_at_once_one_gets_it(tmp_path):
    for _ in range(3):
        others = [holder(tmp_path, "a.png") for _ in range(8)]
        said = [other.stdout.readline() for other in others]
        assert sum(line == "held\n" for line in said) == 1
        for other in others:
            other.communicate("")
        assert sorted(other.returncode for other in others) == [0] + [6] * 7
        assert os.listdir(tmp_path) == []


def test_where_nothing_can_be_written_is_the_systems_error(tmp_path):
    with pytest.raises(OSError, match="missing"):
        hold(tmp_path / "missing", ["a.png"])
