"""Builds the native library where a C++ compiler is; without one all else is installed all the same."""

from __future__ import annotations

import platform
import sys
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
FLAGS = [
    *("-O3", "-std=c++17", "-fvisibility=hidden", "-fno-math-errno", "-pthread", "-Wall", "-Wextra"),
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

        self.compiler._compile = compile_for
        try:
            super().build_extension(ext)
        finally:
            self.compiler._compile = compile_one

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
