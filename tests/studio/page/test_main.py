"""The page in a real browser, against the real server and the real network."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from support.browser import Browser
from support.studio import studio
from support.studio_page import QUICK, Page, needs_browser

# Whole journeys with real dreams, some of which wait for what a fast machine is done with at once.
pytestmark = [needs_browser, pytest.mark.soak]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with studio(tmp_path_factory.mktemp("studio") / "data") as running:
        yield running.address


@pytest.fixture(scope="module")
def window():
    with Browser(width=1280, height=860) as window:
        yield window


@pytest.fixture
def page(window, address):
    page = Page(window, address)
    page.open(drafts={"dream": QUICK, "portrait": {"size": [64, 64], "steps": [4], "octaves": 1}})
    window.errors()
    yield page
    assert page.errors() == []
    assert [
        one for one in window.asked() if not one.startswith((address, address.replace("http", "ws")))
    ] == []


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "garden.png"
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8))
    small.resize((144, 96), Image.Resampling.BICUBIC).save(path)
    return path


def test_a_dropped_photograph_dreams_at_once_and_step_by_step(page, photo):
    page.open(drafts={"dream": {"max_size": 144, "steps": [40]}})  # long enough to be seen at work
    page.drop(photo)
    page.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 2")
    id = page.done()
    made = page.get(f"/api/pictures/{id}/recipe")
    assert made["kind"] == "dream"
    assert made["recipe"]["steps"] == [40]
    assert page.window.run("return document.querySelector('.photo-head .name').textContent") == "garden.png"


def test_what_is_no_picture_is_refused_in_a_sentence(page, tmp_path):
    path = tmp_path / "letter.png"
    path.write_text("Dear network,")
    page.drop(path)
    page.sees(".toast.bad p")
    assert "letter.png" in page.window.run("return document.querySelector('.toast.bad p').textContent")
    assert page.window.run("return document.querySelector('.welcome') !== null")
    page.window.errors()  # the browser itself notes that the server refused


def test_the_page_may_be_closed_and_opened_again(page, photo):
    page.drop(photo)
    id = page.done()
    page.open(fresh=False)
    assert page.done() == id


def test_stop_keeps_what_is_there(page, photo):
    page.open(drafts={"dream": {"max_size": 144, "steps": [400]}})
    page.drop(photo)
    page.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 2")
    page.window.click(".action button", says="Stop and keep")
    id = page.done()
    job = page.get("/api/jobs")["recent"][0]
    assert (job["state"], job["picture"]) == ("stopped", id)


def test_a_change_steers_the_running_dream(page, photo):
    page.open(drafts={"dream": {"max_size": 144, "steps": [600]}})
    page.drop(photo)
    page.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 2")
    page.sees("document.querySelectorAll('.tile .face').length > 9")
    page.window.click(".tile .face", says="block3b")
    id = page.get("/api/jobs")["running"][0]["id"]
    page.window.wait_for(
        "(window.asked ??= setInterval(async () => {"
        f" window.job = await (await fetch('/api/jobs/{id}')).json(); }}, 150))"
        " && window.job?.steered.length > 0"
    )
    assert page.window.run(
        "clearInterval(window.asked); return window.job.steered.at(-1).changes.objective"
    ) == ["block3b"]
    page.window.click(".action button", says="Stop and keep")
    page.done()


def test_a_change_while_the_wish_is_on_its_way_counts(page, photo):
    page.drop(photo)
    page.done()
    page.window.click(".action button", says="Dream again")
    page.window.run("document.querySelectorAll('.preset input')[5].click()")
    page.sees(".action.going")
    page.sees("!document.querySelector('.action.going')")
    recipe = page.get(f"/api/pictures/{page.done()}/recipe")
    assert recipe["preset"] == "classic"


def test_cancel_gives_the_photograph_back(page, photo):
    page.open(drafts={"dream": {"max_size": 144, "steps": [600]}})
    page.drop(photo)
    page.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 1")
    page.window.click(".action button", says="Cancel")
    page.sees("!document.querySelector('canvas.live') && document.querySelector('.action .primary')")
    assert page.get("/api/jobs")["recent"][0]["state"] == "cancelled"


def test_a_mask_is_painted_kept_and_sent(page, photo):
    page.drop(photo)
    page.done()
    page.window.press("m")
    page.sees(".veil")
    page.window.press("Space", *["ArrowRight"] * 8, "Space")
    page.window.click(".mask-tools button", says="Done")
    page.sees(".small-mask")
    page.window.click(".action button", says="Dream with these settings")
    page.sees("document.querySelector('.action .standing')")
    id = page.done()
    recipe = page.get(f"/api/pictures/{id}/recipe")
    assert recipe["mask"]
    pixels = page.window.run(
        "const load = async (src) => {"
        "  const one = new Image(); one.src = src; await one.decode(); return one; };"
        "return Promise.all([load(arguments[0]), load(arguments[1])]).then((both) => both.map((one) => {"
        "  const box = document.createElement('canvas'); box.width = 96; box.height = 64;"
        "  const ink = box.getContext('2d'); ink.drawImage(one, 0, 0, 96, 64);"
        "  return [...ink.getImageData(51, 32, 1, 1).data.slice(0, 3)]; }));",
        f"/api/pictures/{id}",
        f"/api/photos/{recipe['photo']}?side=160",
    )
    assert np.abs(np.subtract(*pixels)).max() <= 12, "what was painted over stays as it was"
    page.window.run("location.reload()")
    page.sees(".small-mask")


def test_dream_takes_the_mask_that_is_being_painted_and_its_command_gives_the_file(page, photo):
    page.drop(photo)
    page.done()
    page.window.press("m")
    page.sees(".veil")
    page.window.press("Space", *["ArrowRight"] * 8, "Space")
    page.window.click(".action button", says="Dream")
    page.sees("document.querySelector('.action .standing')")
    assert not page.window.run("return document.querySelector('.mask-tools') !== null")
    recipe = page.get(f"/api/pictures/{page.done()}/recipe")
    assert recipe["mask"]
    named = {file["what"]: file["name"] for file in recipe["files"]}
    assert f"--mask {named['mask']}" in recipe["command"]
    page.window.press("c")
    page.sees("document.querySelectorAll('dialog a.button').length === 2")
    found = page.window.run(
        "const links = [...document.querySelectorAll('dialog a.button')];"
        "return Promise.all(links.map((one) => fetch(one.href))).then((all) =>"
        "  all.map((one) => [one.status, one.headers.get('content-disposition')]))"
    )
    assert [status for status, _ in found] == [200, 200]
    assert any(named["mask"] in how and how.startswith("attachment") for _, how in found)


def test_start_over_leads_to_the_samples_and_forgets_what_was_chosen(page, photo):
    page.drop(photo)
    page.done()
    page.window.click(".wordmark")
    page.sees(".samples .thumb")
    kept = page.window.run("return JSON.parse(localStorage.getItem('reverie.drafts')).dream")
    assert (kept["photo"], kept["changes"]) == (None, {"max_size": 1024})


def test_before_and_after_and_looking_closer(page, photo):
    page.drop(photo)
    page.done()
    page.window.press("b")
    page.sees(".wipe")
    page.window.run("document.querySelector('.wipe').focus()")
    before = page.window.run("return document.querySelector('img.result').style.clipPath")
    page.window.press("ArrowRight")
    after = page.window.run("return document.querySelector('img.result').style.clipPath")
    assert (before, after) == ("inset(0px 0px 0px 50%)", "inset(0px 0px 0px 51%)")
    page.window.press("+", "+")
    assert "scale(2.25)" in page.window.run("return document.querySelector('.frame').style.transform")
    page.window.press("0")
    assert "scale(1)" in page.window.run("return document.querySelector('.frame').style.transform")


def test_a_result_that_is_dropped_shows_and_restores_its_settings(page, photo, tmp_path):
    page.open(drafts={"dream": {**QUICK, "strength": 0.8}})
    page.drop(photo)
    id = page.done()
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


def test_vary_makes_several_and_shows_them_all(page, photo):
    page.drop(photo)
    first = page.done()
    page.window.press("v")
    page.sees("document.querySelectorAll('.strip .thumb').length === 4", seconds=28)
    seeds = {
        page.get(f"/api/pictures/{one['id']}/recipe")["seed"]
        for one in page.get("/api/pictures?limit=4")["items"]
        if one["id"] != first
    }
    assert len(seeds) == 4
    page.window.run("location.reload()")
    page.sees("document.querySelectorAll('.strip .thumb').length === 4")


def test_deleting_can_be_undone(page, photo):
    page.drop(photo)
    id = page.done()
    page.open("gallery", fresh=False)
    page.sees(".grid .thumb")
    count = page.get("/api/pictures")["count"]
    page.window.click(".grid .thumb")
    page.sees("dialog .act")
    page.window.click("dialog .act", says="Delete")
    page.sees(".toast button")
    assert page.get("/api/pictures")["count"] == count - 1
    page.window.press("Escape")
    page.window.click(".toast button", says="Undo")
    page.sees("[...document.querySelectorAll('.toast p')].some((one) => one.textContent === 'It is back.')")
    assert page.get("/api/pictures?limit=1")["items"][0]["id"] == id
    assert page.get("/api/pictures")["count"] == count


def test_a_portrait_needs_no_photograph(page):
    page.window.click("nav a", says="Portraits")
    page.sees("input.search")
    page.window.press("/")
    page.window.type("castle")
    page.sees("[...document.querySelectorAll('.name-row .name')].some((one) => one.textContent === 'castle')")
    page.window.click(".name-row", says="castle")
    page.window.click(".action button", says="Make the portrait")
    id = page.done()
    assert page.get(f"/api/pictures/{id}/recipe")["kind"] == "portrait"


def test_the_objective_is_a_text_that_can_be_changed(page, photo):
    page.drop(photo)
    page.done()
    page.window.click(".segments input[value=text]")
    page.sees("textarea")
    page.window.run("document.querySelector('textarea').select()")
    page.window.type("block4a - 0.5*(")
    page.sees("document.querySelector('.wrong')?.textContent.length > 5")
    page.window.errors()  # the browser itself notes that the server refused
    page.window.run("document.querySelector('textarea').select()")
    page.window.type("block4a - 0.5*block2a")
    page.sees("document.querySelector('.chosen-text code')?.textContent === 'block4a - 0.5*block2a'")
    assert page.window.run("return document.querySelector('.wrong').textContent") == ""
    page.window.click(".action button", says="Dream with these settings")
    page.sees(".action .standing")
    id = page.done()
    assert page.get(f"/api/pictures/{id}/recipe")["recipe"]["objective"] == ["block4a - 0.5*block2a"]


def test_every_setting_is_there_and_one_can_be_changed(page, photo):
    page.drop(photo)
    page.done()
    page.window.press("s")
    page.sees("document.querySelectorAll('dialog .field').length > 25")
    page.window.click("dialog input.search")
    page.window.run("document.querySelector('dialog input.search').focus()")
    page.window.type("jitter")
    page.sees("document.querySelectorAll('dialog .field').length < 4")
    page.window.run("document.querySelector('dialog .field input').select()")
    page.window.type("16")
    page.window.press("Tab")
    page.sees("dialog .field.changed")
    page.window.press("Escape")
    page.window.press("d")
    page.sees(".action .standing")
    id = page.done()
    assert page.get(f"/api/pictures/{id}/recipe")["recipe"]["jitter"] == 16
