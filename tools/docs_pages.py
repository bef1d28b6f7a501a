"""Fills the pages of docs/ with what the program itself knows, so that they cannot differ from it.

``make docs-tables`` writes it into the pages, where it is read in the folder and on the repository's web
page. It stands between two comments, ``<!-- WHAT NAME: begin -->`` and ``<!-- WHAT NAME: end -->``:

- ``table NAME``: a table of ``docs_tables.py``;
- ``file PATH``: a file of the repository, as a block of code;
- ``reference NAME``: what a name of the library is for; ``NAME[a,b]`` tells of these members alone;
- ``site PATH``: nothing, the page says it in its own words.

As a hook of mkdocs it makes of a page what the site shows: all of a docstring for ``reference``, and the
file itself for ``site``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docs_reference import plain_reference, site_reference
from docs_tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"^(?P<begin><!-- (?P<what>table|file|reference|site) (?P<name>\S+): begin -->)\n"
    r"(?P<inside>.*?)"
    r"^(?P<end><!-- (?P=what) (?P=name): end -->)$",
    re.MULTILINE | re.DOTALL,
)

#: From a name to the text of its block; None leaves the block as it is.
Writer = Callable[[str], str | None]


def in_code(path: str) -> str:
    """A file of the repository as a block of code."""
    return f"```python\n{(ROOT / path).read_text('utf-8')}```"


def whole(path: str) -> str:
    """A file of the repository, as it is."""
    return (ROOT / path).read_text("utf-8").rstrip("\n")


def table(name: str) -> str:
    """A table; KeyError for one that does not exist."""
    return TABLES[name]()


IN_THE_PAGE: dict[str, Writer] = {
    "table": table,
    "file": in_code,
    "reference": plain_reference,
    "site": lambda _: None,
}
ON_THE_SITE: dict[str, Writer] = {**IN_THE_PAGE, "reference": site_reference, "site": whole}


def filled(text: str, writers: Mapping[str, Writer] = IN_THE_PAGE) -> str:
    """A page's text with every block written anew."""

    def block(found: re.Match[str]) -> str:
        written = writers[found["what"]](found["name"])
        return found[0] if written is None else f"{found['begin']}\n\n{written}\n\n{found['end']}"

    return BLOCK.sub(block, text)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page as the built site has it."""
    return filled(markdown, ON_THE_SITE)


def main() -> None:
    """Write every page that is not fresh, and say which."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        before = page.read_text("utf-8")
        after = filled(before)
        if after != before:
            page.write_text(after, "utf-8", newline="\n")
            print(f"wrote {page.relative_to(ROOT).as_posix()}")


if __name__ == "__main__":
    main()
