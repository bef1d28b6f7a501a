"""Somebody's face is about to be dreamt over: said once, where nobody asked for it, and no byte changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from reverie.deepdream import spared
from reverie.errors import NetworkError
from reverie.jobs.dreaming.batch import BatchJob
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.faces import FACE, FaceNotice
from reverie.jobs.moving.film import FilmJob
from reverie.jobs.moving.zoom import ZoomJob
from reverie.jobs.output import Output
from reverie.jobs.rerun import RerunJob
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.picture import Picture, save_picture
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support.paths import SOURCES

pytestmark = pytest.mark.usefixtures("in_its_folder")
QUICK: dict[str, Any] = {"size": (128, 128), "octaves": 1, "steps": (1,), "threads": 1}


@pytest.fixture(autouse=True)
def _without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> None:
        raise NetworkError("faces: not installed")

    monkeypatch.setattr(spared, "find_faces", missing)


def shown(name: str) -> NDArray[np.float32]:
    """A photograph of scikit-image, (H, W, C) in [0, 1]; of a pair the left one."""
    found = getattr(skimage.data, name)()
    pixels = np.atleast_3d(found[0] if isinstance(found, tuple) else found)
    return (pixels * 255 if pixels.dtype == bool else pixels).astype(np.float32) / 255


@pytest.fixture
def astronaut(here: Path) -> str:
    save_picture(Picture(shown("astronaut")), "astronaut.png")
    return "astronaut.png"


def dreamt(photo: str, workspace: Workspace, recipe: Recipe, out: str = "d.png") -> list[str]:
    """What is said of somebody's face in a dream."""
    job = DreamJob(recipe=recipe, photo=Reference(path=photo), output=Output(path=out, overwrite=True))
    return [text for text in job.run(workspace=workspace).warnings if "face" in text]


def test_it_is_said_of_a_person_and_not_of_a_cat(astronaut: str, workspace: Workspace) -> None:
    (said,) = dreamt(astronaut, workspace, preset("reverie", **QUICK))
    assert said.startswith("astronaut.png: somebody's face is in it")
    assert "--spare faces" in said
    assert dreamt(astronaut, workspace, preset("etching", **QUICK)) == [said]
    assert dreamt("chelsea.png", workspace, preset("reverie", **QUICK)) == []


def test_the_extra_is_named_only_where_it_is_missing(
    astronaut: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for found in (None, object()):
        monkeypatch.setattr("reverie.jobs.faces.find_spec", lambda _, found=found: found)
        (said,) = dreamt(astronaut, workspace, preset("reverie", **QUICK))
        assert ("pip install" in said) == (found is None)


def test_the_studios_page_knows_it() -> None:
    page = SOURCES / "reverie" / "studio" / "page" / "core" / "follow.js"
    assert f"^(.*): {FACE}" in page.read_text("utf-8")


@pytest.mark.parametrize("name", ["coffee", "rocket", "stereo_motorcycle", "horse", "moon", "cell", "brick"])
def test_nothing_is_said_of_animals_and_things(name: str, workspace: Workspace) -> None:
    save_picture(Picture(shown(name)), "photo.png")
    assert dreamt("photo.png", workspace, preset("reverie", **QUICK)) == []


def test_it_is_not_said_where_somebody_chose(astronaut: str, workspace: Workspace) -> None:
    white = np.ones((40, 40, 1), np.float32)
    save_picture(Picture(white), "mask.png")
    for changes in (
        {"objective": ("block4b",)},
        {"objective": ('class("castle")',)},
        {"mask": "mask.png"},
        {"strength": 0.0},
    ):
        assert dreamt(astronaut, workspace, preset("reverie", **{**QUICK, **changes})) == []


def test_no_byte_is_another(astronaut: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = preset("reverie", **{**QUICK, "steps": (3,)})
    assert dreamt(astronaut, workspace, recipe)
    monkeypatch.setattr(FaceNotice, "look", lambda *_: None)
    assert not dreamt(astronaut, workspace, recipe, "unsaid.png")
    assert Path("unsaid.png").read_bytes() == Path("d.png").read_bytes()


def test_many_photographs_say_it_once_and_a_rerun_not_at_all(astronaut: str, workspace: Workspace) -> None:
    Path("two").mkdir()
    for name in ("a.png", "b.png"):
        Path("two", name).write_bytes(Path(astronaut).read_bytes())
    photos = tuple(Reference(path=f"two/{name}") for name in ("a.png", "b.png"))
    job = BatchJob(recipe=preset("reverie", **QUICK), photos=photos, output=Output(path="out"))
    result = job.run(workspace=workspace)
    assert [text[:5] for text in result.warnings if "face" in text] == ["a.png"]
    again = RerunJob(result="out/a.png", input="two/a.png", output="again.png").run(workspace=workspace)
    assert not [text for text in again.warnings if "face" in text]
    assert Path("again.png").read_bytes() == Path("out/a.png").read_bytes()


@pytest.mark.slow
def test_films_and_zooms_say_it_of_what_they_begin_with(
    astronaut: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("frames").mkdir()
    for name in ("1.png", "2.png"):
        Path("frames", name).write_bytes(Path(astronaut).read_bytes())
    short: dict[str, Any] = {"duration": 0.2, "fps": 10, "steps": 1}
    zoom = preset("zoom", **{**QUICK, "zoom": short})
    film = preset("reverie", **QUICK)

    def said(out: str) -> list[str]:
        jobs = (
            ZoomJob(recipe=zoom, photo=Reference(path=astronaut), output=f"{out}-zoom.apng"),
            FilmJob(recipe=film, video=Reference(path="frames"), output=f"{out}-film.apng"),
        )
        results = [job.run(workspace=workspace) for job in jobs]
        return [text for result in results for text in result.warnings if "face" in text]

    heard = said("d")
    assert [text.split(":")[0] for text in heard] == ["astronaut.png", "frames"]
    assert all("--spare" not in text and "--mask" in text for text in heard)
    monkeypatch.setattr(FaceNotice, "look", lambda *_: None)
    assert said("unsaid") == []
    for kind in ("zoom", "film"):
        assert Path(f"unsaid-{kind}.apng").read_bytes() == Path(f"d-{kind}.apng").read_bytes()


def test_where_the_extra_is_installed_it_decides(
    astronaut: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spared, "find_faces", lambda _: [])
    assert dreamt(astronaut, workspace, preset("reverie", **QUICK)) == []
