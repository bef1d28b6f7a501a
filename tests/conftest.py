"""Fixtures of every test: photographs to dream over, and the command as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from PIL import Image

from support.browser import Browser
from support.commands import SPINNING, Process, Ran, begin, begin_afresh
from support.forked import FORKS
from support.paths import TESTS
from support.read_once import read_once
from support.slow import all_examples, fewer_examples, leave_to_the_soak
from support.watch import pytest_configure

if TYPE_CHECKING:
    from reverie.jobs.workspace import Workspace

__all__ = ["pytest_configure"]  # a hook
pytest_plugins = ["support.ray_nodes"]
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
os.environ.setdefault(SPINNING, "2000")

hypothesis.settings.register_profile("untimed", deadline=None)  # other workers are as busy
hypothesis.settings.load_profile("untimed")

#: Modules that take half a minute and more, begun first: at the end there would be nothing to do beside them.
LONGEST = (
    "tools/test_native_check.py",
    "gradient/test_tiles.py",
    "motion/film/test_film.py",
    "engine/test_native.py",
    "engine/torch/test_engine.py",
    "motion/film/test_motion.py",
)


@pytest.hookimpl(tryfirst=True)  # before what is not wanted is taken out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest modules first; of slow tables and made up examples a share, unless a case is named."""
    if config.option.markexpr == "soak":
        all_examples(items)
    elif not any("::" in argument for argument in config.args):
        fewer_examples(items)
    if not any("::" in argument for argument in config.args):
        leave_to_the_soak(items)
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.fixture(autouse=True)
def one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """One CPU thread: pictures are small, and several would mostly wait for each other."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    if request.node.get_closest_marker("soak") is None:
        torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def ordinary(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves this process with a real-time priority: every later one would starve the machine."""
    yield
    if sys.platform == "linux" and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail(f"{request.node.nodeid} leaves this process with a real-time priority")


@pytest.fixture(autouse=True, scope="module")
def embedded_read_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Embedded networks are read once in this process, but where it is their reading that is tested."""
    if TESTS / "network" in request.path.parents:
        yield
        return
    with read_once():
        yield


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sample photographs as PNG, no longer than 160 pixels."""
    data = pytest.importorskip("skimage.data")
    folder = tmp_path_factory.mktemp("photographs")
    for name in PHOTOGRAPHS:
        image = Image.fromarray(getattr(data, name)())
        image.thumbnail((160, 160), Image.Resampling.LANCZOS)
        image.save(folder / f"{name}.png")
    return folder


@pytest.fixture
def here(tmp_path: Path, photographs: Path) -> Path:
    """An empty folder to work in, with chelsea.png in it."""
    (tmp_path / "chelsea.png").write_bytes((photographs / "chelsea.png").read_bytes())
    return tmp_path


@pytest.fixture
def in_its_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of ``here``, and this process is in it."""
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def workspace() -> Workspace:
    """A workspace that has Lite0 already."""
    from reverie.jobs.workspace import Workspace
    from support.microscope import lite0

    return Workspace(networks={"lite0": lite0()})


@pytest.fixture
def inside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Ran]]:
    """Run the command in the test's folder and in this process, which has torch already."""
    import torch

    from reverie.cli import main as cli

    threads = torch.get_num_threads()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Ran(code, *capsys.readouterr())

    yield run
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A window of a browser, the same for all tests of a file."""
    with Browser() as window:
        yield window


@pytest.fixture(scope="session")
def page_modules() -> Iterator[Browser]:
    """A browser that the modules of the studio's page can be imported in."""
    from support.studio_page import module_browser

    with module_browser() as window:
        yield window


@pytest.fixture(scope="module")
def window(page_modules: Browser) -> Browser:
    """The same with none of them imported yet; a browser takes seconds to begin, and a new page none."""
    return page_modules.begin(page_modules.address)


@pytest.fixture
def large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The native library takes small convolutions too."""
    from reverie.engine.torch.kernels import dense

    monkeypatch.setattr(dense, "LEAST", 0)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start the command in a process of its own and go on; it is ended with the test.

    It begins with torch loaded, unless it is to begin ``afresh`` or there are no forks.
    """
    processes: list[Process] = []

    def start(*arguments: object, cwd: Path | None = None, afresh: bool = not FORKS) -> Process:
        beginning = begin_afresh if afresh else begin
        processes.append(beginning(map(str, arguments), cwd or tmp_path))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
            with suppress(subprocess.TimeoutExpired):  # it hangs in the kernel, or what it began goes on
                process.communicate(timeout=30)


@pytest.fixture
def reverie(started: Callable[..., Process]) -> Callable[..., Ran]:
    """Run the command as ``started`` does, in the test's folder unless ``cwd`` says where."""

    def run(*arguments: object, timeout: float = 120, **how: Any) -> Ran:
        process = started(*arguments, **how)
        out, err = process.communicate(timeout=timeout)
        assert process.returncode is not None
        return Ran(process.returncode, out, err)

    return run
