"""The native library under the compiler's sanitizers, and that these would find what is wrong."""

from __future__ import annotations

import subprocess
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


def test_a_read_beyond_the_end_is_found(tmp_path):
    (tmp_path / "wrong.cpp").write_text(WRONG)
    (tmp_path / "call.py").write_text(CALL)
    library = built("address", tmp_path, (tmp_path / "wrong.cpp",))
    found = native_check.run("address", library, "1000", calls=tmp_path / "call.py")
    assert found.returncode != 0
    assert "heap-buffer-overflow" in found.stderr
    right = native_check.run("address", library, "999", calls=tmp_path / "call.py")
    assert right.returncode == 0, right.stderr
    assert right.stdout == "survived\n"


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
    (tmp_path / "race.cpp").write_text(RACE)
    (tmp_path / "call.py").write_text(CALL)
    library = built("thread", tmp_path, (tmp_path / "race.cpp",))
    found = native_check.run("thread", library, "100000", calls=tmp_path / "call.py")
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
