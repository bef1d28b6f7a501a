"""The page in a real browser, against the real server and the real network: what matters most."""

from __future__ import annotations

import pytest

from support.studio_page import ENDLESS, QUICK, at_studio, garden, needs_browser

pytestmark = [needs_browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def studio_page(tmp_path_factory):
    with at_studio(tmp_path_factory.mktemp("studio"), {}) as page:
        yield page


@pytest.fixture
def page(studio_page):
    page = studio_page
    page.open(drafts={"dream": QUICK})
    page.errors()
    yield page
    assert page.errors() == []
    ours = (page.address, page.address.replace("http", "ws"))
    assert [one for one in page.window.asked() if not one.startswith(ours)] == []


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return garden(tmp_path_factory.mktemp("photo") / "garden.png")


def test_a_dropped_photograph_dreams_step_by_step_and_stop_keeps_what_is_there(page, photo):
    page.open(drafts={"dream": ENDLESS})
    id = page.dreams(lambda: page.drop(photo))
    page.window.click(".action button", says="Stop and keep")
    job = page.made(id, "stopped")
    made = page.get(f"/api/pictures/{job['picture']}/recipe")
    assert (made["kind"], made["recipe"]["steps"]) == ("dream", ENDLESS["steps"])
    assert made["stopped"]["step"] >= 2
    assert page.window.run("return document.querySelector('.photo-head .name').textContent") == "garden.png"


def test_a_change_steers_the_running_dream(page, photo):
    page.open(drafts={"dream": ENDLESS})
    id = page.dreams(lambda: page.drop(photo))
    page.sees("document.querySelectorAll('.tile .face').length > 9")
    page.window.click(".tile .face", says="block3b")
    page.sees("[...document.querySelectorAll('.tile.is')].some((one) => one.textContent.includes('block3b'))")
    assert page.steered(id)[-1]["changes"]["objective"] == ["block3b"]
    page.window.click(".action button", says="Stop and keep")
    job = page.made(id, "stopped")
    recalled = page.get(f"/api/pictures/{job['picture']}/recipe")
    assert recalled["command"].startswith("reverie rerun")


def test_a_result_that_is_dropped_shows_and_restores_its_settings(page, photo, tmp_path):
    page.open(drafts={"dream": {**QUICK, "strength": 0.8}})
    id = page.makes(lambda: page.drop(photo))["picture"]
    data = page.window.run(
        "return fetch(arguments[0]).then((one) => one.arrayBuffer()).then((all) => [...new Uint8Array(all)])",
        f"/api/pictures/{id}?format=jpg",
    )
    result = tmp_path / "result.jpg"
    result.write_bytes(bytes(data))
    page.open(drafts={"dream": QUICK})
    page.drop(result)
    page.sees("dialog .facts")
    shown = page.window.run("return document.querySelector('dialog .facts').textContent")
    assert "Strength0.8" in shown
    page.window.click("dialog button", says="Use these settings")
    page.sees("document.querySelector('.slider output')?.textContent === '80 %'")
    assert page.window.run("return document.querySelector('.stage img.layer').src.includes('/api/photos/')")
