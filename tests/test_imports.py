"""Imports run one way: the contracts of ``[tool.importlinter]`` in pyproject.toml, held by pytest too."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest
from importlinter.cli import lint_imports

from support.paths import ROOT


@pytest.mark.slow
def test_imports_run_down_and_never_in_a_circle(capsys: pytest.CaptureFixture[str]) -> None:
    broken = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    if broken:
        pytest.fail(capsys.readouterr().out, pytrace=False)


def test_no_folder_waits_for_what_is_in_it_and_imports_it() -> None:
    # The contract compares siblings; a folder's own __init__ and what it imports are none.
    graph = grimp.build_graph("reverie", cache_dir=None)
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " <- ".join(error.args[1]), pytrace=False)
