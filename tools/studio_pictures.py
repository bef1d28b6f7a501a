"""Make the pictures of docs/studio.md again: ``python tools/studio_pictures.py``.

A studio runs with a data folder of its own, a headless Chromium uses it as a person would, and what is seen
is kept as WebP. It dreams in earnest, so it takes some minutes. Needs what the tests of pages need.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import Browser  # type: ignore[import-not-found]  # noqa: E402
from support.studio import studio  # type: ignore[import-not-found]  # noqa: E402
from support.studio_page import Page  # type: ignore[import-not-found]  # noqa: E402

#: Seconds that a dream may take.
PATIENCE = 280
#: The most bytes of a picture in the documentation.
LARGEST = 450_000
DESK, TABLET, PHONE = (1440, 900), (820, 1100), (360, 780)


class Camera:
    """Takes pictures of a page."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder

    def shape(self, size: tuple[int, int], *, dark: bool) -> None:
        """As this screen, in this theme, shows the page."""
        self.page.window.resize(*size)
        self.page.window.theme(dark=dark)
        time.sleep(0.4)

    def take(self, name: str) -> None:
        """What is seen now, into a file of that name."""
        time.sleep(0.4)
        shot = self.folder / f"{name}.png"
        self.page.window.screenshot(shot)
        target = self.folder / f"{name}.webp"
        for quality in (86, 76, 66, 50):
            with Image.open(shot) as picture:
                picture.convert("RGB").save(target, quality=quality, method=6)
            if target.stat().st_size <= LARGEST:
                break
        shot.unlink()
        print(target.name, target.stat().st_size, flush=True)


def wait(page: Page, condition: str) -> None:
    """Wait as long as a dream may take, in pieces that the browser's own patience allows."""
    until = time.monotonic() + PATIENCE
    while not page.window.run(f"return Boolean({condition})"):
        if time.monotonic() > until:
            raise SystemExit(f"never seen: {condition}")
        time.sleep(0.3)


def dreamt(page: Page) -> None:
    """Wait for the dream, and for the small pictures of the layers."""
    wait(page, "document.querySelector('.under .act') && document.querySelector('img.result')?.complete")


def beginning(page: Page, camera: Camera) -> None:
    """The page before there is a picture."""
    page.sees("document.querySelectorAll('.samples img').length > 3")
    camera.take("studio-begin")


def dreaming(page: Page, camera: Camera) -> None:
    """A dream as it comes, and when it is there, beside the photograph."""
    page.window.click(".samples .thumb")
    wait(page, "document.querySelector('[role=progressbar]')?.ariaValueNow > 55")
    camera.take("studio-dreaming")
    dreamt(page)
    wait(page, "document.querySelectorAll('.tile img').length > 11")
    page.window.press("b")
    camera.take("studio-compare")
    camera.shape(TABLET, dark=True)
    camera.take("studio-tablet")
    camera.shape(PHONE, dark=False)
    camera.take("studio-phone")
    camera.shape(DESK, dark=False)
    page.window.press("b")


def painting(page: Page, camera: Camera) -> None:
    """The mask."""
    page.window.press("m")
    page.sees(".veil")
    page.window.press("]", "]", "]", *["ArrowLeft"] * 11, *["ArrowUp"] * 4, "Space")
    page.window.press(*["ArrowRight"] * 18, *["ArrowDown"] * 3, "Space")
    camera.take("studio-mask")
    page.window.press("Escape")


def collected(page: Page, camera: Camera) -> None:
    """More dreams, and the gallery with them."""
    for index, preset in ((1, "smooth2020"), (2, "classic"), (3, "google2015")):
        page.open(drafts={"dream": {"max_size": 400}})
        page.sees("document.querySelectorAll('.samples img').length > 3")
        page.window.run(f"document.querySelectorAll('.samples .thumb')[{index}].click()")
        page.sees(".presets summary")
        page.window.click(".presets summary")
        page.window.click(".preset label", says=preset.capitalize())
        dreamt(page)
    page.go("gallery")
    page.sees("document.querySelectorAll('.grid img').length > 2")
    camera.shape(DESK, dark=True)
    camera.take("studio-gallery")
    page.window.click(".grid .thumb")
    page.sees("dialog .act")
    time.sleep(1.5)
    camera.take("studio-picture")
    page.window.press("Escape")
    camera.shape(DESK, dark=False)


def portraits(page: Page, camera: Camera) -> None:
    """A portrait of a class."""
    page.go("portrait")
    page.window.press("/")
    page.window.type("castle")
    page.sees("[...document.querySelectorAll('.name-row .name')].some((one) => one.textContent === 'castle')")
    page.window.click(".name-row", says="castle")
    page.window.click(".action button", says="Make the portrait")
    dreamt(page)
    camera.take("studio-portrait")


def microscope(page: Page, camera: Camera) -> None:
    """The units of a layer."""
    page.open("network")
    page.sees("document.querySelectorAll('.layer-row').length > 9")
    page.window.click(".layer-row", says="block5c")
    wait(page, "document.querySelectorAll('.unit img').length > 39")
    camera.take("studio-network")


def fooling(page: Page, camera: Camera) -> None:
    """Pictures that evolve, and how sure the network is of them."""
    page.open("fool", drafts={"fool": {"generations": 60}})
    for name in ("goldfish", "zebra", "castle", "pizza"):
        page.window.press("/")
        page.window.run("document.querySelector('input.search').select()")
        page.window.type(name)
        page.sees(f"document.querySelector('.name-row .name')?.textContent.startsWith('{name}')")
        page.window.click(".name-row", says=name)
    page.window.click(".action button", says="Let pictures evolve")
    dreamt(page)
    camera.take("studio-fooling")


def varied(page: Page, camera: Camera) -> None:
    """Nine variations as a sheet."""
    page.open(drafts={"dream": {"max_size": 320}})
    page.sees("document.querySelectorAll('.samples img').length > 3")
    page.window.click(".samples .thumb")
    dreamt(page)
    page.window.press("n")
    wait(page, "document.querySelectorAll('.variations button.cell').length === 9")
    camera.take("studio-sheet")


SCENES: tuple[Callable[[Page, Camera], None], ...] = (
    *(beginning, dreaming, painting, portraits, collected),
    *(varied, microscope, fooling),
)


def main() -> None:
    """All scenes one after the other, or those that are named."""
    wanted = [scene for scene in SCENES if scene.__name__ in sys.argv[1:]] or SCENES
    with (
        tempfile.TemporaryDirectory() as scratch,
        studio(Path(scratch) / "data") as running,
        Browser(width=DESK[0], height=DESK[1]) as window,
    ):
        page = Page(window, running.address)
        camera = Camera(page, IMAGES)
        page.open()
        camera.shape(DESK, dark=False)
        for scene in wanted:
            scene(page, camera)


if __name__ == "__main__":
    main()
