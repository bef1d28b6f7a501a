"""Builds the native library where a C++ compiler is; without one all else is installed all the same."""

from __future__ import annotations

import os
import platform
import sys
from multiprocessing.pool import ThreadPool
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCE = Path("src/reverie/native/source")

#: One binary with several instruction sets: a file whose name ends so is compiled for that one, and run only
#: where the processor has it.
INSTRUCTIONS = {
    "_avx2": ["-mavx2", "-mfma"],
    "_avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"],
    "_bf16": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mavx512bf16"],
    "_amx": [
        *("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mavx512bf16"),
        *("-mamx-tile", "-mamx-bf16"),
    ],
}
MOST_AT_ONCE = 8  # files: some take half a gigabyte to compile
FLAGS = [
    *("-O3", "-std=c++17", "-fvisibility=hidden", "-fno-math-errno", "-pthread", "-Wall", "-Wextra"),
    # Python asks for symbols, which would be stripped; to make them takes a third of the time.
    "-g0",
    # The compiler's own headers of AVX-512 set these two off.
    *("-Wno-uninitialized", "-Wno-maybe-uninitialized"),
]
#: For files that promise the same bytes in every instruction set: no multiply-add is fused into one rounding.
EXACT = {"cppn": ["-ffp-contract=off"], "surfaces": ["-ffp-contract=off"]}


class BuildNative(build_ext):
    """Compiles each file for its own instruction set; one the compiler does not know is left out."""

    def build_extension(self, ext: Extension) -> None:
        compile_one = self.compiler._compile

        def compile_for(obj, src, extension, arguments, extra, macros):
            wanted = next((f for end, f in INSTRUCTIONS.items() if Path(src).stem.endswith(end)), [])
            extra = [*extra, *next((f for start, f in EXACT.items() if Path(src).stem.startswith(start)), [])]
            if not wanted:
                compile_one(obj, src, extension, arguments, extra, macros)
                return
            try:
                if platform.machine().lower() not in ("x86_64", "amd64"):
                    raise RuntimeError("not an x86-64 machine")
                compile_one(obj, src, extension, arguments, [*extra, *wanted], macros)
            except Exception as error:
                print(f"{src}: left out ({error})", file=sys.stderr)
                compile_one(obj, src, extension, arguments, [*extra, "-DREVERIE_LEFT_OUT"], macros)

        def compile_all(sources, output_dir=None, macros=None, include_dirs=None, debug=0, extra_preargs=None,
                        extra_postargs=None, depends=None):  # fmt: skip
            """As the compiler's own method, but several files at once."""
            macros, objects, extra, first, build = self.compiler._setup_compile(
                output_dir, macros, include_dirs, sources, depends, extra_postargs
            )
            arguments = self.compiler._get_cc_args(first, debug, extra_preargs)

            def one(obj):
                compile_for(obj, *build[obj], arguments, extra, first)

            with ThreadPool(min(os.cpu_count() or 1, MOST_AT_ONCE)) as pool:
                pool.map(one, [obj for obj in objects if obj in build], chunksize=1)
            return objects

        self.compiler.compile = compile_all
        try:
            super().build_extension(ext)
        finally:
            del self.compiler.compile

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """None: a plain C library, loaded with ctypes, is no Python module."""
        return []


setup(
    cmdclass={"build_ext": BuildNative},
    ext_modules=[
        Extension(
            "reverie.native._library",
            sources=sorted(str(p) for p in SOURCE.glob("*.cpp")),
            depends=sorted(str(p) for p in [*SOURCE.glob("*.h"), *SOURCE.glob("*.inl")]),
            language="c++",
            extra_compile_args=FLAGS,
            # Without symbols it is a tenth as large.
            extra_link_args=["-pthread", *(["-s"] if sys.platform == "linux" else [])],
            optional=True,
        )
    ],
)
