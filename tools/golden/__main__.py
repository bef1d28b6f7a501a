"""Record what ``reverie`` commands make, and compare two recordings: nothing may change that ought not to.

    python tools/golden record --reverie .venv/bin/reverie --out before.json
    python tools/golden compare before.json after.json
    python tools/golden rerun --reverie .venv/bin/reverie --results DIR

``record`` runs every command of ``CASES`` in ``cases.py``, each case in a folder of its own, and writes down
exit codes, the SHA-256 of every file that was written, and what was said, with times masked. ``--keep``
leaves the results in ``DIR/results`` of ``--work DIR``; ``rerun`` has another version make those again from
their own recipes.

Results are the same only on the same machine with the same versions of torch and the other libraries. The
tool itself needs Python alone; the photographs are made by the Python beside ``reverie``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

# Python looks in this folder; it is to look where the folder is, as if it were one file there.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden.comparing import compare
from golden.errors import GoldenError
from golden.inputs import make_inputs
from golden.recording import record
from golden.rerunning import rerun
from golden.server import serve

#: Cases at the same time, where nothing is said.
JOBS: Final = 2


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="golden", description=(__doc__ or "").partition("\n")[0])
    verbs = found.add_subparsers(dest="verb", required=True)
    recording = verbs.add_parser("record", help="run the commands and write down what they make")
    recording.add_argument("--out", required=True, help="the recording, a JSON file")
    recording.add_argument("--work", help="a folder to work in (default: one that is removed)")
    recording.add_argument("--keep", action="store_true", help="leave the results in WORK/results")
    comparing = verbs.add_parser("compare", help="print where two recordings differ; 1 if they do")
    comparing.add_argument("old")
    comparing.add_argument("new")
    again = verbs.add_parser("rerun", help="have another version make kept results again")
    again.add_argument("--results", required=True, help="the folder of results that record --keep left")
    again.add_argument("--least", type=int, default=10, help="how many there have to be (default 10)")
    for verb in (recording, again):
        verb.add_argument("--reverie", required=True, help="the command; its Python is beside it")
        verb.add_argument("--jobs", type=int, default=JOBS, help=f"at the same time (default {JOBS})")
        verb.add_argument(
            "--fresh",
            action="store_true",
            default=not sys.platform.startswith("linux"),
            help="begin each command as a user does; three times as slow",
        )
    for verb in (recording, comparing, again):
        verb.add_argument("--only", default="", help="cases whose names this regular expression finds")
    inputs = verbs.add_parser("inputs", help="make the photographs and films alone")
    inputs.add_argument("folder")
    verbs.add_parser("serve", help="what commands are forked from")
    return found


def main() -> int:
    """Do what the command line asks for."""
    options = parser().parse_args()
    try:
        if options.verb == "inputs":
            make_inputs(Path(options.folder))
            return 0
        if options.verb == "serve":
            serve()
            return 0
        return {"record": record, "compare": compare, "rerun": rerun}[options.verb](options)
    except GoldenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
