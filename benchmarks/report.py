"""Where results go: JSON, the tables between the markers of speed.md, a plot."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from reverie.jobs.bench.machine import in_words

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
NOTHING = "Nothing has been measured yet."


class Report:
    """The newest result of every part, in a folder: ``speed.json``, ``speed.md``, ``images/speed.png``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "speed.json"
        self.parts: dict[str, Any] = {}
        if self.file.exists():
            self.parts = json.loads(self.file.read_text("utf-8"))

    def add(self, name: str, found: dict[str, Any], machine: dict[str, Any], threads: int) -> None:
        """Take a part's result."""
        day = time.strftime("%Y-%m-%d")
        # As it will be read again: keys are text, tuples are lists.
        found = json.loads(json.dumps(found))
        self.parts[name] = {"day": day, "machine": machine, "threads": threads, "found": found}

    def write(self, parts: dict[str, ModuleType]) -> None:
        """Write everything."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.parts, indent=1) + "\n", "utf-8")
        self.plot()
        plotted = (self.folder / "images" / "speed.png").exists()
        page = self.folder / "speed.md"
        before = page.read_text("utf-8") if page.exists() else f"{BEGIN}\n{END}\n"
        page.write_text(between(before, self.markdown(parts, plotted)), "utf-8")

    def markdown(self, parts: dict[str, ModuleType], plotted: bool) -> str:
        """All tables, in the order of the parts."""
        pieces = ["![Time of a step, and of a megapixel](images/speed.png)"] if plotted else []
        for name, part in parts.items():
            if name not in self.parts:
                continue
            kept = self.parts[name]
            where = f"Measured on {kept['day']}: {in_words(kept['machine'], kept['threads'])}."
            pieces.append(f"## {part.TITLE}\n\n{part.markdown(kept['found'])}\n\n{where}")
        return "\n\n".join(pieces) or NOTHING

    def plot(self) -> None:
        """Draw what has been measured, if there is something and matplotlib is here."""
        if "step" not in self.parts:
            return
        try:
            from benchmarks.plot import draw
        except ImportError:
            print("no plot: matplotlib is not installed", flush=True)
            return
        (self.folder / "images").mkdir(exist_ok=True)
        sizes = self.parts.get("sizes", {}).get("found")
        draw(self.parts["step"]["found"], sizes, self.folder / "images" / "speed.png")


def between(page: str, text: str) -> str:
    """A page with the text between its markers."""
    found = re.sub(
        f"{re.escape(BEGIN)}.*{re.escape(END)}",
        lambda _: f"{BEGIN}\n\n{text}\n\n{END}",
        page,
        flags=re.DOTALL,
    )
    if text not in found:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return found
