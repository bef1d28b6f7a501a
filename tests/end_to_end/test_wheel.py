"""The wheel: what is inside, and that it dreams where no compiler is, byte for byte as the checkout does."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import release
from reverie import __version__, native

if sys.platform == "linux":
    pytest.importorskip("auditwheel")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="paths of virtual environments are those of POSIX"),
    pytest.mark.skipif(not native.FILE.exists(), reason="no native library here"),
]
SOURCES = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "constraints.txt",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The archive of the sources, packed from a copy without anything that was built."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy2(release.ROOT / name, source)
    built = shutil.ignore_patterns("_library*", "*.egg-info", "__pycache__")
    shutil.copytree(release.ROOT / "src", source / "src", ignore=built)
    return release.sdist(tmp_path_factory.mktemp("sdist"), source)


@pytest.fixture(scope="module")
def made(archive, tmp_path_factory):
    """The wheel; it takes the checkout's library along unless a source is newer."""
    return release.wheel(archive, tmp_path_factory.mktemp("wheel"), native.FILE)


def inside(made, name):
    """The text of a file of the wheel's notes about itself."""
    with zipfile.ZipFile(made) as opened:
        return opened.read(f"reverie-{__version__}.dist-info/{name}").decode()


def test_it_has_all_of_the_package_and_no_sources_of_the_library(made):
    assert release.problems(made) == []
    here = release.contents(made)
    ends = (
        "py.typed",
        "imagenet_classes.tsv",
        "wordnet_nouns.tsv.gz",
        "wordnet_licence.txt",
        ".npz",
        "templates/base.html",
        "static/site.js",
        "page_files/page.js",
        "page/page.html",
        "page/shared/say.js",
    )
    for end in ends:
        assert any(name.endswith(end) for name in here), end
    assert f"reverie/native/{native.FILE.name}" in here
    assert not [name for name in here if name.endswith((".cpp", ".h", ".inl")) or "tests" in name]
    said = email.message_from_string(inside(made, "WHEEL"))
    assert said["Root-Is-Purelib"] == "false"
    assert all(tag.startswith("py3-none-") for tag in said.get_all("Tag"))
    assert "reverie = reverie.cli.main:main" in inside(made, "entry_points.txt")
    about = email.message_from_string(inside(made, "METADATA"))
    assert (about["Version"], about["License-Expression"]) == (__version__, "MIT")


def test_what_is_wrong_with_a_wheel_is_said(made, tmp_path):
    bad = tmp_path / "reverie-0-cp311-cp311-linux_x86_64.whl"
    left_out = ("py.typed", "LICENSE", native.FILE.name)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            if not name.endswith(left_out):
                new.writestr(name, old.read(name))
        new.writestr("reverie/native/source/api.h", "")
    assert release.problems(bad) == [
        "reverie/py.typed is missing",
        "reverie/native/source/api.h is too many",
        "no native library inside",
        "no licence inside",
        "not named as a wheel for one platform and every Python 3",
    ]


def test_without_a_compiler_it_dreams_the_bytes_of_the_checkout(made, here, reverie, tmp_path):
    folder = tmp_path / "clean"
    venv.create(folder, with_pip=False)
    (site,) = (folder / "lib").glob("python*/site-packages")
    # The dependencies of this environment, so that nothing is fetched. An editable reverie there is not seen:
    # files in these folders that name further ones are not read.
    packages = [path for path in sys.path if Path(path).name == "site-packages"]
    (site / "dependencies.pth").write_text("\n".join(packages))
    nowhere = str(tmp_path / "nowhere")
    environment = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    environment |= {"PATH": str(folder / "bin"), "CC": nowhere, "CXX": nowhere, "NO_COLOR": "1"}
    work = tmp_path / "work"
    work.mkdir()

    def run(program, *words):
        done = subprocess.run(
            [folder / "bin" / program, *words], cwd=work, env=environment, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    options = ("--no-deps", "--no-index", "--ignore-installed", "--no-compile", "-q")
    run("python", "-m", "pip", "install", *options, made)
    where = "import reverie; from reverie import native; print(reverie.__file__, native.library()._name)"
    package = site / "reverie"
    assert run("python", "-c", where).split() == [
        str(package / "__init__.py"),
        str(package / "native" / native.FILE.name),
    ]

    words = ("dream", "chelsea.png", "-o", "dream.png", "--engine", "native", "--threads", "1")
    shutil.copy(here / "chelsea.png", work)
    run("reverie", *words)
    assert reverie(*words).rc == 0
    assert (work / "dream.png").read_bytes() == (here / "dream.png").read_bytes()


@pytest.mark.soak
def test_compiled_afresh_from_the_archive_it_has_the_same_files(archive, made, tmp_path):
    again = release.wheel(archive, tmp_path)
    assert again.name == made.name
    assert release.contents(again) == release.contents(made)
