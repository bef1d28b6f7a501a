"""The page in a real browser, against the real server and the real network: all that people do there."""

from __future__ import annotations

import numpy as np
import pytest

from support.studio_page import ENDLESS, QUICK, at_studio, garden, needs_browser

pytestmark = [needs_browser, pytest.mark.soak]


@pytest.fixture(scope="module")
def studio_page(tmp_path_factory):
    with at_studio(tmp_path_factory.mktemp("studio"), {}) as page:
        yield page


@pytest.fixture
def page(studio_page):
    page = studio_page
    page.open(drafts={"dream": QUICK, "portrait": {"size": [64, 64], "steps": [4], "octaves": 1}})
    page.errors()
    yield page
    assert page.errors() == []
    ours = (page.address, page.address.replace("http", "ws"))
    assert [one for one in page.window.asked() if not one.startswith(ours)] == []


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return garden(tmp_path_factory.mktemp("photo") / "garden.png")


@pytest.fixture
def dreamt(page, photo):
    """A photograph is there, and its dream is done."""
    page.makes(lambda: page.drop(photo))


@pytest.fixture
def painted(page, dreamt):
    """A mask is being painted over it."""
    page.window.press("m")
    page.sees(".veil")
    page.window.press("Space", *["ArrowRight"] * 8, "Space")


def test_what_is_no_picture_is_refused_in_a_sentence(page, tmp_path):
    path = tmp_path / "letter.png"
    path.write_text("Dear network,")
    page.drop(path)
    page.sees("document.querySelector('.toast.bad p')?.textContent.includes('letter.png')")
    assert page.window.run("return document.querySelector('.welcome') !== null")
    page.window.errors()  # the browser itself notes that the server refused


def test_the_page_may_be_closed_and_opened_again(page, photo):
    job = page.makes(lambda: page.drop(photo))
    page.open(fresh=False)
    page.shows(job["picture"])


def test_detail_and_steps_steer_the_running_dream_too(page, photo):
    page.open(drafts={"dream": ENDLESS})
    id = page.dreams(lambda: page.drop(photo))
    page.window.run(
        "const slider = [...document.querySelectorAll('.slider')]"
        "  .find((one) => one.textContent.includes('Size of things')).querySelector('input');"
        "slider.value = 100; slider.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    steered = page.steered(id)
    assert steered[-1]["changes"] == {"octaves": None, "smallest": 48}
    page.window.click(".action button", says="Cancel")
    assert page.over(id)["state"] == "cancelled"


def test_a_change_while_the_wish_is_on_its_way_counts(page, dreamt):
    both = (
        "document.querySelector('.action .primary').click();"
        "document.querySelectorAll('.preset input')[5].click()"
    )
    page.asks(lambda: page.window.run(both))
    job = page.comes_to(lambda one: page.get(f"/api/jobs/{one['id']}")["recipe"]["preset"] == "classic")
    page.shows(job["picture"])


def test_cancel_gives_the_photograph_back(page, photo):
    page.open(drafts={"dream": ENDLESS})
    id = page.dreams(lambda: page.drop(photo))
    page.window.click(".action button", says="Cancel")
    assert page.over(id)["state"] == "cancelled"
    page.sees("!document.querySelector('canvas.live') && document.querySelector('.action .primary')")


def test_what_is_chosen_is_previewed_before_it_is_dreamt(page, dreamt):
    page.sees("document.querySelectorAll('.tile .face').length > 9")
    count = len(page.jobs())
    page.window.click(".tile .face", says="block3b")
    page.sees("document.querySelector('img.sketch')?.complete")
    assert "quick preview" in page.window.run("return document.querySelector('.over-note').textContent")
    assert len(page.jobs()) == count, "it is no job"
    job = page.makes(lambda: page.window.click(".action button", says="Dream with these settings"))
    assert page.get(f"/api/pictures/{job['picture']}/recipe")["recipe"]["objective"] == ["block3b"]
    page.sees("!document.querySelector('img.sketch')")


def test_a_mask_is_painted_kept_and_sent(page, painted):
    page.window.click(".mask-tools button", says="Done")
    page.sees(".small-mask")
    job = page.makes(lambda: page.window.click(".action button", says="Dream with these settings"))
    id = job["picture"]
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


def test_dream_takes_the_mask_that_is_being_painted_and_its_command_gives_the_file(page, painted):
    job = page.makes(lambda: page.window.click(".action button", says="Dream"))
    assert not page.window.run("return document.querySelector('.mask-tools') !== null")
    recipe = page.get(f"/api/pictures/{job['picture']}/recipe")
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


def test_start_over_leads_to_the_samples_and_forgets_what_was_chosen(page, dreamt):
    page.window.click(".wordmark")
    page.sees(".samples .thumb")
    kept = page.window.run("return JSON.parse(localStorage.getItem('reverie.drafts')).dream")
    assert (kept["photo"], kept["changes"]) == (None, {"max_size": 1024})


def test_before_and_after_and_looking_closer(page, dreamt):
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


def test_vary_makes_a_sheet_that_is_seen_chosen_from_and_saved(page, dreamt):
    ids = page.asks(lambda: page.window.press("v"), 4)
    jobs = [page.over(id) for id in ids]
    assert len({page.get(f"/api/pictures/{job['picture']}/recipe")["seed"] for job in jobs}) == 4
    page.sees("document.querySelectorAll('.variations .cell img:not(.faint)').length === 4")
    page.window.click(".variations .cell", says="Variation 3 of 4")
    page.shows(jobs[2]["picture"])
    assert "Variation 3 of 4" in page.window.run("return document.querySelector('.strip').textContent")
    page.window.resize(360, 800)
    assert page.window.run("return document.documentElement.scrollWidth") == 360
    page.window.resize(1280, 860)
    page.window.press("Escape")
    page.sees("document.querySelectorAll('.variations button.cell').length === 4")
    page.window.run(
        "HTMLAnchorElement.prototype.click = function () { window.saved = [this.href, this.download]; }"
    )
    page.window.click(".acts .act", says="Save the sheet")
    page.sees("window.saved && document.body")
    size = page.window.run(
        "const one = new Image(); one.src = window.saved[0];"
        "return one.decode().then(() => [one.naturalWidth, one.naturalHeight, window.saved[1]])"
    )
    assert size == [2 * 96, 2 * 64, "variations.png"]
    page.window.run("location.reload()")
    page.sees("document.querySelectorAll('.variations button.cell').length === 4")


def test_deleting_can_be_undone(page, photo):
    id = page.makes(lambda: page.drop(photo))["picture"]
    page.open("gallery", fresh=False)
    page.sees(".grid .thumb")
    count = page.get("/api/pictures")["count"]
    page.window.click(".grid .thumb")
    page.sees("dialog .act")
    page.window.click("dialog .act", says="Delete")
    page.window.click(".toast button", says="Undo", seconds=10)  # it is not offered for long
    page.until(lambda: page.get("/api/pictures")["count"] == count)
    assert page.get("/api/pictures?limit=1")["items"][0]["id"] == id


def test_a_portrait_needs_no_photograph(page):
    page.window.click("nav a", says="Portraits")
    page.sees("input.search")
    page.window.press("/")
    page.window.type("castle")
    page.sees("[...document.querySelectorAll('.name-row .name')].some((one) => one.textContent === 'castle')")
    page.window.click(".name-row", says="castle")
    page.sees(".action .takes")
    job = page.makes(lambda: page.window.click(".action button", says="Make the portrait"))
    assert page.get(f"/api/pictures/{job['picture']}/recipe")["kind"] == "portrait"


def test_the_objective_is_a_text_that_can_be_changed(page, dreamt):
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
    job = page.makes(lambda: page.window.click(".action button", says="Dream with these settings"))
    recipe = page.get(f"/api/pictures/{job['picture']}/recipe")["recipe"]
    assert recipe["objective"] == ["block4a - 0.5*block2a"]


def test_every_setting_is_there_and_one_can_be_changed(page, dreamt):
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
    job = page.makes(lambda: page.window.press("d"))
    assert page.get(f"/api/pictures/{job['picture']}/recipe")["recipe"]["jitter"] == 16


def test_everything_of_mine_is_deleted_only_where_that_is_confirmed(page, dreamt):
    """It comes last: nothing of this visitor's is left."""
    page.open("gallery", fresh=False)
    page.sees(".grid .thumb")
    everything = "[aria-label='Delete everything of mine']"
    page.window.run("window.confirm = (words) => { window.asked = words; return false; }")
    page.window.click(everything)
    assert "there is no undo" in page.window.run("return window.asked")
    assert page.get("/api/pictures")["count"] > 0
    page.window.run("window.confirm = () => true")
    page.window.click(everything)
    page.until(lambda: page.get("/api/pictures")["count"] == 0)
    page.sees("document.querySelector('.gallery .lead') !== null")
    assert page.get("/api/jobs") == {"recent": [], "running": [], "waiting": []}
    page.go("dream")
    page.sees(".welcome")
    kept = page.window.run("return JSON.stringify(localStorage)")
    assert "garden" not in kept
