"""Where Ray is not installed everything else runs, and what needs it says so in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commands import Ran, run_code
from support.paths import TESTS

#: The command where ``import ray`` fails as it does without the package.
HIDDEN = """
import sys
sys.modules["ray"] = None
from reverie.cli.main import main
main(sys.argv[1:])
"""


def without(folder: Path, *words: str) -> Ran:
    return run_code(HIDDEN, *words, folder=folder)


@pytest.mark.slow
def test_a_dream_needs_none_of_it(here: Path) -> None:
    found = without(here, "dream", "chelsea.png", "-o", "d.png", "--steps", "1", "--octaves", "1")
    assert found.rc == 0, found.stderr
    assert (here / "d.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("see", "tabby", "block5c:1", "-o", "p.png", "--cluster", "local"),
        ("film", "a.mp4", "-o", "f.mp4", "--cluster", "auto"),
        ("fool", "-o", "fooled", "--cluster", "10.0.0.1:6379"),
        ("cluster", "auto"),
    ],
)
def test_what_needs_it_says_what_to_install(tmp_path: Path, words: tuple[str, ...]) -> None:
    found = without(tmp_path, *words)
    found.refused(2, 'Ray is not installed; pip install "reverie[cluster]"')
    assert not list(tmp_path.iterdir())


def test_nothing_but_the_cluster_asks_for_it() -> None:
    """And that only within functions, so that a job's modules load without it."""
    sources = TESTS.parent / "src" / "reverie"
    asks = {
        path.relative_to(sources).as_posix()
        for path in sources.rglob("*.py")
        if any(line.strip().startswith(("import ray", "from ray")) for line in path.read_text().splitlines())
    }
    assert asks == {"jobs/cluster/connect.py", "jobs/cluster/ray_cluster.py"}
    for path in asks:
        assert not any(
            line.startswith(("import ray", "from ray")) for line in (sources / path).read_text().splitlines()
        )
