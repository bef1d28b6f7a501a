"""Run the native library under the compiler's sanitizers: ``python tools/native_check.py address|thread``.

``address`` finds reads and writes outside of what was given (AddressSanitizer) and whatever else C++ leaves
undefined (UBSan); ``thread`` finds data races. The sources are built apart, with the flags of setup.py but
for the optimisation, and with AMX emulated where this processor lacks it; ``native_calls.py`` calls them,
everything once and then from several Python threads side by side.

Nothing is suppressed. OpenMP's runtime was not built with a sanitizer, which would not see its barriers. So
the library works on the pool of its own, which shares work out in the same way: the two part in
``run_threads`` of ``threads.cpp``.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
CALLS = Path(__file__).with_name("native_calls.py")
#: GCC checks every access by a call then, which compiles in two thirds of the time.
CALLS_ALONE = ("--param", "asan-instrumentation-with-call-threshold=0")
#: How much is optimised: what takes longest to compile, and what takes longer to run, emulated as it may be.
LEVEL, EMULATED = "-O1", "-O2"
#: Flags, the runtime that has to be loaded before Python, and how it is told what to do.
KINDS: dict[str, tuple[list[str], str, dict[str, str]]] = {
    "address": (
        [
            *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
            # What AddressSanitizer finds anyway; they triple the time that compiling takes.
            "-fno-sanitize=null,object-size,pointer-overflow",
        ],
        "libasan.so",
        {
            # Python itself leaves memory behind.
            "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1:exitcode=66",
            "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=66",
        },
    ),
    "thread": (["-fsanitize=thread"], "libtsan.so", {"TSAN_OPTIONS": "halt_on_error=1:exitcode=66"}),
}


class CannotCheckError(Exception):
    """No compiler, or none with this sanitizer."""


def compiler() -> str:
    """A C++ compiler of the GNU or LLVM kind."""
    found = shutil.which(os.environ.get("CXX", "")) or shutil.which("g++") or shutil.which("clang++")
    if found is None:
        raise CannotCheckError("no C++ compiler: install g++")
    return found


def runtime(name: str) -> str:
    """The path of a sanitizer's runtime library."""
    asked = [compiler(), f"-print-file-name={name}"]
    path = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(path):  # a name that it does not know is handed back
        raise CannotCheckError(f"{compiler()} has no {name}")
    return path


def recipe() -> dict[str, Any]:
    """The tables of setup.py, without setting anything up."""
    with mock.patch("setuptools.setup"):
        return runpy.run_path(str(ROOT / "setup.py"))


def build(kind: str, folder: Path, sources: Sequence[Path] = ()) -> Path:
    """The library under a sanitizer, in ``folder``; from other sources, if they are given.

    Raises:
        CannotCheckError: There is no compiler with it.
        subprocess.CalledProcessError: The sources do not compile.
    """
    made = recipe()
    flags = [flag for flag in made["FLAGS"] if not flag.startswith("-O")]
    flags += ["-g1", "-fno-omit-frame-pointer", "-fPIC", "-DREVERIE_EMULATE_AMX", *KINDS[kind][0]]
    if kind == "address" and "clang" not in compiler():
        flags += CALLS_ALONE
    files = list(sources) or sorted((ROOT / made["SOURCE"]).glob("*.cpp"))
    files.sort(key=lambda source: not source.stem.endswith("_amx"))  # it takes longest

    def one(source: Path) -> str:
        sets: dict[str, list[str]] = made["INSTRUCTIONS"]
        wanted = next((f for end, f in sets.items() if source.stem.endswith(end)), [])
        level = EMULATED if source.stem.endswith("_amx") else LEVEL
        target = str(folder / f"{source.stem}.o")
        subprocess.run([compiler(), *flags, level, *wanted, "-c", str(source), "-o", target], check=True)
        return target

    runtime(KINDS[kind][1])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(one, files))
    library = folder / f"native-{kind}.so"
    subprocess.run(
        [compiler(), "-shared", "-pthread", *KINDS[kind][0], *objects, "-o", str(library)], check=True
    )
    return library


def run(kind: str, library: Path, *words: str, calls: Path = CALLS) -> subprocess.CompletedProcess[str]:
    """Call the library from a Python with the sanitizer's runtime in it."""
    return subprocess.run(
        [sys.executable, str(calls), str(library), *words],
        env={
            **os.environ,
            **KINDS[kind][2],
            "LD_PRELOAD": runtime(KINDS[kind][1]),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *filter(None, sys.path)]),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def main(kinds: Sequence[str]) -> int:
    """Check by each kind; 0 if nothing was found."""
    worst = 0
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            done = run(kind, build(kind, Path(folder)))
        print(done.stdout, done.stderr, sep="", end="")
        print(f"{kind}: {'nothing found' if done.returncode == 0 else 'FAILED'}")
        worst = max(worst, abs(done.returncode))
    return worst


if __name__ == "__main__":
    if set(sys.argv[1:]) - set(KINDS) or len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotCheckError as error:
        sys.exit(str(error))
