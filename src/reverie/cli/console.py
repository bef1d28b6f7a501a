"""What the command says: results on stdout; progress, hints and warnings on stderr, and when to be quiet."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from reverie.errors import ReverieWarning
from reverie.plain_words import clean, cut, shown

#: The most characters of a text in a table.
CELL = 200
#: The most characters of a line of a result.
LINE = 20_000


class Console:
    """Quiet, usual or talkative; a person's terminal or a pipe."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.as_json = as_json
        self.terminal = sys.stderr.isatty() and not quiet
        warnings.showwarning = self._warning

    def result(self, text: str | Sequence[str], document: Any) -> None:
        """A result: the text, a line or several, or the document with --json, in which all is as it is."""
        lines = [text] if isinstance(text, str) else text
        print(json.dumps(document) if self.as_json else "\n".join(map(told, lines)), flush=True)

    def info(self, text: str) -> None:
        """Something nice to know, on a terminal or with -v."""
        if self.terminal or self.verbose:
            self.must(text)

    def must(self, text: str) -> None:
        """Something that has to be said; a line."""
        print(clean(text), file=sys.stderr, flush=True)

    def warn(self, text: str) -> None:
        """A warning, unless it is to be quiet."""
        if not self.quiet:
            self.must(f"warning: {shown(text)}")

    def _warning(self, message: Any, category: Any, *_: Any, **__: Any) -> None:
        if issubclass(category, ReverieWarning):
            self.warn(str(message))
        elif self.verbose:
            self.must(f"{category.__name__}: {shown(str(message))}")


def told(line: str) -> str:
    """A line of a result, as it can be seen."""
    return cut(clean(line), LINE)


def print_table(titles: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table, on a terminal as wide as it is, into a pipe as wide as needed.

    Args:
        titles: Of the columns; one that begins with ``>`` stands over figures, which are aligned right.
        rows: A text in them is shown as it is, whatever it looks like.
    """
    from rich.console import Console as RichConsole
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title.removeprefix(">"), justify="right" if title.startswith(">") else "left")
    for row in rows:
        table.add_row(*(Text(shown(cell, CELL)) if isinstance(cell, str) else cell for cell in row))
    console = RichConsole(highlight=False)
    if not console.is_terminal:
        console = RichConsole(highlight=False, width=200)
    console.print(table)
