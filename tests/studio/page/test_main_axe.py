"""Everybody can use the page: axe finds nothing, the keyboard is enough, fingers hit what they mean."""

from __future__ import annotations

import pytest

from support.page_looks import SMALL, beyond
from support.studio_page import QUICK, at_studio, needs_browser

pytestmark = [needs_browser, pytest.mark.slow]
VIEWS = ("dream", "portrait", "zoom", "film", "network", "fool", "gallery")
SHEETS = {"q": "queue", "s": "settings", "?": "help", "w": "download", "c": "command"}
#: What of a page may not be wider than the window.
PARTS = "#main *, .top *"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with at_studio(tmp_path_factory.mktemp("studio"), {"dream": QUICK}) as page:
        page.sees("document.querySelectorAll('.samples img').length > 1")
        page.window.click(".samples .thumb")
        page.done()
        yield page


@pytest.mark.parametrize(
    ("width", "dark"),
    [
        (360, False),
        (1280, True),
        pytest.param(360, True, marks=pytest.mark.soak),
        pytest.param(1280, False, marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing_in_any_view(page, width, dark):
    page.window.resize(width, 800)
    page.window.theme(dark=dark)
    found = {}
    page.open(fresh=False)
    for view in VIEWS:
        page.go(view)
        found[view] = page.window.axe()
    page.go("dream")
    for key, name in SHEETS.items():
        if name in ("download", "command"):
            page.go("gallery")
            page.sees(".grid .thumb")
            page.window.click(".grid .thumb")
            page.sees("dialog .act")
        page.window.press(key)
        page.sees(
            "document.querySelector('dialog[open]') && !document.querySelector('dialog .primary:disabled')"
        )
        found[name] = page.window.axe()
        page.window.press("Escape", "Escape")
    page.go("dream")
    page.sees("[data-key=m]")
    page.window.press("m")
    page.sees(".mask-tools")
    found["mask"] = page.window.axe()
    page.window.press("Escape")
    assert {view: what for view, what in found.items() if what} == {}


def test_no_id_is_there_twice_and_no_two_choices_share_a_name(page):
    page.open(fresh=False)
    page.sees("document.querySelectorAll('.tile').length > 9")
    page.done()
    page.window.click(".presets summary")
    page.window.press("w")
    page.sees("dialog .segments")
    ids = page.window.run("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    groups = page.window.run(
        "return [...document.querySelectorAll('fieldset:has(input[type=radio])')]"
        "  .map((one) => one.querySelector('input[type=radio]').name)"
    )
    assert len(groups) == len(set(groups)) == 3
    page.window.press("Escape")


def test_fingers_hit_what_they_mean_on_a_phone(page):
    page.window.resize(360, 780)
    page.window.theme(dark=False)
    page.open(fresh=False)
    found = {}
    for view in VIEWS:
        page.go(view)
        found[view] = page.window.run(SMALL)
        wider = page.window.run(beyond(PARTS))
        assert wider == [], view
    assert {view: what for view, what in found.items() if what} == {}
    page.window.resize(1280, 860)
