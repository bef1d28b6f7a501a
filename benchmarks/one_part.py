"""Run the part of a benchmark that its command line names."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

from reverie.jobs.bench.machine import describe, in_words
from reverie.process.cores import cores


def part_parser(module: str, description: str | None, parts: Mapping[str, object]) -> argparse.ArgumentParser:
    """The parser of ``python -m MODULE PART``."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("part", choices=parts)
    return made


def run_part(
    parser: argparse.ArgumentParser,
    parts: Mapping[str, Callable[[argparse.Namespace], None]],
    arguments: Sequence[str] | None = None,
) -> int:
    """Say which machine this is, and run ``parts[part]`` with what the parser made of the arguments."""
    given = parser.parse_args(arguments)
    print(in_words(describe(), given.threads or cores()), flush=True)
    parts[given.part](given)
    return 0
