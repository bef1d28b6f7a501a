"""A studio that runs, used as a page uses it, with the real network."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from support.commands import Ran
from support.studio import JOB, RunningStudio, User, given, studio_fixture

pytestmark = pytest.mark.slow

#: A dream of a second or less, and one that is slow enough to be caught at work.
QUICK = {"max_size": 96, "octaves": 1, "steps": [3]}
LONG = {"max_size": 160, "octaves": 1, "steps": [400]}


running = studio_fixture()


@pytest.fixture
def user(running: RunningStudio) -> Iterator[User]:
    one = running.user()
    yield one
    one.close()


@pytest.fixture(scope="module")
def photo(running: RunningStudio, photographs: Path) -> dict[str, Any]:
    return given(running, photographs / "chelsea.png")


def rerun(reverie: Callable[..., Ran], folder: Path, name: str, data: bytes) -> bytes:
    """What the command makes again of a result."""
    (folder / name).write_bytes(data)
    ran = reverie("rerun", name, "-o", f"again-{name}", cwd=folder)
    assert ran.rc in (0, 130), ran.stderr  # 130: it was stopped, and so is this
    return (folder / f"again-{name}").read_bytes()


# -- a dream ----------------------------------------------------------------------------------------------


def test_a_photograph_is_dreamt_over_with_every_step_shown(
    user: User, photo: dict[str, Any], here: Path, reverie: Callable[..., Ran]
) -> None:
    with user.events() as events:
        id = user.ask(kind="dream", photo=photo["id"], recipe={"max_size": 128, "octaves": 2, "steps": [5]})
        steps, previews = [], []
        while True:
            event, data = events.next()
            if event["type"] == "step":
                steps.append((event["octave"], event["step"]))
            elif event["type"] == "image/webp":
                previews.append(data)
                assert Image.open(io.BytesIO(data)).size == (event["width"], event["height"])
            elif event["type"] == "picture":
                picture = event["item"]
            elif event["type"] in ("done", "error"):
                break
    assert event == {"type": "done", "job": id, "state": "done"}
    assert steps == [(octave, step) for octave in range(2) for step in range(5)]
    assert 2 <= len(previews) <= len(steps)  # of steps that are faster than pictures travel, the newest
    assert picture["name"] == "chelsea-dream.png"
    made = user.made(id)
    assert Image.open(io.BytesIO(made)).size == (picture["width"], picture["height"]) == (128, 85)
    assert rerun(reverie, here, "chelsea-dream.png", made) == made


def test_every_format_is_what_the_command_writes(
    user: User, photo: dict[str, Any], here: Path, reverie: Callable[..., Ran]
) -> None:
    """Results are kept with 16 bits: what is made of them is what a job of that format had written."""
    id = user.wait(user.ask(kind="dream", photo=photo["id"], recipe=QUICK))["picture"]
    for format, name in (("png", "a.png"), ("jpg", "b.jpg"), ("tiff", "c.tiff"), ("png16", "d.png")):
        data = user.http.get(f"/api/pictures/{id}", params={"format": format}).content
        assert rerun(reverie, here, name, data) == data, format


def test_stopped_half_way_it_reruns_to_the_same(
    user: User, photo: dict[str, Any], here: Path, reverie: Callable[..., Ran]
) -> None:
    id = user.ask(kind="dream", photo=photo["id"], recipe=LONG)
    user.wait(id, lambda job: (job["share"] or 0) > 0.01)
    user.post(f"/api/jobs/{id}/stop")
    job = user.wait(id)
    assert (job["state"], job["stopped"][:8]) == ("stopped", "octave 1")
    made = user.made(id)
    assert rerun(reverie, here, "half.png", made) == made


def test_steered_it_reruns_to_the_same(
    user: User, photo: dict[str, Any], here: Path, reverie: Callable[..., Ran]
) -> None:
    with user.events() as events:
        id = user.ask(kind="dream", photo=photo["id"], recipe={**LONG, "steps": [40]})
        events.until("step", job=id, step=3)
        began = time.monotonic()
        change = {"recipe": {"objective": ["block4b"], "strength": 0.8, "steps": [30], "octaves": None}}
        answer = user.http.patch(f"/api/jobs/{id}", json=change).json()
        assert answer["how"] == "steered"
        events.until("steered", job=id)
        assert time.monotonic() - began < 10
        refused = user.http.patch(f"/api/jobs/{id}", json={"recipe": {"objective": ["nowhere"]}})
        assert refused.status_code == 422
        assert "nowhere" in refused.json()["error"]
    job = user.wait(id)
    made = user.made(id)
    recalled = user.get(f"/api/pictures/{job['picture']}/recipe")
    (course,) = recalled["steered"]
    assert course["changes"] == {"objective": ["block4b"], "strength": 0.8, "steps": [30], "octaves": None}
    assert recalled["command"].startswith("reverie rerun")
    assert rerun(reverie, here, "steered.png", made) == made


def test_what_cannot_change_in_the_middle_begins_anew(user: User, photo: dict[str, Any]) -> None:
    id = user.ask(kind="dream", photo=photo["id"], recipe=LONG)
    user.wait(id, lambda job: (job["share"] or 0) > 0.005)
    answer = user.http.patch(f"/api/jobs/{id}", json={"recipe": QUICK}).json()
    assert answer["how"] == "begun anew"
    job = user.wait(id)
    assert (job["state"], job["recipe"]["steps"], job["recipe"]["max_size"]) == ("done", [3], 96)
    assert len(job["pictures"]) == 1


# -- the line ---------------------------------------------------------------------------------------------


def test_jobs_wait_move_are_held_and_cancelled(user: User, photo: dict[str, Any]) -> None:
    first = user.ask(kind="dream", photo=photo["id"], recipe=LONG)
    user.wait(first, lambda job: job["state"] == "running")
    rest = [user.ask(kind="dream", photo=photo["id"], recipe=QUICK, name=f"job {i}") for i in range(4)]
    assert [job["id"] for job in user.get("/api/jobs")["waiting"]] == rest
    user.post(f"/api/jobs/{rest[3]}/move", to=0)
    user.post(f"/api/jobs/{rest[1]}/cancel")
    user.post(f"/api/jobs/{rest[2]}/pause")
    waiting = user.get("/api/jobs")["waiting"]
    assert [(job["id"], job["position"]) for job in waiting] == [(rest[3], 0), (rest[0], 1)]
    user.post(f"/api/jobs/{first}/cancel")
    states = [user.wait(id, lambda job: job["state"] == "paused")["state"] for id in (first, *rest)]
    assert states == ["cancelled", "done", "cancelled", "paused", "done"]
    assert user.http.get(f"/api/jobs/{first}/result").status_code == 404
    user.post(f"/api/jobs/{rest[2]}/resume")
    assert user.wait(rest[2])["state"] == "done"
    recent = [job["id"] for job in user.get("/api/jobs")["recent"]][:5]
    assert recent[0] == rest[2]
    assert recent.index(rest[0]) < recent.index(rest[3])
    assert user.http.post(f"/api/jobs/{first}/stop").status_code == 409


def test_a_held_dream_goes_on_and_gives_way_to_others(user: User, photo: dict[str, Any]) -> None:
    """It is held by its worker; where another job needs that, it begins anew, to the same bytes."""
    recipe = {"max_size": 128, "octaves": 1, "steps": [60]}
    plain = user.ask(kind="dream", photo=photo["id"], recipe=recipe)
    user.wait(plain)
    held = user.ask(kind="dream", photo=photo["id"], recipe=recipe)
    user.wait(held, lambda job: (job["share"] or 0) > 0.1)
    user.post(f"/api/jobs/{held}/pause")
    time.sleep(0.7)
    share = user.job(held)["share"]
    time.sleep(0.7)
    assert user.job(held)["share"] == share
    other = user.ask(kind="dream", photo=photo["id"], recipe=QUICK)
    assert user.wait(other)["state"] == "done"
    assert user.job(held)["state"] == "paused"
    user.post(f"/api/jobs/{held}/resume")
    user.wait(held)
    assert user.made(held) == user.made(plain)


def test_variations_are_jobs_of_their_own(user: User, photo: dict[str, Any]) -> None:
    wish = {"kind": "dream", "photo": photo["id"], "recipe": QUICK, "variations": 3}
    ids = user.http.post("/api/jobs", json=wish).json()["jobs"]
    assert [user.wait(id)["recipe"]["seed"] for id in ids] == [0, 1, 2]
    assert len({user.made(id) for id in ids}) == 3


def test_a_worker_that_dies_costs_no_job(running: RunningStudio, user: User, photo: dict[str, Any]) -> None:
    recipe = {"max_size": 128, "octaves": 1, "steps": [80], "seed": 5}
    plain = user.ask(kind="dream", photo=photo["id"], recipe=recipe)
    user.wait(plain)
    id = user.ask(kind="dream", photo=photo["id"], recipe=recipe)
    user.wait(id, lambda job: (job["share"] or 0) > 0.1)
    (worker,) = running.workers()
    worker.kill()
    job = user.wait(id)
    assert (job["state"], len(job["pictures"])) == ("done", 1)
    assert user.made(id) == user.made(plain)


# -- what else is made ------------------------------------------------------------------------------------


def test_masks_guides_and_regions_are_files_by_id(
    user: User, photo: dict[str, Any], photographs: Path
) -> None:
    grey = np.zeros((60, 90), np.uint8)
    grey[:, 45:] = 255
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    mask = user.http.put("/api/masks", content=out.getvalue()).json()
    guide = user.give((photographs / "coffee.png").read_bytes(), "coffee.png")
    masked = user.ask(kind="dream", photo=photo["id"], mask=mask["id"], guide=guide["id"], recipe=QUICK)
    job = user.wait(masked)
    assert job["state"] == "done", job["error"]
    assert job["recipe"]["objective"] == ['guide("coffee.png", block5a)']
    made = np.asarray(
        Image.open(io.BytesIO(user.http.get(f"/api/pictures/{job['picture']}?format=png").content))
    )
    plain = Image.open(photographs / "chelsea.png").convert("RGB")
    plain.thumbnail((96, 96), Image.Resampling.LANCZOS)
    away = np.abs(made.astype(int) - np.asarray(plain.resize(made.shape[1::-1])).astype(int)).mean((0, 2))
    assert away[:40].mean() * 2 < away[56:].mean()
    recalled = user.get(f"/api/pictures/{job['picture']}/recipe")
    assert recalled["mask"] == mask["id"]
    assert guide["id"] in recalled["recipe"]["objective"][0]
    again = user.wait(user.ask(kind="dream", photo=recalled["photo"], recipe=recalled["recipe"]))
    assert user.made(again["id"]) == user.made(masked)


def test_portraits_zooms_films_and_apparitions(user: User, photo: dict[str, Any]) -> None:
    portrait = {"size": [64, 64], "octaves": 1, "steps": [3]}
    jobs = [
        user.ask(kind="portrait", targets=["block5c:3", "tabby"], recipe=portrait),
        user.ask(kind="zoom", photo=photo["id"], recipe={"size": [64, 64], "zoom": {"duration": 0.2}}),
        user.ask(
            kind="apparition",
            photo=photo["id"],
            recipe={"objective": ['class("tabby")'], "max_size": 96, "steps": [2], "octaves": 1},
        ),
    ]
    names = []
    for id in jobs:
        job = user.wait(id)
        assert job["state"] == "done", job
        names.append([one["name"] for one in job["pictures"]])
    assert names == [["block5c-3.png", "tabby.png"], ["chelsea-zoom.mp4"], ["chelsea-dream.png"]]
    film = user.give(user.made(jobs[1]), "zoom.mp4")
    assert (film["kind"], film["width"]) == ("film", 64)
    frames = [user.http.get(f"/api/photos/{film['id']}", params={"at": at}).content for at in (0, 0.1)]
    assert frames[0] != frames[1]
    assert all(frame[8:12] == b"WEBP" for frame in frames)
    assert user.http.get(f"/api/photos/{film['id']}", params={"at": 99}).status_code == 422
    job = user.wait(user.ask(kind="film", photo=film["id"], recipe={"steps": [2], "octaves": 1}))
    assert job["state"] == "done", job
    assert user.http.get(f"/api/pictures/{job['picture']}/thumb").content[8:12] == b"WEBP"


def test_a_zoom_plays_while_it_grows_and_what_there_is_is_kept(user: User, photo: dict[str, Any]) -> None:
    recipe = {"size": [64, 64], "steps": [2], "octaves": 1, "zoom": {"duration": 600, "fps": 4, "steps": 1}}
    id = user.ask(kind="zoom", photo=photo["id"], recipe=recipe)
    end = time.monotonic() + 60
    while (film := user.http.get(f"/api/jobs/{id}/film")).status_code == 404 or len(film.content) < 2000:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert film.headers["content-type"] == "video/mp4"
    assert frames_in(film.content) >= 1
    assert user.job(id)["plays"] is True
    half = len(film.content) // 2
    pieces = [user.http.get(f"/api/jobs/{id}/film", params={"from": at}).content for at in (0, half)]
    assert pieces[0][: len(film.content)] == film.content
    assert pieces[1][: len(film.content) - half] == film.content[half:]
    beyond = user.http.get(f"/api/jobs/{id}/film", params={"from": 10**9})
    assert (beyond.status_code, beyond.content) == (200, b"")
    user.post(f"/api/jobs/{id}/stop")
    job = user.wait(id)
    assert (job["state"], job["pictures"][0]["name"]) == ("stopped", "chelsea-zoom-stopped.mp4")
    assert frames_in(user.made(id)) >= frames_in(film.content)
    over = user.http.get(f"/api/jobs/{id}/film", params={"from": len(film.content)})
    assert (over.status_code, over.content) == (204, b"")
    recalled = user.get(f"/api/pictures/{job['picture']}/recipe")
    assert recalled["repeatable"] is False
    assert "it was stopped at frame" in recalled["why_not"]


def test_a_steered_zoom_reruns_to_the_same(
    user: User, photo: dict[str, Any], here: Path, reverie: Callable[..., Ran]
) -> None:
    zoom = {"duration": 10, "fps": 4, "steps": 1, "octaves": 1}
    recipe = {"size": [64, 48], "steps": [2], "octaves": 1, "zoom": zoom}
    with user.events() as events:
        id = user.ask(kind="zoom", photo=photo["id"], recipe=recipe)
        events.until("step", job=id, frame=2)
        change = {"zoom": {"zoom": 1.6, "rotate": 20, "scenes": ["block4b"]}}
        answer = user.http.patch(f"/api/jobs/{id}", json={"recipe": change}).json()
        assert (answer["how"], answer["later"]) == ("steered", [])
        place = events.until("steered", job=id)["at"]
        mixed = {"size": [96, 64], "zoom": {"duration": 2, "zoom": 1.1}}
        answer = user.http.patch(f"/api/jobs/{id}", json={"recipe": mixed, "anew": False}).json()
        assert (answer["how"], answer["later"]) == ("steered", ["size", "zoom.duration"])
        events.until("steered", job=id)
        longer = {"recipe": {"zoom": {"duration": 11}}, "anew": False}
        assert user.http.patch(f"/api/jobs/{id}", json=longer).json()["how"] == "later"
        wrong = {"recipe": {"zoom": {"scenes": ["nowhere"]}}}
        refused = user.http.patch(f"/api/jobs/{id}", json=wrong)
        assert (refused.status_code, "nowhere" in refused.text) == (422, True)
    job = user.wait(id)
    assert job["state"] == "done", job
    recalled = user.get(f"/api/pictures/{job['picture']}/recipe")
    frames = [one["frame"] for one in recalled["steered"]]
    assert (frames[0], len(frames)) == (place[0], 2)
    assert (recalled["recipe"]["zoom"]["zoom"], recalled["recipe"]["zoom"]["duration"]) == ("1.1", 10)
    assert recalled["command"].startswith("reverie rerun")
    made = user.made(id)
    assert rerun(reverie, here, "chelsea-zoom.mp4", made) == made


def seconds_told(user: User, **wish: Any) -> float:
    """What an estimate says, as soon as there was time for it."""
    end = time.monotonic() + JOB
    while (seconds := user.post("/api/jobs/estimate", **wish)["seconds"]) is None:
        assert time.monotonic() < end
    return float(seconds)


def test_how_long_it_takes_is_told_before(user: User, photo: dict[str, Any]) -> None:
    portrait = {"size": [64, 64], "octaves": 1, "steps": [30]}
    wish = {"kind": "portrait", "targets": ["tabby"], "recipe": portrait}
    one = seconds_told(user, **wish)
    assert one > 0
    assert seconds_told(user, **wish, variations=4) == 4 * one
    zoom = {"size": [64, 48], "steps": [2], "octaves": 1, "zoom": {"duration": 2, "fps": 4}}
    for duration, least in ((2, 0), (20_000, 60)):
        recipe = {**zoom, "zoom": {"duration": duration, "fps": 4}}
        assert seconds_told(user, kind="zoom", photo=photo["id"], recipe=recipe) > least
    assert seconds_told(user, kind="fool", targets=["goldfish"]) > 1
    wrong = {"kind": "zoom", "recipe": {"zoom": {"scenes": ["nowhere"]}}}
    assert user.http.post("/api/jobs/estimate", json=wrong).status_code == 422
    assert user.get("/api/jobs")["waiting"] == []


def frames_in(film: bytes) -> int:
    with av.open(io.BytesIO(film)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_layers_are_shown_of_the_photograph(user: User, photo: dict[str, Any]) -> None:
    with user.events() as events:
        layers = user.get("/api/layers", photo=photo["id"])
        told = events.until("thumbnail", photo=photo["id"])
    assert [layer["name"] for layer in layers][:2] == ["stem", "block1a"]
    image = Image.open(io.BytesIO(user.http.get(told["url"]).content))
    assert max(image.size) == 160
    again = {one["name"]: one["thumbnail"] for one in user.get("/api/layers", photo=photo["id"])}
    assert again[told["layer"]] == told["url"]


def test_classes_are_shown_as_portraits(user: User) -> None:
    with user.events() as events:
        found = user.get("/api/classes", q="tabby", portraits=1)
        assert found[0]["name"] == "tabby"
        told = events.until("thumbnail", **{"class": found[0]["index"]})
    assert Image.open(io.BytesIO(user.http.get(told["url"]).content)).size == (128, 128)
    assert user.get("/api/classes", q="tabby")[0]["portrait"] == told["url"]


def test_units_of_a_layer_are_shown_as_portraits(user: User) -> None:
    with user.events() as events:
        found = user.get("/api/units", layer="block5c", first=3, count=2)
        told = events.until("thumbnail", unit="block5c:3")
    assert [unit["name"] for unit in found["units"]] == ["block5c:3", "block5c:4"]
    assert (found["channels"], found["layer"]) == (112, "block5c")
    assert Image.open(io.BytesIO(user.http.get(told["url"]).content)).size == (96, 96)
    again = user.get("/api/units", layer="block5c", first=3, count=1)
    assert again["units"][0]["portrait"] == told["url"]
    classes = user.get("/api/units", layer="logits", first=281, count=1)["units"]
    assert [(one["name"], one["title"]) for one in classes] == [("logits:281", "tabby")]
    assert user.get("/api/units", layer="block5c", first=112)["units"] == []
    assert user.http.get("/api/units", params={"layer": "../etc"}).status_code == 404


def test_a_preview_is_quick_small_and_no_job(user: User, photo: dict[str, Any]) -> None:
    before = user.get("/api/jobs")["recent"]
    wish = {"kind": "dream", "photo": photo["id"], "recipe": {"objective": ["block4b"], "size": [1200, 600]}}
    answer = user.http.post("/api/jobs/sketch", json=wish)
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (288, 144)
    assert user.get("/api/jobs")["recent"] == before
    bad = {**wish, "recipe": {"objective": ["nowhere"]}}
    assert user.http.post("/api/jobs/sketch", json=bad).status_code == 422
    assert user.http.post("/api/jobs/sketch", json={"kind": "zoom"}).status_code == 422


# -- fooling ----------------------------------------------------------------------------------------------

EVOLUTION = {"generations": 3, "children": 8, "size": 64}


def test_pictures_evolve_with_their_sheet_shown(user: User, here: Path) -> None:
    with user.events() as events:
        id = user.ask(kind="fool", targets=["goldfish", "zebra"], recipe=EVOLUTION)
        previews = []
        while True:
            event, data = events.next()
            if event["type"] == "image/webp" and event["job"] == id:
                previews.append(data)
            elif event["type"] in ("done", "error") and event["job"] == id:
                break
    job = user.job(id)
    assert (job["state"], job["label"], job["error"]) == ("done", "goldfish, zebra", None)
    assert previews
    names = [one["label"] for one in job["pictures"]]
    assert names[-1] == "the sheet"
    assert {name.split(",")[0] for name in names[:-1]} == {"goldfish", "zebra"}
    recalled = user.get(f"/api/pictures/{job['picture']}/recipe")
    assert recalled["command"].startswith("reverie fool goldfish zebra -o fooled")
    for one in job["pictures"]:
        for format in ("png", "jpg", "webp"):
            answer = user.http.get(f"/api/pictures/{one['id']}", params={"format": format})
            assert answer.status_code == 200, (one, format)
            Image.open(io.BytesIO(answer.content)).load()
    changed = user.http.patch(f"/api/jobs/{id}", json={"recipe": {"generations": 9}})
    assert (changed.status_code, changed.json()["how"]) == (200, "over")
    refused = user.http.post("/api/jobs", json={"kind": "fool", "targets": ["nothing of that name"]})
    assert refused.status_code == 422


def test_an_evolution_that_was_broken_off_comes_to_the_same(running: RunningStudio, user: User) -> None:
    wish = {"kind": "fool", "targets": ["zebra"], "recipe": {**EVOLUTION, "generations": 60}}
    plain = user.wait(user.ask(**wish))
    id = user.ask(**wish)
    user.wait(id, lambda job: (job["share"] or 0) > 0.2)
    (worker,) = running.workers()
    worker.kill()
    job = user.wait(id)
    assert (job["state"], len(job["pictures"])) == ("done", len(plain["pictures"]))
    assert user.made(id) == user.made(plain["id"])


# -- the gallery ------------------------------------------------------------------------------------------


def test_the_gallery_keeps_throws_away_and_gives_back(user: User, photo: dict[str, Any]) -> None:
    ids = [user.wait(user.ask(kind="dream", photo=photo["id"], recipe=QUICK))["picture"] for _ in range(3)]
    page = user.get("/api/pictures", limit=2)
    assert [one["id"] for one in page["items"]] == ids[:0:-1]
    assert user.get("/api/pictures", before=page["next"], limit=1)["items"][0]["id"] == ids[0]
    changed = user.http.patch(f"/api/pictures/{ids[0]}", json={"favourite": True, "name": "../a <b>"}).json()
    assert (changed["favourite"], changed["name"]) == (True, "a _b_.png")
    assert [one["id"] for one in user.get("/api/pictures", favourite=1)["items"]] == [ids[0]]
    undo = user.http.delete(f"/api/pictures/{ids[1]}").json()["undo"]
    assert user.http.get(f"/api/pictures/{ids[1]}").status_code == 404
    assert ids[1] not in [one["id"] for one in user.get("/api/pictures")["items"]]
    assert user.post(undo)["id"] == ids[1]
    head = user.http.get(f"/api/pictures/{ids[0]}?download=1").headers
    assert head["content-type"] == "image/png"
    assert "attachment" in head["content-disposition"]


def test_what_was_given_can_be_removed_once_nobody_needs_it(user: User, photographs: Path) -> None:
    id = user.give((photographs / "rocket.png").read_bytes())["id"]
    assert id in [one["id"] for one in user.get("/api/photos")]
    job = user.ask(kind="dream", photo=id, recipe=LONG)
    assert user.http.delete(f"/api/photos/{id}").status_code == 409
    user.post(f"/api/jobs/{job}/cancel")
    user.wait(job)
    assert user.http.delete(f"/api/photos/{id}").status_code == 204
    assert user.http.get(f"/api/photos/{id}").status_code == 404
    assert user.http.post("/api/jobs", json={"kind": "dream", "photo": id}).status_code == 422


def test_a_result_that_is_given_back_says_how_it_was_made(
    user: User, photo: dict[str, Any], photographs: Path
) -> None:
    id = user.ask(kind="dream", photo=photo["id"], recipe={**QUICK, "seed": 7})
    user.wait(id)
    answer = user.http.post("/api/recipes/read", content=user.made(id)).json()
    assert (answer["kind"], answer["photo"], answer["seed"]) == ("dream", photo["id"], 7)
    plain = (photographs / "rocket.png").read_bytes()
    refused = user.http.post("/api/recipes/read", content=plain)
    assert refused.status_code == 422
    assert "holds no recipe" in refused.json()["error"]


# -- what there is ----------------------------------------------------------------------------------------


def test_the_catalogue(user: User) -> None:
    kinds = user.get("/api/schema")["kinds"]
    assert set(kinds) == {"dream", "portrait", "zoom", "film", "apparition", "fool"}
    presets = user.get("/api/presets")
    assert {one["kind"] for one in presets} >= {"dream", "portrait", "zoom", "film", "apparition"}
    assert all(one["summary"] and one["history"] for one in presets)
    assert user.get("/api/networks") == [{"name": "lite0", "default": True, "classes": True}]
    assert user.get("/api/classes", q="tabby")[0]["index"] == 281
    assert user.get("/api/me")["visitor"] == "local"
    paths = user.get("/api/openapi.json")["paths"]
    assert {"/api/jobs", "/api/pictures/{id}", "/api/photos"} <= set(paths)
    assert len(user.get("/api/samples")) == 4
    read = user.post("/api/objective", text='block5c + 0.5 * class("tabby")')
    assert read["text"] == 'block5c + 0.5*class("tabby")'


# -- at the end: nothing of what was given before is there afterwards ---------------------------------------


def test_everything_of_mine_can_be_removed(running: RunningStudio, user: User, photographs: Path) -> None:
    id = user.give((photographs / "rocket.png").read_bytes())["id"]
    job = user.ask(kind="dream", photo=id, recipe=QUICK)
    user.wait(job)
    waiting = user.ask(kind="dream", photo=id, recipe=LONG)
    assert user.http.delete("/api/me").status_code == 409
    user.post(f"/api/jobs/{waiting}/cancel")
    user.wait(waiting)
    assert user.http.delete("/api/me").status_code == 204
    assert user.get("/api/photos") == []
    assert user.get("/api/pictures")["items"] == []
    assert user.http.get(f"/api/jobs/{job}").status_code == 404
    assert user.get("/api/me")["quota"]["used"] == 0
