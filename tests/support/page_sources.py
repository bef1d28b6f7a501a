"""What holds of the sources of every page of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def ours(folder: Path) -> list[Path]:
    """The page's own modules."""
    return sorted(p for p in folder.rglob("*.js") if p.parent.name != "vendor")


def wrong_with(folder: Path, *, may_be_long: str = "") -> dict[str, list[str]]:
    """What of a page's sources should not be so, by what it is; nothing at best."""
    keys = texts(folder)
    found = {
        "names another origin": name_another_origin(folder),
        "has code or style within": have_code_within(folder),
        "text that nothing says": unused_texts(folder),
        "text that is there twice": [key for key in set(keys) if keys.count(key) > 1],
        "file that is long": [
            path.name
            for path in ours(folder)
            if path.name != may_be_long and len(path.read_text("utf-8").splitlines()) > 400
        ],
    }
    return {what: names for what, names in found.items() if names}


def name_another_origin(folder: Path) -> list[str]:
    """Files that name an address elsewhere."""
    found = []
    for path in (*folder.rglob("*.js"), *folder.rglob("*.css"), *folder.rglob("*.html")):
        text = re.sub(r'"http://www\.w3\.org/[^"]*"', "", path.read_text("utf-8"))
        if re.search(r"https?://(?!\$)|@import|url\(", text):
            found.append(path.name)
    return found


def have_code_within(folder: Path) -> list[str]:
    """Modules that make elements of text, or run it."""
    wrong = r"\beval\(|new Function|innerHTML|style=\"|\bon[a-z]+=\""
    return [path.name for path in ours(folder) if re.search(wrong, path.read_text("utf-8"))]


def texts(folder: Path) -> list[str]:
    """The keys of the page's texts."""
    return re.findall(r'^  "([\w.]+)":', (folder / "texts.js").read_text("utf-8"), re.MULTILINE)


def unused_texts(folder: Path) -> list[str]:
    """Keys that nothing says, as they are or as the beginning of what is put together: t(`tab.${name}`)."""
    code = "\n".join(path.read_text("utf-8") for path in ours(folder) if path.name != "texts.js")
    made = re.findall(r"`([a-z.]+\.)\$\{", code)
    return [
        key for key in texts(folder) if f'"{key}"' not in code and not any(key.startswith(m) for m in made)
    ]


def compiler() -> list[str]:
    """The type checker that tools/typescript.sh installs, or the machine's own."""
    beside = Path(sys.prefix) / "typescript" / "node_modules" / ".bin" / "tsc"
    found = str(beside) if beside.is_file() else shutil.which("tsc")
    return [found] if found and shutil.which("node") else []


needs_compiler = pytest.mark.skipif(
    not compiler(), reason="no TypeScript here: tools/typescript.sh installs it where npm is"
)


def wrong_types(folder: Path) -> str:
    """What the TypeScript compiler says of the page's types, which are comments (JSDoc)."""
    command = [*compiler(), "-p", str(folder / "jsconfig.json")]
    return subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
