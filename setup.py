"""Builds the native library where a C++ compiler is; without one all else is installed all the same."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from multiprocessing.pool import ThreadPool
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

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

#: The same for clang-cl, the compiler on Windows, for cl.exe does not know the vector types of the sources.
#: Behind "/clang:" is an option of clang. With /MT the library brings C++ along and needs no DLL but the
#: system's own. LLVM takes these; that the sources compile so was never tried, for want of a Windows.
WINDOWS_FLAGS = [
    *("/nologo", "/O2", "/std:c++17", "/EHsc", "/MT", "/DNDEBUG", "/W3"),
    "/clang:-fno-math-errno",
]
#: ctypes loads the library, so no version of Python is in its name; native/__init__.py looks for the same.
END = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


def machine() -> str:
    """The processor that is compiled for; on a Mac, ARCHFLAGS may ask for another one than this."""
    asked = re.findall(r"-arch (\S+)", os.environ.get("ARCHFLAGS", "")) if sys.platform == "darwin" else []
    # Both at once, which is what python.org's Python asks for, would be without instruction sets.
    return asked[0] if len(asked) == 1 else platform.machine().lower()


ARCHITECTURE = []
if sys.platform == "darwin":  # never tried on a Mac; LLVM compiles the sources for it
    ARCHITECTURE = ["-arch", machine()]
    # Older ones lack std::aligned_alloc, and torch does not run there either.
    os.environ.setdefault("MACOSX_DEPLOYMENT_TARGET", "11.0")


class BuildNative(build_ext):
    """Compiles each file for its own instruction set; one the compiler does not know is left out."""

    def get_ext_filename(self, fullname: str) -> str:
        return os.path.join(*fullname.split(".")) + END

    def build_extension(self, ext: Extension) -> None:
        option = ""
        if self.compiler.compiler_type == "msvc":
            self.take_clang()
            option, ext.extra_compile_args, ext.extra_link_args = "/clang:", WINDOWS_FLAGS, []
        compile_one = self.compiler.compile

        def compile_all(sources, output_dir=None, extra_postargs=None, **how):
            """As the compiler's own method, but several files at once, each with flags of its own."""

            def one(source):
                def compile_with(flags):
                    return compile_one([source], output_dir, extra_postargs=[*extra_postargs, *flags], **how)

                stem = Path(source).stem
                exact = next((f for start, f in EXACT.items() if stem.startswith(start)), [])
                exact = [option + flag for flag in exact]
                wanted = next((f for end, f in INSTRUCTIONS.items() if stem.endswith(end)), [])
                if not wanted:
                    return compile_with(exact)
                try:
                    if machine() not in ("x86_64", "amd64"):
                        raise RuntimeError("not an x86-64 machine")
                    return compile_with([*exact, *(option + flag for flag in wanted)])
                except Exception as error:
                    print(f"{source}: left out ({error})", file=sys.stderr)
                    return compile_with([*exact, "-DREVERIE_LEFT_OUT"])

            Path(output_dir, SOURCE).mkdir(parents=True, exist_ok=True)
            with ThreadPool(min(os.cpu_count() or 1, MOST_AT_ONCE)) as pool:
                return [made for objects in pool.map(one, sources, chunksize=1) for made in objects]

        self.compiler.compile = compile_all
        try:
            super().build_extension(ext)
        finally:
            del self.compiler.compile

    def take_clang(self) -> None:
        """Compile with clang-cl instead of cl.exe; what it compiles is linked as ever."""
        if not self.compiler.initialized:
            self.compiler.initialize(self.plat_name)
        found = shutil.which("clang-cl")
        if found is None:
            raise CompileError("the sources need clang-cl, which is not on the PATH")
        self.compiler.cc = found
        self.compiler.compile_options = []

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """None: a plain C library, loaded with ctypes, is no Python module."""
        return []


class Wheel(bdist_wheel):
    """A wheel for one platform and every version of Python."""

    def get_tag(self) -> tuple[str, str, str]:
        where = super().get_tag()[2]
        return "py3", "none", where.replace("universal2", machine()) if sys.platform == "darwin" else where


setup(
    cmdclass={"build_ext": BuildNative, "bdist_wheel": Wheel},
    ext_modules=[
        Extension(
            "reverie.native._library",
            sources=sorted(str(p) for p in SOURCE.glob("*.cpp")),
            depends=["setup.py", *sorted(str(p) for p in [*SOURCE.glob("*.h"), *SOURCE.glob("*.inl")])],
            language="c++",
            extra_compile_args=[*FLAGS, *ARCHITECTURE],
            # Without symbols it is a tenth as large.
            extra_link_args=["-pthread", *ARCHITECTURE, *(["-s"] if sys.platform == "linux" else [])],
            optional=True,
        )
    ],
)
