"""The microscope as a person meets it: a headless Chromium opens its files from a folder."""

import pytest

from support.browser import Browser, missing
from support.microscope import opened_of, site_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")]


@pytest.fixture(scope="module")
def site(photographs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    site_of(opened_of(), folder, photos=[str(photographs)]).make()
    return folder


@pytest.fixture
def at(browser, site):
    """Open a page of the site; what earlier pages complained of is forgotten."""
    return lambda name: browser.begin(site / name)


def typed(browser, text):
    browser.press(*text)


def hits(browser):
    return browser.run(
        "return [...document.querySelectorAll('[role=option]')]"
        ".map((e) => [e.childNodes[1].firstChild.textContent, e.dataset.href])"
    )


def search_for(browser, text):
    browser.press("/")
    browser.wait_for("document.querySelector('#search').open")
    typed(browser, text)
    browser.wait_for(
        f"document.querySelector('#query').value === {text!r}"
        " && document.querySelector('#found').textContent.match(/found|Nothing/)"
    )
    return hits(browser)


def test_every_page_opens_without_a_complaint_and_shows_its_pictures(browser, site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) == 24
    for page in pages:
        browser.goto(page)
        browser.run("for (const i of document.images) i.loading = 'eager'")
        browser.wait_for("[...document.images].every((i) => i.complete)")
        broken = browser.run("return [...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)")
        assert broken == [], page
        assert browser.errors() == [], page
        assert browser.run("return document.querySelectorAll('h1').length") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "page", ["index.html", "classes.html", "classes/281.html", "layers/block5c.html", "layers/block5c/3.html"]
)
def test_no_accessibility_fault(at, page, theme):
    window = at(page)
    window.run("document.documentElement.dataset.theme = arguments[0]", theme)
    assert window.axe() == []
    window.resize(390, 844)
    assert window.axe() == []


def test_links_are_named_by_where_they_lead(at):
    window = at("index.html")
    window.devtools("Accessibility.enable", {})
    nodes = window.devtools("Accessibility.getFullAXTree", {})["nodes"]
    names = [
        n["name"]["value"] for n in nodes if n.get("role", {}).get("value") == "link" and not n["ignored"]
    ]
    assert "Portrait of block5c:3" in names
    assert "block5c" in names
    assert "Portrait of tabby" in names
    assert all(len(name) > 1 and not name.endswith(" of") for name in names)


@pytest.mark.parametrize("page", ["index.html", "classes.html", "classes/281.html", "layers/block5c/3.html"])
@pytest.mark.parametrize("width", [320, 390, 800, 1600])
def test_nothing_is_wider_than_the_window(at, page, width):
    window = at(page)
    window.resize(width, 800)
    assert window.run("return document.documentElement.scrollWidth") <= width


def test_search_finds_a_class_by_part_of_its_name(at):
    window = at("layers/block5c/3.html")
    found = search_for(window, "tabb")
    assert [text for text, _ in found] == ["tabby"]
    assert window.axe() == []
    window.press("Enter")
    window.wait_for("location.href.endsWith('classes/281.html')")
    assert window.run("return document.querySelector('h1').textContent") == "tabby"
    assert window.errors() == []


def test_search_finds_synonyms_layers_and_channels(at):
    window = at("index.html")
    assert [text for text, _ in search_for(window, "pizza pie")] == ["pizza"]
    window.press("Escape")
    window.wait_for("!document.querySelector('#search').open")
    window.run("document.querySelector('#query').value = ''")
    found = search_for(window, "block5c:3")
    assert found[0][0] == "block5c:3"
    window.press("Escape")
    window.run("document.querySelector('#query').value = ''")
    assert [text for text, _ in search_for(window, "block5")] == ["block5c"]


def test_search_says_when_there_is_nothing(at):
    window = at("index.html")
    assert search_for(window, "zzzz") == []
    assert "Nothing" in window.run("return document.querySelector('#found').textContent")
    window.press("Enter")
    assert window.address.endswith("index.html")


def test_results_are_walked_with_the_arrows(at):
    window = at("index.html")
    found = search_for(window, "block5c:1")
    assert len(found) == 1
    window.press("Escape")
    window.run("document.querySelector('#query').value = ''")
    found = search_for(window, "o")  # golden retriever, sports car, block3a ...
    assert len(found) >= 3
    selected = (
        "return [...document.querySelectorAll('[role=option]')].findIndex((e) => e.ariaSelected == 'true')"
    )
    assert window.run(selected) == 0
    window.press("ArrowDown", "ArrowDown")
    assert window.run(selected) == 2
    window.press("ArrowUp", "ArrowUp", "ArrowUp")
    assert window.run(selected) == len(found) - 1
    active = window.run("return document.querySelector('#query').getAttribute('aria-activedescendant')")
    assert active == f"hit-{len(found) - 1}"


def test_arrows_go_through_the_channels_and_up(at):
    window = at("layers/block5c/3.html")
    window.press("ArrowRight")
    window.wait_for("location.href.endsWith('block5c/4.html')")
    window.press("ArrowLeft")
    window.wait_for("location.href.endsWith('block5c/3.html')")
    window.press("ArrowUp")
    window.wait_for("location.href.endsWith('layers/block5c.html')")
    window.press("ArrowLeft")
    window.wait_for("location.href.endsWith('layers/block3a.html')")
    window.press("ArrowUp")
    window.wait_for("location.href.endsWith('index.html')")
    assert window.errors() == []


def test_the_theme_follows_the_system_and_the_button(at):
    window = at("index.html")
    background = "return getComputedStyle(document.documentElement).backgroundColor"
    light = window.run(background)
    window.press("t")
    dark = window.run(background)
    assert dark != light
    pressed = "return document.querySelector('#theme').ariaPressed"
    assert window.run(pressed) == "true"
    window.run("document.querySelector('#theme').click()")
    assert window.run(background) == light
    assert window.run(pressed) == "false"


def test_a_dark_system_gets_the_dark_theme(site):
    with Browser(dark=True) as window:
        window.goto(site / "index.html")
        assert window.run("return document.documentElement.dataset.theme") == "dark"


def test_keys_are_explained_and_do_not_act_while_one_types(at):
    window = at("layers/block5c/3.html")
    window.press("?")
    window.wait_for("document.querySelector('#help').open")
    assert window.axe() == []
    window.press("t", "ArrowRight")
    assert window.address.endswith("block5c/3.html")
    window.press("Escape")
    window.wait_for("!document.querySelector('#help').open")
    before = window.run("return document.documentElement.dataset.theme")
    search_for(window, "tt")
    assert window.run("return document.documentElement.dataset.theme") == before


def test_focus_goes_first_to_skipping_and_is_seen(at):
    window = at("layers/block5c.html")
    window.press("Tab")
    assert window.run("return document.activeElement.className") == "skip"
    window.press("Enter", "Tab")
    assert window.run("return document.querySelector('main').contains(document.activeElement)")
    assert window.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_it_can_be_read_without_scripts(at, site):
    window = at("index.html")
    window.devtools("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        window.goto(site / "layers" / "block5c" / "3.html")
        buttons = window.devtools(
            "Runtime.evaluate",
            {"expression": "document.querySelectorAll('.menu button:not([hidden])').length"},
        )
        assert buttons["result"]["value"] == 0  # what needs scripts is not offered
    finally:
        window.devtools("Emulation.setScriptExecutionDisabled", {"value": False})
