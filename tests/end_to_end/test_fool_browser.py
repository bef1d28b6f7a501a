"""The page of an evolution as a person meets it: a headless Chromium opens it from a folder."""

from __future__ import annotations

import pytest

from support.browser import Browser, missing
from support.fooling import fooling, small

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")]
CARDS = "return [...document.querySelectorAll('.card .name')].map((e) => e.textContent)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "f"
    fooling(path, small(generations=80)).carry_out()
    return path


@pytest.fixture
def opened(browser, folder):
    """The page, with nothing open in it."""
    return browser.begin(folder / "index.html")


def put(browser, what, value, event):
    """Give a field a value, as typing or choosing would."""
    browser.run(
        "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event(arguments[2])); return true;",
        what,
        value,
        event,
    )


def test_it_draws_itself_without_a_complaint(opened):
    assert len(opened.run(CARDS)) == 5
    assert opened.run("return document.querySelectorAll('svg.chart .curve').length") == 4
    assert opened.run("return [...document.images].every((i) => i.complete && i.naturalWidth > 0)")
    assert opened.errors() == []


def test_it_asks_for_nothing_but_itself(opened):
    names = opened.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert all(name.startswith(("data:", "file:")) for name in names)


def test_classes_are_found_and_ordered(opened):
    opened.run("document.querySelector('#find').focus(); return 1")
    opened.press(*"embers")
    assert opened.run(CARDS) == ["red things"]
    put(opened, "#find", "no such", "input")
    assert opened.run(CARDS) == []
    assert opened.run("return document.querySelector('.grid').textContent") == "No picture here."
    put(opened, "#find", "", "input")
    put(opened, "#sort", "index", "change")
    assert opened.run(CARDS)[0] == "red things"
    assert opened.run(CARDS)[2] == "</script><b>tags"


def test_a_picture_opens_with_its_family(opened):
    put(opened, "#sort", "depth", "change")
    opened.run("document.querySelector('.card').click(); return 1")
    assert opened.run("return document.querySelector('#detail').open")
    opened.wait_for("document.querySelector('.large').naturalWidth === 32")
    assert "#class-" in opened.address
    steps = opened.run("return document.querySelectorAll('.step').length")
    assert steps > 3
    last = "return [...document.querySelectorAll('.step')].at(-1).ariaCurrent"
    assert opened.run(last) == "true"
    opened.run("document.querySelector('.step').click(); return 1")
    assert opened.run("return document.querySelector('.step').getAttribute('aria-current')") == "true"
    assert opened.run("return document.querySelector('.kin b').textContent").startswith("Generation ")
    assert opened.errors() == []


def test_keys_turn_the_pages_and_close_them(opened):
    opened.run("document.querySelector('.card').click(); return 1")
    names = opened.run(CARDS)
    name = "return document.querySelector('#detail-name').textContent"
    assert opened.run(name) == names[0]
    opened.press("ArrowRight")
    assert opened.run(name) == names[1]
    opened.press("ArrowLeft", "ArrowLeft")
    assert opened.run(name) == names[-1]
    opened.press("Escape")
    opened.wait_for("!document.querySelector('#detail').open")
    opened.wait_for("!location.hash")


def test_an_address_opens_a_picture(browser, folder):
    browser.goto("about:blank")
    browser.goto((folder / "index.html").as_uri() + "#class-3")
    assert browser.run("return document.querySelector('#detail-name').textContent") == "{{data}}"


def test_a_page_alone_shows_its_own_small_pictures(browser, folder, tmp_path):
    (tmp_path / "alone.html").write_bytes((folder / "index.html").read_bytes())
    browser.goto(tmp_path / "alone.html")
    browser.run("document.querySelector('.card').click(); return 1")
    browser.wait_for("document.querySelector('.large').src.startsWith('data:')")
    browser.errors()


def test_light_and_dark(opened):
    paper = "return getComputedStyle(document.body).backgroundColor"
    before = opened.run(paper)
    opened.run("document.querySelector('#theme').click(); return 1")
    assert opened.run(paper) != before
    opened.run("document.querySelector('#theme').click(); return 1")
    assert opened.run(paper) == before


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_anybody_can_use_it(folder, dark):
    with Browser(dark=dark) as browser:
        browser.goto(folder / "index.html")
        assert browser.axe() == []
        browser.run("document.querySelector('.card').click(); return 1")
        assert browser.axe() == []


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_it_fits_any_screen(opened, width):
    opened.resize(width, 900)
    assert opened.run("return document.documentElement.scrollWidth <= innerWidth")
    opened.run("document.querySelector('.card').click(); return 1")
    assert opened.run("const d = document.querySelector('#detail'); return d.scrollWidth <= d.clientWidth")
