"""What the command says: results on stdout; progress, hints and warnings on stderr, and when to be quiet."""

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

from reverie.errors import ReverieWarning

if TYPE_CHECKING:
    from rich.table import Table


class Console:
    """Quiet, usual or talkative; a person's terminal or a pipe."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.as_json = as_json
        self.terminal = sys.stderr.isatty() and not quiet
        warnings.showwarning = self._warning

    def result(self, text: str, document: Any) -> None:
        """A result: the text, or the document with --json."""
        print(json.dumps(document) if self.as_json else text, flush=True)

    def info(self, text: str) -> None:
        """Something nice to know, on a terminal or with -v."""
        if self.terminal or self.verbose:
            print(text, file=sys.stderr, flush=True)

    def must(self, text: str) -> None:
        """Something that has to be said."""
        print(text, file=sys.stderr, flush=True)

    def warn(self, text: str) -> None:
        """A warning, unless it is to be quiet."""
        if not self.quiet:
            self.must(f"warning: {' '.join(text.split())}")

    def _warning(self, message: Any, category: Any, *_: Any, **__: Any) -> None:
        if issubclass(category, ReverieWarning):
            self.warn(str(message))
        elif self.verbose:
            self.must(f"{category.__name__}: {' '.join(str(message).split())}")


def table_of(*columns: tuple[str, Any]) -> Table:
    """An empty table with these columns: title and how it is aligned."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify)
    return table


def print_table(table: Table) -> None:
    """On a terminal as wide as it is, into a pipe as wide as needed."""
    from rich.console import Console as RichConsole

    console = RichConsole(highlight=False)
    if not console.is_terminal:
        console = RichConsole(highlight=False, width=200)
    console.print(table)
