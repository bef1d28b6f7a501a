"""Installing: without a C++ compiler all works and doctor says what is missed; with one it is built."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from reverie import native
from support.paths import ROOT

setuptools = pytest.importorskip("setuptools")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        int(setuptools.__version__.split(".")[0]) < 77, reason="setuptools is too old to build"
    ),
]


class Clean:
    """A virtual environment that sees the packages of this one but for reverie, and a copy of the sources."""

    def __init__(self, folder: Path, path: str, settings: Mapping[str, str]) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=False)
        self.python = next((folder / "venv").glob("bin/python")) if os.name == "posix" else None
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        # Files of these folders that name further ones, as an editable installation's does, are not read.
        (site / "this.pth").write_text("\n".join({sysconfig.get_path(k) for k in ("purelib", "platlib")}))
        self.site = site
        kept = ("HOME", "LANG", "TMPDIR", "SYSTEMROOT")
        self.environment = {k: v for k, v in os.environ.items() if k in kept}
        self.environment |= {"PATH": path, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **settings}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A Python command in an empty folder, so that no sources are imported from there."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        assert self.python is not None
        return subprocess.run(
            [self.python, *words],
            cwd=empty,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def install(self) -> subprocess.CompletedProcess[str]:
        """As pip does for a user, without fetching anything."""
        source = self.folder / "source"
        source.mkdir()
        for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "constraints.txt"):
            shutil.copy(ROOT / name, source)
        built = shutil.ignore_patterns("*.so", "*.pyd", "*.dylib", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / "src", source / "src", ignore=built)
        words = ("--no-deps", "--no-build-isolation", "--no-index", "--ignore-installed", "-v")
        return self.run("-m", "pip", "install", *words, str(source))


@pytest.mark.soak  # that the wheel dreams without one is tried each time
def test_without_a_compiler_it_installs_and_dreams_and_doctor_says_what_is_missed(tmp_path):
    (tmp_path / "bin").mkdir()
    nowhere = str(tmp_path / "nowhere")
    clean = Clean(tmp_path, str(tmp_path / "bin"), {"CC": nowhere, "CXX": nowhere})
    done = clean.install()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clean.site / "reverie" / "cli").is_dir()
    assert not list((clean.site / "reverie" / "native").glob("_library*"))

    done = clean.run("-m", "reverie", "doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["healthy"]
    assert any("no C++ compiler" in finding["found"] for finding in said["findings"])

    words = ("--from", "clouds", "--size", "64x64", "--steps", "2", "-o", "d.png", "--json")
    done = clean.run("-m", "reverie", "dream", *words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "empty" / "d.png").stat().st_size > 1000
    assert clean.run("-c", "from reverie import native; assert native.library() is None").returncode == 0


#: A compiler that is quick, for it does not optimise, and old, for it knows no bf16.
OLD = """#!/bin/sh
for word in "$@"; do
    case $word in
        -mavx512bf16) echo "unknown option $word" >&2; exit 1;;
    esac
    shift
    case $word in
        -O3) set -- "$@" -O0;;
        *) set -- "$@" "$word";;
    esac
done
exec {compiler} "$@"
"""

WHAT = """
import json
from reverie import native
from reverie.engine.select import make_engine
from reverie.network.zoo import load_net

engine = make_engine("auto", load_net("lite0"), device="cpu")
print(json.dumps([native.missing(), [i.name for i in native.instruction_sets()], engine.name]))
"""


@pytest.mark.soak  # whoever runs tests has installed it so
@pytest.mark.skipif(os.name != "posix", reason="the compiler that is made up is a shell script")
def test_with_a_compiler_the_library_is_built_and_loads_whatever_the_compiler_does_not_know(tmp_path):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    old = tmp_path / "old"
    old.write_text(OLD.format(compiler=compiler))
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    clean = Clean(tmp_path, os.environ["PATH"], {"CC": str(old), "CXX": str(old)})
    done = clean.install()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out" in done.stdout + done.stderr
    assert len(list((clean.site / "reverie" / "native").glob("_library*"))) == 1

    done = clean.run("-c", WHAT)
    assert done.returncode == 0, done.stderr
    missing, sets, engine = json.loads(done.stdout)
    assert missing == ""
    known = [isa.name for isa in native.instruction_sets() if isa <= native.Isa.AVX512]
    assert sets == known
    assert engine == ("native" if known else "torch")


def test_the_library_that_is_here_is_of_this_version():
    if not shutil.which("g++") and not shutil.which("clang++"):
        pytest.skip("no C++ compiler on this machine")
    assert native.missing() == ""
    library = native.library()
    assert library is not None
    assert library.reverie_abi() == native.ABI
