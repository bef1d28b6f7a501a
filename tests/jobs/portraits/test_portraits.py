"""Portraits and inversions as jobs: told of, stopped, gone on with, and made again from their documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reverie import preset
from reverie.errors import UsageError
from reverie.jobs.document import read_job
from reverie.jobs.job import Finished, Job, Listeners
from reverie.jobs.output import Output
from reverie.jobs.portraits.names import places, slug
from reverie.jobs.portraits.portraits import InversionsJob, PortraitsJob
from reverie.jobs.preview import Preview
from reverie.jobs.provenance.note import of_picture, sha256_of
from reverie.jobs.workspace import LocalFiles, Reference, Workspace
from reverie.recipe.recipe import Recipe
from support.listeners import Recorder, again
from support.microscope import lite0, tree
from support.portraits import same

QUICK: dict[str, Any] = {"size": (64, 48), "steps": (2,), "threads": 1}
#: Settings of inversions, as JSON has them.
SETTINGS: dict[str, Any] = {"steps": [2], "max_size": 48, "threads": 1}


pytestmark = pytest.mark.usefixtures("in_its_folder")


def recipe(**changes: Any) -> Recipe:
    return preset("portrait", **{**QUICK, "portrait": {"views": 1}, **changes})


def units(output: str, *targets: str, **more: Any) -> PortraitsJob:
    return PortraitsJob(recipe=recipe(), targets=targets, output=output, **more)


JOBS: dict[str, tuple[Job[Any], list[str]]] = {
    "one": (units("a.png", "tabby"), ["a.png"]),
    "a sheet": (units("s.png", "block1a:0-1", "stem:3"), ["s.png", "s-block1a-0.png", "s-block1a-1.png"]),
    "facets": (
        PortraitsJob(recipe=recipe(portrait={"views": 1, "facets": 2}), targets=["block1a:2"], output="d/"),
        ["d/block1a-2-1.png", "d/block1a-2-2.png"],
    ),
    "a start": (units("p.png", "block1a:2", photo="chelsea.png"), ["p.png"]),
    "inversions": (
        InversionsJob(photo="chelsea.png", layers=["stem", "head"], settings=SETTINGS, output="i/"),
        ["i/stem.png", "i/head.png"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", JOBS)
def test_events_come_in_order_and_the_document_makes_the_same_files(kind: str, workspace: Workspace) -> None:
    (job, files), listener = JOBS[kind], Recorder()
    result = job.run(listener, workspace)
    assert listener.in_order()
    assert listener.events[-1] == Finished(result)
    assert list(result.files[: len(files)]) == files
    assert len(listener.items) == len(result.made) == result.wanted
    assert [(item.done, item.total) for item in listener.items] == [
        (i + 1, result.wanted) for i in range(result.wanted)
    ]
    assert all(item.result is not None and item.path == item.result.path for item in listener.items)
    before = {file: Path(file).read_bytes() for file in result.files}
    for file in result.files:
        Path(file).unlink()
    same_job = again(job)
    assert same_job == job
    assert {f: Path(f).read_bytes() for f in same_job.run(None, workspace).files} == before


def test_what_is_made_together_is_told_of_together(workspace: Workspace) -> None:
    listener = Recorder()
    units("s.png", "block1a:0", "stem:3", "block1a:1").run(listener, workspace)
    assert list(dict.fromkeys(step.label for step in listener.steps)) == [
        "1-2 of 3: block1a:0, ...",
        "3 of 3: stem:3",
    ]
    assert [item.label for item in listener.items] == ["block1a:0", "block1a:1", "stem:3"]
    assert listener.steps[-1].share == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "stopped", "made"),
    [(3, "octave 2, step 1", 2), (4, "2 of 3 portraits", 2), (6, "octave 1, step 2", 3)],
)
def test_stopped_half_way_it_goes_on_to_the_same_bytes(
    after: int, stopped: str, made: int, workspace: Workspace
) -> None:
    targets = ("block1a:0-1", "stem:3")
    units("whole/", *targets).run(None, workspace)
    first = units("f/", *targets).run(Recorder(after), workspace)
    assert (first.stopped, len(first.made), first.wanted) == (stopped, made, 3)
    cut = [one for one in first.made if one.stopped]
    assert all(of_picture(one.path).stopped == one.stop for one in cut)
    listener = Recorder()
    second = units("f/", *targets).run(listener, workspace)
    assert not second.stopped
    assert (len(second.made), second.skipped) == (3 - made + len(cut), made - len(cut))
    assert [item.skipped for item in listener.items] == [True] * second.skipped + [False] * len(second.made)
    assert [item.done for item in listener.items] == [1, 2, 3]
    assert tree(Path("f")) == tree(Path("whole"))
    third = units("f/", *targets).run(None, workspace)
    assert (third.files, third.skipped, third.stopped) == ((), 3, "")


def test_a_sheet_is_made_of_what_there_is(workspace: Workspace) -> None:
    result = units("s.png", "block1a:0", "stem:3").run(Recorder(after=4), workspace)
    assert result.stopped == "1 of 2 portraits"
    assert result.files == ("s.png", "s-block1a-0.png")


def test_each_is_as_if_made_alone_and_a_photograph_is_found_by_its_hash(workspace: Workspace) -> None:
    chelsea = Reference(sha256=sha256_of("chelsea.png"))
    workspace.resolver = LocalFiles(".")
    units("f/", "block1a:0-1", photo=chelsea).run(None, workspace)
    units("alone.png", "block1a:1", photo="chelsea.png").run(None, workspace)
    assert same("f/block1a-1.png", "alone.png")
    note = of_picture("alone.png")
    assert note.source is not None
    assert (note.source.name, note.recipe.start) == ("chelsea.png", "photo")


def test_variations_are_the_seeds_that_follow_each_as_if_made_alone(workspace: Workspace) -> None:
    result = units("v.png", "block1a:0", "stem:3", variations=2).run(workspace=workspace)
    files = [f"v-{unit}-seed-{seed}.png" for unit in ("block1a-0", "stem-3") for seed in (0, 1)]
    assert result.files == ("v.png", *files)
    assert [one.recipe.seed for one in result.made] == [0, 1, 0, 1]
    alone = PortraitsJob(recipe=recipe(seed=1), targets=["stem:3"], output="alone.png")
    alone.run(workspace=workspace)
    assert same("alone.png", "v-stem-3-seed-1.png")
    spread = units("w/", "stem:3", variations=2)
    spread = spread.model_copy(update={"recipe": recipe(portrait={"views": 1, "facets": 3})})
    assert [one.recipe.seed for one in spread.run(workspace=workspace).made] == [0, 0, 0, 3, 3, 3]


def test_inversions_take_the_preset_that_suits_each_layer(workspace: Workspace) -> None:
    InversionsJob(photo="chelsea.png", layers=["stem", "head"], settings=SETTINGS, output="i/").run(
        None, workspace
    )
    assert [of_picture(f"i/{name}.png").recipe.preset for name in ("stem", "head")] == [
        "inversion-shallow",
        "inversion",
    ]
    named = InversionsJob(
        photo="chelsea.png", layers=["stem"], preset="inversion", settings=SETTINGS, output="n.png"
    )
    named.run(None, workspace)
    note = of_picture("n.png")
    assert (note.recipe.preset, note.recipe.objective) == ("inversion", ('invert("chelsea.png", stem)',))
    whole = InversionsJob(photo="chelsea.png", settings=SETTINGS, output="all/")
    assert len(whole.files(workspace)) == len(lite0().layers)


def test_what_it_will_cost_is_asked_without_a_file(workspace: Workspace) -> None:
    found = units("s.png", "block1a:0-1", "stem:3").estimate(workspace)
    assert found.details["portraits"] == 3
    assert found.seconds is not None
    assert found.seconds > 0
    assert "3 of 64 x 48" in found.text
    layers = InversionsJob(photo="chelsea.png", settings=SETTINGS, output="all/").estimate(workspace)
    assert layers.details["portraits"] == len(lite0().layers)
    assert [path.name for path in Path().iterdir()] == ["chelsea.png"]


def test_a_preview_listens_as_well(workspace: Workspace) -> None:
    listeners = Listeners(Recorder(), Preview("now.png", every=0.0))
    units("a.png", "block1a").run(listeners, workspace)
    assert Path("now.png").exists()


def test_what_makes_no_portraits_is_refused_where_the_job_is_made() -> None:
    with pytest.raises(ValidationError, match="preset google2015: makes dreams and no portraits"):
        PortraitsJob(recipe=preset("google2015"), output="a.png")
    with pytest.raises(ValidationError, match="makes dreams"):
        InversionsJob(photo="chelsea.png", preset="google2015", output="a.png")
    document = {"kind": "inversions", "photo": "a.png", "output": "b.png"}
    for settings, says in (
        ({"steps": [0]}, "steps"),
        ({"name": 1}, "no such setting"),
        ({"portrait": 3}, "portrait"),
        ({"portrait": {"canvas": []}}, "canvas"),
    ):
        with pytest.raises(UsageError, match=f"^job: .*{says}"):
            read_job({**document, "settings": settings})
    with pytest.raises(UsageError) as caught:
        read_job({"kind": "portraits", "recipe": {"stepz": 1}, "targets": 3, "output": "a.png"})
    assert "stepz" in str(caught.value)
    assert "targets" in str(caught.value)
    assert "makes dreams" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "inversions", "photo": "a.png", "settings": {"network": "lite0:/w.pth"}},
        {"kind": "inversions", "photo": "a.png", "settings": {"mask": "../m.png"}},
        {"kind": "portraits", "recipe": {"portrait": {}}, "targets": ['caricature("/etc/x", head)']},
        {"kind": "fool", "settings": {"network": "lite0:../w.pth"}},
    ],
)
def test_a_document_that_is_not_trusted_names_no_path(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="--trust"):
        read_job({**fields, "output": "o.png"})
    read_job({**fields, "output": "o.png"}, trusted=True)


def test_only_one_picture_can_have_the_name_that_was_given(workspace: Workspace) -> None:
    output = Output(path="f", depth=16)
    with pytest.raises(UsageError, match="a folder: f/"):
        PortraitsJob(recipe=recipe(), targets=["stem:0-1"], output=output).run(None, workspace)


def test_names_of_files() -> None:
    assert places("a.png", ["x"], [1]) == {(0, 0): "a.png"}
    assert places("f/", ["x", "X", "x"], [1, 1, 1]) == {
        (0, 0): "f/x.png",
        (1, 0): "f/X_2.png",
        (2, 0): "f/x_3.png",
    }
    assert places("d/a.jpg", ["golden retriever"], [2])[0, 1] == "d/a-golden-retriever-2.jpg"
    assert slug('class("a/../b")') == "class-a-..-b"
    assert slug("***") == "portrait"
    with pytest.raises(UsageError, match="is needed"):
        places("a", ["x", "y"], [1, 1])
