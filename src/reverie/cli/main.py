"""The command line: a thin skin over recipes and runs. Nothing else in reverie knows that it exists."""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence

from reverie.engine.environment import ENVIRONMENT
from reverie.errors import ResourceError, ReverieError
from reverie.plain_words import clean_lines, shown
from reverie.process.room import check_room, is_of_memory
from reverie.process.streams import Streams

INTERRUPTED = 130
#: The most characters of what is said to be done.
LINE = 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _listen()
    streams = Streams()
    code = run(given)
    if threading.current_thread() is threading.main_thread():
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # one more changes the code no more
    try:
        streams.settle()
    except ResourceError as error:
        print(f"error: {error}", file=sys.stderr)
        code = code or error.exit_code
    sys.exit(code)


def _listen() -> None:
    """Hear Ctrl-C (SIGINT) also where a script began us in the background, which has it ignored."""
    main_thread = threading.current_thread() is threading.main_thread()
    if main_thread and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def run(arguments: list[str]) -> int:
    """Run the command; every error is one line on stderr, and one JSON object on stdout with ``--json``."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    found: BaseException
    try:
        check_room(options)
        from reverie.cli.app import command
        from reverie.cli.meant import TAKEN, meant

        root = command()
        words, note = meant(arguments, root.commands)
        TAKEN.set(words)
        if note:
            print(shown(note, LINE), file=sys.stderr)
        code = int(root(args=words, prog_name="reverie", standalone_mode=False) or 0)
        if code == INTERRUPTED:  # what some versions of typer make of a KeyboardInterrupt, without a word
            raise KeyboardInterrupt
        return code
    except ReverieError as error:
        found, code, message = error, error.exit_code, str(error)
    except KeyboardInterrupt as error:
        found, code, message = error, INTERRUPTED, "stopped; nothing was written"
    except Exception as error:
        code, message = _explained(error)
        if code == 1 and "" in arguments:
            code, message = 2, "a word is empty, as of quotes around nothing or a variable that is not set"
        found = error
    if "--debug" in options:
        print(clean_lines("".join(traceback.format_exception(found))), file=sys.stderr)
    print(f"error: {message}", file=sys.stderr)
    if "--json" in options:
        print(json.dumps({"error": {"code": code, "message": message}}))
    return code


def _explained(error: Exception) -> tuple[int, str]:
    """Exit code and one line for an exception of the command line's parser, or for a defect."""
    if type(error).__name__ == "Abort":
        return INTERRUPTED, "stopped; nothing was written"
    tell = getattr(error, "format_message", None)
    if callable(tell):  # click's usage errors, which typer hands on under one of two names
        from reverie.cli.instead import what_to_type

        return 2, shown(str(tell())).rstrip(".") + what_to_type(error)
    if is_of_memory(error):
        return 6, "out of memory; use --max-size, or give the process more"
    if isinstance(error, OSError) and error.errno is not None:  # of the system, which nobody expected here
        where = "" if error.filename is None else f"{shown(str(error.filename))}: "
        return 6, f"{where}{error.strerror}; make that possible, then try again"
    if isinstance(error, RecursionError):
        return 2, "what was given is nested too deeply; give something simpler"
    if isinstance(error, ValueError) and "int_max_str_digits" in str(error):
        return 2, f"a number of over {sys.get_int_max_str_digits()} digits; give a smaller one"
    said = shown(f"{type(error).__name__}: {error}", 300)
    return 1, f"internal error: {said} (--debug shows where)"
