"""Running the cases and writing down what they make."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from golden.case import Case, Stop
from golden.cases import CASES
from golden.errors import GoldenError
from golden.results import hashes, result
from golden.running import PATIENCE, Afresh, Forked
from golden.workshop import Workshop, command

#: Version of the recording's own format.
FORMAT: Final = 1


def needed(one: Case, inputs: Path) -> Iterator[Path]:
    """The inputs that a case names."""
    said = " ".join(word for words in one.commands for word in words)
    named = {path.split("/")[0] for path in re.findall(r"[\w./-]+", said)}
    for path in sorted(inputs.iterdir()):
        if path.name in named | {*one.needs}:
            yield path


def furnish(one: Case, inputs: Path, folder: Path) -> None:
    """Make a case's folder, with its inputs in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in needed(one, inputs):
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copyfile(path, folder / path.name)


def interrupt(shop: Workshop, one: Case, stop: Stop, folder: Path) -> None:
    """Begin a case's last command and end it from outside, as often as is asked for."""

    def there() -> set[tuple[str, int]]:
        found = set()
        for path in folder.glob(stop.once):
            try:
                found.add((str(path), path.stat().st_mtime_ns))
            except FileNotFoundError:  # replaced meanwhile
                continue
        return found

    words = one.commands[-1]
    with tempfile.TemporaryDirectory(dir=shop.work / "temporary") as said:
        for _ in range(stop.times):
            before = there()
            process = shop.begin(words, folder, Path(said), one.environment)
            while (code := process.ended(0)) is None and there() <= before:
                time.sleep(0.003)
            if code is None:
                time.sleep(stop.after)
                if (code := process.ended(0)) is None:
                    process.send(stop.by)
                    code = process.ended(PATIENCE)
            if code == 0:
                raise GoldenError(
                    f"reverie {shlex.join(words)}: ended too soon to be stopped; make it longer"
                )
            if code not in (-stop.by, 130):
                words_of_it = (Path(said) / "err").read_text("utf-8", "replace").strip()
                raise GoldenError(f"reverie {shlex.join(words)}: {words_of_it}")


def carry_out(shop: Workshop, name: str, folder: Path) -> dict[str, Any]:
    """One case's record."""
    one = CASES[name]
    furnish(one, shop.inputs, folder)
    before = hashes(folder)
    said: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        for index, words in enumerate(one.commands):
            last = index == len(one.commands) - 1
            given, stop = list(words), one.stop if last else None
            if stop is not None:
                interrupt(shop, one, stop, folder)
                given += stop.more
            code, out, err = shop.run(given, folder, one.environment)
            entry: dict[str, Any] = {"command": shlex.join(["reverie", *given]), "exit": code}
            if stop is None:  # else how much it still had to say depends on when it was stopped
                entry |= {"stdout": out, "stderr": err}
            said.append(entry)
            if code != (one.code if last else 0):
                problems.append(f"{entry['command']}: ended with {code}: {err or out}")
    except GoldenError as error:
        problems.append(str(error))
    if one.equal is not None:
        first, second = (result(folder / place) for place in one.equal)
        if first is None or first != second:
            problems.append(f"{' and '.join(one.equal)} are not the same")
    if one.again and result(folder / one.again) is None:
        problems.append(f"{one.again} is not there")
    files = {path: found for path, found in hashes(folder).items() if before.get(path) != found}
    return {"said": said, "files": files, "problems": problems}


def folder_name(name: str) -> str:
    """A case's folder."""
    return name.replace("/", ".")


def record(options: argparse.Namespace) -> int:
    """Run the cases and write the recording."""
    wanted = [name for name in CASES if re.search(options.only, name)]
    if not wanted:
        raise GoldenError(f"--only {options.only}: no case of that name")
    work = Path(options.work or tempfile.mkdtemp(prefix="golden-")).absolute()
    work.mkdir(parents=True, exist_ok=True)
    shop = Workshop(command(options.reverie), work, Afresh if options.fresh else Forked)
    began = time.monotonic()
    shop.prepare()
    inputs = shop.furnish()

    def one(name: str) -> dict[str, Any]:
        folder, start = work / "results" / folder_name(name), time.monotonic()
        found = carry_out(shop, name, folder)
        if not options.keep:
            shutil.rmtree(folder)
        print(f"{name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        for problem in found["problems"]:
            print(f"  PROBLEM: {problem}", file=sys.stderr, flush=True)
        return found

    shop.run(["layers"], work)  # compiles, so that it is not done twice at the same time
    with ThreadPoolExecutor(options.jobs) as pool:
        cases = dict(zip(wanted, pool.map(one, wanted), strict=True))
    Forked.close()
    document = {"format": FORMAT, "inputs": inputs, "cases": cases}
    Path(options.out).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    if not options.work:
        shutil.rmtree(work)
    failed = [name for name, found in cases.items() if found["problems"]]
    commands = sum(len(CASES[name].commands) for name in wanted)
    seconds, spent = time.monotonic() - began, os.times()
    work_done = spent.children_user + spent.children_system
    print(
        f"{len(wanted)} cases of {commands} commands in {seconds:.0f} s, {work_done:.0f} s of a processor; "
        f"{len(failed)} failed"
    )
    return 1 if failed else 0
