"""Where files lie, tests where the code lies, and what is called what."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import reverie
from support.commands import environment
from support.paths import ROOT, SOURCES, TESTS

PACKAGE = SOURCES / "reverie"
#: These try more than one file, or none of the package.
ELSEWHERE = (
    "end_to_end",
    "support",
    "tools",
    "benchmarks",
    "test_browser.py",
    "test_imports.py",
    "test_layout.py",
    "test_slow.py",
    "test_watch.py",
)


def source_of(path: Path) -> Path | None:
    """The source that a file of tests is for: test_page_family.py is for page_family.py or else page.py."""
    words = path.stem.split("_")[1:]
    names = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    folder = PACKAGE / path.parent.relative_to(TESTS)
    sources = (folder / f"{name}.{kind}" for name in names for kind in ("py", "js"))
    return next((source for source in sources if source.is_file()), None)


def test_tests_lie_where_the_code_lies() -> None:
    files = [p for p in sorted(TESTS.rglob("test_*.py")) if p.relative_to(TESTS).parts[0] not in ELSEWHERE]
    assert len(files) > 80
    lost = [p.relative_to(TESTS).as_posix() for p in files if not source_of(p)]
    assert not lost, "no source of that name in the same folder of src/reverie/"


def test_nothing_but_tests_what_they_share_and_settings_lies_there() -> None:
    """Other files would not be run: no file in a folder of tests goes by another name."""
    others = [p for p in TESTS.rglob("*.py") if "support" not in p.relative_to(TESTS).parts]
    assert [p for p in others if not p.name.startswith("test_")] == [TESTS / "conftest.py"]


def test_a_class_name_stands_for_one_thing() -> None:
    """Who reads of a class knows which it is: no two folders have one of the same name."""
    homes: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, set()).add(path.parent.relative_to(PACKAGE).as_posix())
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}


def test_every_public_name_is_there() -> None:
    assert len(set(reverie.__all__)) == len(reverie.__all__)
    for name in reverie.__all__:
        assert getattr(reverie, name) is not None, name


def test_importing_loads_nothing_large() -> None:
    code = "import sys, reverie; print({'torch', 'typer', 'rich', 'av', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "set()\n"), done.stderr


def test_no_folder_bears_the_name_of_a_public_function() -> None:
    """Importing a module of such a folder would put the folder in the function's place."""
    functions = {name for name in reverie.__all__ if inspect.isfunction(getattr(reverie, name))}
    assert {"dream", "render", "preset"} <= functions
    assert not functions & {path.name for path in PACKAGE.iterdir() if path.is_dir()}


# -- docs/design.md ---------------------------------------------------------------------------------------


def design() -> str:
    return (ROOT / "docs" / "design.md").read_text("utf-8")


def tree() -> set[str]:
    """Every path of the tree in the page, from the repository's folder; two in a line stand side by side."""
    block = design().partition("\n    src/reverie/\n")[2].partition("\n\nData flow")[0]
    found, parents = {"src/reverie/"}, {2: "src/reverie/"}
    for line in block.splitlines():
        indent = (len(line) - len(line.lstrip())) // 2
        for name in re.findall(r"(?:^|\s{2,})([\w.]+(?:/|\.py))(?=\s)", line):
            path = ("" if indent == 2 and name.endswith("/") else parents[indent - 1]) + name
            found.add(path)
            if name.endswith("/"):
                parents[indent] = path
    return found


def test_every_path_of_the_design_exists() -> None:
    paths = tree()
    assert len(paths) > 40
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    named = re.findall(r"`([\w/.]+/[\w/.]*|[\w/]+\.py)`", design())
    roots = (ROOT, ROOT / "src/reverie", *PACKAGE.rglob("*/"))
    gone = [name for name in named if not any((root / name).exists() for root in roots)]
    assert gone == []


def test_every_folder_is_in_the_design() -> None:
    folders = {
        f"{path.relative_to(ROOT).as_posix()}/"
        for path in PACKAGE.rglob("*/")
        if any(path.glob("*.py")) or path.name == "source"
    }
    assert folders - tree() == set()
