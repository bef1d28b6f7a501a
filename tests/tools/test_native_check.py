"""The native library under the compiler's sanitizers, and that these would find what is wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import native_check
from reverie.native import instruction_sets

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine"),
]

#: Reads one number too many.
WRONG = """
extern "C" __attribute__((visibility("default"))) float last(const float* values, int count) {
    float sum = 0;
    for (int i = 0; i <= count; i++) sum += values[i];
    return sum;
}
"""
CALL = """
import ctypes, sys
import numpy as np

library = ctypes.CDLL(sys.argv[1])
values = np.ones(1000, np.float32)
library.last(ctypes.c_void_p(values.ctypes.data), int(sys.argv[2]))
print("survived")
"""


def built(kind: str, folder: Path, sources: tuple[Path, ...] = ()) -> Path:
    """The library, or a skip where there is no sanitizer."""
    try:
        return native_check.build(kind, folder, sources)
    except native_check.CannotCheckError as error:
        pytest.skip(str(error))


def made_wrong(kind: str, folder: Path, source: str) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """How to run a library of this source, with a number, under a sanitizer."""
    (folder / "wrong.cpp").write_text(source)
    (folder / "call.py").write_text(CALL)
    library = built(kind, folder, (folder / "wrong.cpp",))
    return lambda number: native_check.run(kind, library, number, calls=folder / "call.py")


def test_a_read_beyond_the_end_is_found(tmp_path):
    run = made_wrong("address", tmp_path, WRONG)
    found = run("1000")
    assert found.returncode != 0
    assert "heap-buffer-overflow" in found.stderr
    right = run("999")
    assert right.returncode == 0, right.stderr
    assert right.stdout == "survived\n"


@pytest.mark.soak
def test_nothing_is_found_in_the_library(tmp_path):
    done = native_check.run("address", built("address", tmp_path), "quick")
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    for what in ("of the step's parts", "of the network", "of genomes"):
        assert what in done.stdout


#: Two threads add to one number.
RACE = """
#include <thread>
static long sum = 0;
extern "C" __attribute__((visibility("default"))) float last(const float*, int count) {
    auto add = [&] { for (int i = 0; i < count; i++) sum++; };
    std::thread other(add);
    add();
    other.join();
    return (float)sum;
}
"""


@pytest.mark.soak
def test_a_race_is_found(tmp_path: Path) -> None:
    found = made_wrong("thread", tmp_path, RACE)("100000")
    assert found.returncode != 0
    assert "data race" in found.stderr


@pytest.mark.soak
def test_threads_side_by_side_race_for_nothing_in_the_library(tmp_path: Path) -> None:
    done = native_check.run("thread", built("thread", tmp_path), "quick")
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert "side by side" in done.stdout


def test_sources_that_do_not_compile_are_no_success(tmp_path):
    (tmp_path / "broken.cpp").write_text("int main( {")
    with pytest.raises(subprocess.CalledProcessError):
        built("address", tmp_path, (tmp_path / "broken.cpp",))
