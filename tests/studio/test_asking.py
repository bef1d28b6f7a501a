"""From a wish to a job's document: limits, files by id, and nothing of a stranger's taken as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reverie.errors import BadInput, UsageError
from reverie.jobs.document import read_job
from reverie.recipe.presets.preset import preset
from reverie.studio.asking import Asking, Wish, kind_of, kinds_of_presets
from reverie.studio.settings import SHARED, StudioSettings
from reverie.studio.store.database import Database
from reverie.studio.store.given import Given, GivenFiles


@pytest.fixture
def files(tmp_path: Path) -> Iterator[GivenFiles]:
    database = Database(tmp_path / "data")
    yield GivenFiles(database)
    database.close()


@pytest.fixture
def asking(files: GivenFiles) -> Asking:
    return Asking(StudioSettings(data=files.folder.parent, networks=("lite0", "lite1")), files, "me")


def keep(files: GivenFiles, name: str, kind: Any = "photo", owner: str = "me", **found: Any) -> Given:
    path = files.folder.parent / "new"
    path.write_bytes(name.encode())
    size = {"width": 640, "height": 480, **found}
    return files.keep(path, owner, kind, name, f"{hash((name, owner)) % 10**9:064d}", size)


def test_a_wish_becomes_a_document_that_a_stranger_may_have_written(
    asking: Asking, files: GivenFiles
) -> None:
    """Read as any foreign document: it names bare names in its own folder, and ids."""
    photo, guide = keep(files, "me.png"), keep(files, "other.png")
    wish = Wish(
        photo=photo.id,
        mask=keep(files, "m.png", "mask").id,
        recipe={"objective": [f'guide("{guide.id}", block5a)']},
    )
    (one,) = asking.plan(wish)
    job: Any = read_job(one.document, trusted=False)
    assert job.photo.id == photo.id
    assert job.output.path == "me-dream.png"
    assert job.recipe.mask == "m.png"
    assert job.recipe.objective == ('guide("other.png", block5a)',)
    assert set(one.files) == {"m.png", "other.png"}
    assert (one.kind, one.label, one.photo) == ("dream", "me.png", photo.id)


def test_two_files_of_one_name_are_told_apart(asking: Asking, files: GivenFiles) -> None:
    first, second = keep(files, "a.png"), keep(files, "b.png")
    files._database.do("UPDATE given SET name = 'a.png' WHERE id = ?", second.id)
    text = f'guide("{first.id}", block5a) + guide("{second.id}", block5b)'
    (one,) = asking.plan(Wish(photo=first.id, recipe={"objective": [text]}))
    assert sorted(one.files.values()) == sorted([first.id, second.id])
    assert len(one.files) == 2


def test_files_of_other_visitors_are_none(asking: Asking, files: GivenFiles) -> None:
    theirs = keep(files, "me.png", owner="you")
    with pytest.raises(BadInput, match="there is none with the id"):
        asking.plan(Wish(photo=theirs.id))
    mine = keep(files, "me.png")
    for recipe in ({"mask": theirs.id}, {"objective": [f'guide("{theirs.id}", block5a)']}):
        with pytest.raises(UsageError, match="no file is opened by its name"):
            asking.plan(Wish(photo=mine.id, recipe=recipe))


def test_how_the_machine_computes_is_not_for_visitors_to_say(asking: Asking, files: GivenFiles) -> None:
    recipe = {"threads": 999, "engine": "plain", "device": "cuda", "precision": "fp16", "halo": "full"}
    (one,) = asking.plan(Wish(photo=keep(files, "a.png").id, recipe=recipe))
    assert (one.recipe.threads, one.recipe.engine, one.recipe.device) == (0, "auto", "auto")
    assert (one.recipe.precision, one.recipe.halo) == ("auto", "auto")


def test_networks_are_those_of_the_operator(asking: Asking, files: GivenFiles) -> None:
    photo = keep(files, "a.png").id
    assert asking.plan(Wish(photo=photo))[0].recipe.network == "lite0"
    assert asking.plan(Wish(photo=photo, recipe={"network": "lite1"}))[0].recipe.network == "lite1"
    for network in ("lite2", "lite0:weights.pth", "py:evil.py:make", "timm:resnet18"):
        with pytest.raises(UsageError, match="network: there are lite0, lite1"):
            asking.plan(Wish(photo=photo, recipe={"network": network}))


def test_what_is_too_large_is_refused_before_it_is_computed(files: GivenFiles) -> None:
    asking = Asking(StudioSettings(data=files.folder.parent, quota=SHARED), files, "me")
    large = keep(files, "large.png", width=9000, height=9000).id
    assert asking.plan(Wish(photo=large))[0].recipe.max_size == 1280
    for recipe in (
        {"max_size": 9000},
        {"size": [5000, 5000]},
        {"size": [1000, 1000], "octave_top": 3, "octave_scale": 2},
    ):
        with pytest.raises(UsageError, match="over the limit of 16000000"):
            asking.plan(Wish(photo=large, recipe=recipe))
    with pytest.raises(UsageError, match="over the limit"):
        asking.plan(Wish(kind="portrait", targets=["tabby"], recipe={"portrait": {"print_size": 9000}}))


def test_each_kind_needs_its_own(asking: Asking, files: GivenFiles) -> None:
    photo, film = keep(files, "a.png").id, keep(files, "b.mp4", "film", seconds=2.0).id
    assert asking.plan(Wish(kind="film", photo=film))[0].document["video"]["id"] == film
    assert asking.plan(Wish(kind="zoom", photo=photo))[0].document["output"]["path"] == "a-zoom.mp4"
    assert asking.plan(Wish(kind="zoom"))[0].recipe.start == "clouds"
    wrong = (
        Wish(kind="film", photo=photo),
        Wish(kind="dream", photo=film),
        Wish(kind="film"),
        Wish(kind="apparition"),
        Wish(kind="dream", photo=photo, preset="portrait"),
        Wish(kind="portrait", preset="reverie", targets=["tabby"]),
        Wish(kind="dream", photo=photo, targets=["tabby"]),
    )
    for wish in wrong:
        with pytest.raises(UsageError):
            asking.plan(wish)


def test_variations_differ_in_their_seed_and_name_alone(asking: Asking, files: GivenFiles) -> None:
    planned = asking.plan(Wish(photo=keep(files, "a.png").id, variations=3, recipe={"seed": 5}))
    assert [one.recipe.seed for one in planned] == [5, 6, 7]
    assert {one.recipe.model_copy(update={"seed": 0}) for one in planned} == {
        planned[0].recipe.model_copy(update={"seed": 0})
    }
    assert planned[2].document["output"]["path"] == "a-3-dream.png"


def test_a_recipe_that_comes_back_whole_is_the_same(asking: Asking, files: GivenFiles) -> None:
    photo = keep(files, "a.png").id
    (one,) = asking.plan(Wish(photo=photo, recipe={"strength": 0.7, "keep_colour": 0.2, "seed": 3}))
    (again,) = asking.plan(Wish(photo=photo, recipe=one.recipe.model_dump(mode="json")))
    assert again.document == one.document


def test_every_preset_makes_something() -> None:
    kinds = dict(kinds_of_presets())
    assert all(kind_of(preset(name)) == kind for name, kind in kinds.items())
    assert (kinds["reverie"], kinds["zoom"], kinds["apparition"]) == ("dream", "zoom", "apparition")


def test_variations_are_compositions_of_their_own_where_there_can_be_any(
    asking: Asking, files: GivenFiles
) -> None:
    photo = keep(files, "me.png").id
    recipes = [one.recipe for one in asking.plan(Wish(photo=photo, variations=3))]
    assert len({(one.chance, one.seed) for one in recipes}) == 3
    assert all(one.chance > 0 for one in recipes)
    assert asking.plan(Wish(photo=photo))[0].recipe.chance == 0
    assert asking.plan(Wish(photo=photo, variations=2, recipe={"chance": 0.5}))[1].recipe.chance == 0.5
    assert asking.plan(Wish(kind="zoom", photo=photo, variations=2))[1].recipe.chance == 0
