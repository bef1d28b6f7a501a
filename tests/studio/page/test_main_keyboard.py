"""Ten tasks of a new user, each by the keyboard alone."""

from __future__ import annotations

import pytest

from support.studio_page import ENDLESS, QUICK, at_studio, needs_browser

# A minute of two cores; what the page does is tried by pointer in the suite.
pytestmark = [needs_browser, pytest.mark.soak]
#: A zoom and a portrait that take seconds.
SMALL = {
    "dream": QUICK,
    "zoom": {"size": [64, 48], "steps": [2], "zoom.duration": 3, "zoom.fps": 2, "zoom.steps": 1},
    "portrait": {"size": [64, 64], "steps": [4], "octaves": 1},
}
MOST_TABS = 60


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with at_studio(tmp_path_factory.mktemp("studio"), SMALL) as page:
        yield page


def tab_to(page, name):
    """Tab until something of this name has the keyboard."""
    seen = []
    for _ in range(MOST_TABS):
        page.window.press("Tab")
        seen.append(page.focused())
        if name in seen[-1]:
            return
    raise AssertionError(f"no {name} among {seen}")


def test_1_dream(page):
    page.sees("document.querySelectorAll('.samples img').length > 1")
    tab_to(page, "Dream with the sample")
    page.makes(lambda: page.window.press("Enter"))


def test_2_another_layer(page):
    page.sees("document.querySelectorAll('.tile').length > 9")
    tab_to(page, "block4b")
    page.window.press("Enter")
    page.sees(".tile.is")
    job = page.makes(lambda: page.window.press("d"))
    assert page.get(f"/api/pictures/{job['picture']}/recipe")["recipe"]["objective"] == ["block4b"]


def test_3_mask_the_face(page):
    page.window.press("m")
    page.sees(".veil")
    assert page.focused().startswith("Paint here")
    page.window.press("]", "]", "Space", *["ArrowDown"] * 4, "Space", "ArrowLeft")
    tab_to(page, "Done")
    page.window.press("Enter")
    page.sees(".small-mask")
    job = page.makes(lambda: page.window.press("d"))
    assert page.get(f"/api/pictures/{job['picture']}/recipe")["mask"]


def test_4_nine_variations(page):
    for id in page.asks(lambda: page.window.press("n"), 9):
        assert page.over(id)["state"] == "done"
    page.sees("document.querySelectorAll('.variations button.cell').length === 9")
    tab_to(page, "Variation 5 of 9")
    page.window.press("Enter")
    page.done()


def test_5_download_as_16_bit(page):
    page.window.press("w")
    page.sees("dialog .segments")
    tab_to(page, "PNG")
    page.window.press("ArrowRight")
    page.sees("document.querySelector('dialog .segments input[value=png16]').checked")
    tab_to(page, "Download")
    link = page.window.run("return document.activeElement.getAttribute('href')")
    depth = page.window.run(
        "return fetch(arguments[0]).then((one) => one.arrayBuffer()).then((all) => new Uint8Array(all)[24])",
        link,
    )
    assert depth == 16
    page.window.press("Escape")


def test_6_the_command_line(page):
    page.window.press("c")
    page.sees("document.querySelector('dialog .command code')?.textContent.startsWith('reverie dream')")
    page.window.press("Escape")


def test_7_settings_of_an_old_picture(page):
    page.window.press("7")
    page.sees("document.querySelectorAll('.grid .thumb').length > 10")
    tab_to(page, "number 1")
    page.window.press("End")
    page.sees("document.activeElement.closest('li:last-child')")
    page.window.press("Enter")
    page.sees("dialog .act")
    page.window.press("r")
    page.sees("dialog .facts")
    tab_to(page, "Use these settings")
    page.window.press("Enter")
    page.sees(".photo-head")
    kept = page.window.run("return JSON.parse(localStorage.getItem('reverie.drafts')).dream")
    assert (kept["text"], kept["parts"], kept["changes"]["steps"]) == (None, [], [4])


def test_8_a_portrait_of_a_class(page):
    page.window.press("2", "/")
    page.window.type("goldfish")
    page.sees("document.querySelectorAll('.name-row').length < 5 && document.querySelector('.name-row')")
    tab_to(page, "goldfish")
    page.makes(lambda: page.window.press("Space", "d"))


def test_9_a_zoom_of_three_seconds(page):
    page.window.press("3")
    page.sees("document.querySelector('.action .primary')?.textContent.includes('zoom')")
    page.makes(lambda: page.window.press("d"))
    page.sees("document.querySelector('video')?.readyState > 0")
    assert page.window.run("return document.querySelector('video').duration") == pytest.approx(3, abs=0.6)


def test_10_cancel(page):
    page.open(drafts={"dream": ENDLESS})
    page.sees("document.querySelectorAll('.samples img').length > 1")
    tab_to(page, "Dream with the sample")
    id = page.dreams(lambda: page.window.press("Enter"))
    page.window.press("x")
    assert page.over(id)["state"] == "cancelled"
    page.sees("document.querySelector('.photo-head') && !document.querySelector('canvas.live')")
    assert page.errors() == []
