"""How soon the studio's page shows something, measured in a real browser: ``python -m benchmarks.studio``.

A studio with a data folder of its own and a headless Chromium on this machine; needs what the tests of pages
need. Each figure is the median and the largest of several tries on a warm server, in seconds of the clock and
of the processor: the server's and its workers', without the browser's.

    python -m benchmarks.studio [--tries 7] [--side 1024] [--json FILE]
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.browser import Browser  # type: ignore[import-not-found]
from support.studio import RunningStudio, studio  # type: ignore[import-not-found]
from support.studio_page import Page  # type: ignore[import-not-found]

#: Lets go of a file over the page; milliseconds until the first picture of its dream is drawn.
DROP = """
const [data, name] = arguments;
const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
const given = new DataTransfer(); given.items.add(new File([bytes], name));
return import('/static/core/events.js').then(({ onPreview }) => new Promise((done) => {
  const began = performance.now();
  const stop = onPreview(() => requestAnimationFrame(() => setTimeout(() => {
    stop(); done(performance.now() - began);
  })));
  for (const type of ['dragenter', 'dragover', 'drop'])
    document.body.dispatchEvent(new DragEvent(type, {dataTransfer: given, bubbles: true, cancelable: true}));
}));
"""
#: Chooses a look of a dream that runs; milliseconds until the first picture of it is drawn that has it.
CHANGE = """
const [place] = arguments;
return import('/static/core/events.js').then(({ onEvent, onPreview }) => new Promise((done) => {
  const began = performance.now();
  let steered = false;
  const deaf = onEvent((event) => { if (event.type === 'steered') steered = true; });
  const stop = onPreview(() => steered && requestAnimationFrame(() => setTimeout(() => {
    stop(); deaf(); done(performance.now() - began);
  })));
  document.querySelectorAll('.tile .face')[place].click();
}));
"""
#: Chooses a look while nothing dreams; milliseconds until its quick preview is there.
SKETCH = """
const [place] = arguments;
return new Promise((done) => {
  const before = document.querySelector('img.sketch')?.src, began = performance.now();
  const look = () => {
    const now = document.querySelector('img.sketch');
    if (now && now.src !== before && now.complete) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  document.querySelectorAll('.tile .face')[place].click();
  look();
});
"""


def photograph(index: int, side: int) -> bytes:
    """A photograph that the studio has not seen: waves and noise, as JPEG."""
    rng = np.random.default_rng(index)
    small = Image.fromarray(rng.integers(0, 256, (12, 18, 3), dtype=np.uint8))
    out = io.BytesIO()
    small.resize((side * 3 // 2, side), Image.Resampling.BICUBIC).save(out, "JPEG", quality=92)
    return out.getvalue()


def processor(running: RunningStudio) -> float:
    """Seconds of the processor that the server and its children have taken."""
    processes = [psutil.Process(running.process.pid), *running.children()]
    return sum(sum(one.cpu_times()[:2]) for one in processes)


class Watch:
    """Measures what a page does, by the clock and by the processor."""

    def __init__(self, page: Page, running: RunningStudio) -> None:
        self.page, self.running = page, running
        self.found: dict[str, list[tuple[float, float]]] = {}

    def measure(self, what: str, script: str, *arguments: Any) -> None:
        """Run a script that returns milliseconds."""
        before = processor(self.running)
        took = float(self.page.window.run(script, *arguments)) / 1000
        self.found.setdefault(what, []).append((took, processor(self.running) - before))


def stopped(page: Page) -> None:
    """Stop the dream that runs, and wait for its picture."""
    page.window.click(".action button", says="Stop and keep")
    page.done()


def measured(watch: Watch, tries: int, side: int) -> None:
    """All of it, so many times."""
    page = watch.page
    for index in range(tries + 1):
        if index == 1:
            watch.found.clear()  # the first one warms the browser
        page.open(drafts={"dream": {"max_size": side, "steps": [400]}})
        page.sees("document.querySelectorAll('.samples img').length > 3")
        data = base64.b64encode(photograph(index, 800)).decode()
        watch.measure("drop to first picture", DROP, data, f"photo-{index}.jpg")
        page.sees("document.querySelectorAll('.tile .face').length > 9")
        time.sleep(1.0)
        watch.measure("another look in the running dream", CHANGE, 3 + index % 8)
        stopped(page)
        watch.measure("preview of another look", SKETCH, 2 + (index + 3) % 8)


def told(watch: Watch) -> dict[str, dict[str, float]]:
    """Median and largest of each figure, in seconds."""
    figures = {}
    for what, pairs in watch.found.items():
        wall, cpu = zip(*pairs, strict=True)
        figures[what] = {
            "wall": statistics.median(wall),
            "wall_most": max(wall),
            "cpu": statistics.median(cpu),
            "cpu_most": max(cpu),
        }
    return figures


def main(arguments: list[str] | None = None, say: Callable[[str], object] = print) -> None:
    """Measure, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=7)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as scratch,
        studio(Path(scratch) / "data") as running,
        Browser(width=1280, height=860) as window,
    ):
        watch = Watch(Page(window, running.address), running)
        measured(watch, given.tries, given.side)
        figures = told(watch)
    for what, one in figures.items():
        say(
            f"{what:34} {one['wall']:.2f} s ({one['wall_most']:.2f} at most), "
            f"processor {one['cpu']:.2f} s ({one['cpu_most']:.2f} at most)"
        )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
