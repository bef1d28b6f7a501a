"""More than photographs, in a real browser: the microscope, fooling, and films that play while they grow."""

from __future__ import annotations

import pytest

from support import films
from support.studio_page import QUICK, at_studio, needs_browser

pytestmark = [needs_browser, pytest.mark.soak]
#: Work that is over soon, and a zoom that is not.
SMALL = {
    "dream": QUICK,
    "fool": {"generations": 3, "children": 8, "size": 64},
    "zoom": {
        "size": [64, 48],
        "steps": [2],
        "octaves": 1,
        "zoom.duration": 600,
        "zoom.fps": 4,
        "zoom.steps": 1,
    },
    "film": {"steps": [2], "octaves": 1, "max_size": 64},
}


@pytest.fixture(scope="module")
def studio_page(tmp_path_factory):
    with at_studio(tmp_path_factory.mktemp("studio"), SMALL) as page:
        yield page


@pytest.fixture
def page(studio_page):
    studio_page.open(drafts=SMALL)
    studio_page.window.errors()
    yield studio_page
    assert studio_page.errors() == []


def test_each_unit_of_the_network_is_a_click_from_a_dream(page):
    page.go("network")
    page.sees("document.querySelectorAll('.unit').length > 9")
    page.window.click(".layer-row", says="block5c")
    page.sees("[...document.querySelectorAll('.unit')].some((one) => one.textContent.includes('block5c:4'))")
    page.sees(".unit img")
    page.window.click(".unit .add", says="Dream with block5c:4")
    page.sees("document.body && localStorage.getItem('reverie.drafts').includes('block5c:4')")
    page.sees("document.querySelectorAll('.samples img').length > 1")
    job = page.makes(lambda: page.window.click(".samples .thumb"))
    assert page.get(f"/api/pictures/{job['picture']}/recipe")["recipe"]["objective"] == ["block5c:4"]
    page.go("network")
    page.sees(".unit .face")
    page.window.click(".unit .face", says="block5c:7")
    page.sees("dialog .unit-sheet")
    page.window.press("ArrowRight")
    page.sees("document.querySelector('dialog h2').textContent === 'block5c:8'")
    job = page.makes(lambda: page.window.click("dialog button", says="Add it to the dream"))
    objective = page.get(f"/api/pictures/{job['picture']}/recipe")["recipe"]["objective"]
    assert objective == ["block5c:4 + block5c:8"]


def test_pictures_evolve_on_the_page(page):
    page.go("fool")
    page.chooses_class("goldfish")
    job = page.makes(lambda: page.window.click(".action button", says="Let pictures evolve"))
    assert [one["label"] for one in job["pictures"]][-1] == "the sheet"
    page.window.click(".under .act", says="Command line")
    page.sees(
        "document.querySelector('dialog .command code')?.textContent.startsWith('reverie fool goldfish')"
    )


def test_a_zoom_plays_while_it_is_made(page):
    page.go("zoom")
    page.sees(".action .primary")
    (id,) = page.asks(lambda: page.window.press("d"))
    page.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 1")
    page.window.click(".under .act", says="Play what is there", seconds=60)
    page.sees("document.querySelector('video.growing')?.buffered.length > 0")
    assert page.window.run("return document.querySelector('video.growing').dataset.how") == "pieces"
    begun = page.window.run("return document.querySelector('video.growing').buffered.end(0)")
    page.sees(f"document.querySelector('video.growing').buffered.end(0) > {begun}")
    page.window.click(".under .act", says="frames as they come")
    page.sees("canvas.live")
    page.window.click(".action button", says="Stop and keep")
    page.made_film(id, "stopped")


def test_a_zoom_is_steered_while_it_is_made(page):
    page.go("zoom")
    page.sees(".action .primary")
    (id,) = page.asks(lambda: page.window.press("d"))
    page.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 1")
    slide(page, "Turn in a second", 20)
    assert page.steered(id)[-1]["changes"]["zoom"]["rotate"] == "20"
    page.window.click(".segments input[value='12']")
    page.sees(
        "[...document.querySelectorAll('.toast p')].some((p) => p.textContent.includes('the next one'))"
    )
    page.window.click(".action button", says="Stop and keep")
    job = page.made_film(id, "stopped")
    assert job["recipe"]["zoom"]["duration"] == 600
    recalled = page.get(f"/api/pictures/{job['picture']}/recipe")
    assert recalled["recipe"]["zoom"]["rotate"] == "20"
    assert not recalled["repeatable"]


def slide(page, label, to):
    """Move a slider."""
    page.window.run(
        "const [label, to] = arguments;"
        "const slider = [...document.querySelectorAll('.slider')]"
        "  .find((one) => one.textContent.includes(label)).querySelector('input');"
        "slider.value = to; slider.dispatchEvent(new Event('input', {bubbles: true}))",
        label,
        to,
    )


def test_a_film_is_trimmed_and_tried_for_a_second(page, tmp_path):
    page.go("film")
    film = films.film(tmp_path / "walk.mp4", count=40, rate=20)
    page.drop(film)
    page.sees(".ends-of-part img")
    slide(page, "Begins at", 0.5)
    page.sees("document.querySelector('.ends-of-part img').src.endsWith('at=0.5')")
    (id,) = page.asks(lambda: page.window.press("y"))
    job = page.over(id)
    assert job["state"] == "done", job
    film = job["recipe"]["film"]
    assert (film["start"], film["duration"], job["recipe"]["max_size"]) == (0.5, 1.0, 320)
    page.sees("document.querySelector('video')?.readyState > 0")
