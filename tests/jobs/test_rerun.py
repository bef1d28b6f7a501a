"""Made again from what is written in the file: the same bytes, or a word on what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from reverie.engine.select import NoEngineError
from reverie.errors import BadInput, NetworkError, ResourceError, UsageError
from reverie.jobs.moving.film import FilmJob
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.provenance.note import EngineNote, of_picture
from reverie.jobs.rerun import RerunJob
from reverie.media.picture import load_picture, read_provenance
from reverie.native import step as native_picture
from reverie.recipe.presets.preset import PRESETS, preset
from support import films
from support.dreams import QUICK, dreamt, edit, made, remade, rerun
from support.listeners import Recorder, again
from support.moving import Viewer, scene
from support.slow import mostly_slow

pytestmark = pytest.mark.usefixtures("in_its_folder")


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_reruns_to_the_same_bytes(here: Path, name: str) -> None:
    recipe = preset(name, **{**QUICK, "octaves": None if name == "crowsonkb" else 2})
    dreamt(recipe, "chelsea.png", "d.png")
    remade()


@mostly_slow("start", ["noise", "clouds"])
def test_a_dream_from_nothing_reruns(here: Path, start: str) -> None:
    result = made(here, photo=None, start=start, size=(80, 64), seed=7)
    assert result.size == (80, 64)
    assert of_picture("d.png").source is None
    remade()


@pytest.mark.slow
def test_masks_guides_size_and_regions_rerun_from_beside_the_result(here: Path) -> None:
    files = here / "files"
    files.mkdir()
    ramp = np.repeat(np.linspace(0, 255, 96)[None], 64, axis=0).astype(np.uint8)
    Image.fromarray(ramp).save(files / "ramp.png")
    (files / "guide.png").write_bytes((here / "chelsea.png").read_bytes())
    objective = ('guide("files/guide.png", block4a) + block5a@mask("files/ramp.png")',)
    made(here, objective=objective, mask="files/ramp.png", size=(96, 64))
    note = of_picture("d.png")
    assert {f.name for f in note.files} == {"guide.png", "ramp.png"}
    assert note.recipe.mask == "ramp.png"
    assert "files/" not in json.dumps(read_provenance("d.png"))
    with pytest.raises(BadInput, match=r"guide\.png: not found"):
        rerun("d.png", "e.png")
    for file in files.iterdir():
        (here / file.name).write_bytes(file.read_bytes())
    remade()


def test_a_mask_that_changed_is_refused(here: Path) -> None:
    Image.fromarray(np.full((64, 64), 200, np.uint8)).save("mask.png")
    made(here, mask="mask.png")
    Image.fromarray(np.full((64, 64), 201, np.uint8)).save("mask.png")
    with pytest.raises(BadInput, match="SHA-256"):
        rerun("d.png", "e.png")
    assert not Path("e.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["plain", "torch", "native"])
def test_every_engine_reruns_in_tiles_with_the_halo_it_had(here: Path, engine: str) -> None:
    from reverie.ascent.session import Session

    recipe = preset("classic", **QUICK, objective=("block4a",), size=(224, 160), engine=engine, halo=20)
    run = OpenRecipe(recipe)
    try:
        run.session = Session(recipe, tile=(96, 128))
    except NoEngineError as error:
        pytest.skip(str(error))
    dreamt(run, "chelsea.png", "d.png")
    found = of_picture("d.png").engine
    assert (found.engine, found.tile, found.tile_width, found.halo) == (engine, 96, 128, 32)
    remade()


@pytest.mark.slow
def test_a_picture_from_before_there_was_a_setting_for_the_halo_keeps_its_own(here: Path) -> None:
    recipe = preset("classic", **QUICK, objective=("block3a",), size=(224, 160), halo="full", engine="plain")
    note = EngineNote(engine="plain", device="cpu", precision="fp32", threads=1, tile=64)
    dreamt(recipe, engine=note)

    def forget(document: dict[str, Any]) -> None:
        del document["recipe"]["halo"], document["recipe"]["engine"], document["engine"]["tile_width"]

    edit(forget)
    assert of_picture("d.png").engine.halo == 32
    rerun("d.png", "e.png")
    assert (load_picture("e.png").pixels == load_picture("d.png").pixels).all()


@mostly_slow(
    ("change", "says"),
    [
        ({"engine": "native", "isa": "avx9000"}, "avx9000"),
        ({"engine": "native", "isa": None, "precision": "fp77"}, "fp77"),
    ],
)
def test_an_engine_that_is_not_here_is_a_resource_error(
    here: Path, change: dict[str, Any], says: str
) -> None:
    made(here)
    edit(lambda d: d["engine"].update(change))
    with pytest.raises(
        ResourceError, match=f"cannot be made in the same way here .*(native|{says}).*--recipe"
    ):
        rerun("d.png", "e.png")
    assert not Path("e.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("way", native_picture.backends())
def test_the_rest_of_the_step_is_done_again_as_it_was(here: Path, way: str) -> None:
    note = EngineNote(engine="plain", device="cpu", precision="fp32", threads=1, step=way)
    dreamt(preset("classic", **QUICK), engine=note)
    assert of_picture("d.png").engine.step == way
    remade()


@pytest.mark.slow
def test_kernels_that_are_not_here_are_a_resource_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(here)
    edit(lambda d: d["engine"].update(step="avx512"))
    monkeypatch.setattr(native_picture, "backends", lambda: ("torch",))
    with pytest.raises(ResourceError, match=r"no avx512 kernels.*rerun it where it was made"):
        rerun("d.png", "e.png")


@pytest.mark.slow
def test_without_the_library_a_native_dream_is_not_made_another_way(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reverie.engine import select as choose
    from reverie.native import Unavailable

    made(here)
    edit(lambda d: d["engine"].update(engine="native", isa="avx2", precision="fp32"))

    def unavailable(*_: object, **__: object) -> None:
        raise Unavailable("not built: no C++ compiler was found")

    monkeypatch.setattr(choose, "NativeEngine", unavailable)
    with pytest.raises(ResourceError, match=r"d\.png: .*no C\+\+ compiler.*reverie dream --recipe"):
        rerun("d.png", "e.png")


@pytest.mark.slow
@pytest.mark.parametrize("extension", ["jpg", "webp", "tif", "avif"])
def test_other_formats_carry_the_same_recipe_and_rerun(here: Path, extension: str) -> None:
    made(here)
    made(here, f"d.{extension}")
    assert of_picture(f"d.{extension}").recipe == of_picture("d.png").recipe
    remade(f"d.{extension}")


def test_without_metadata_nothing_can_be_rerun(here: Path) -> None:
    dreamt(preset("classic", **QUICK), "chelsea.png", "d.png", metadata=False)
    assert read_provenance("d.png") is None
    with pytest.raises(BadInput, match="holds no recipe; give a picture"):
        rerun("d.png", "e.png")
    dreamt(preset("classic", **QUICK), "chelsea.png", "d-seed0.png")
    with pytest.raises(BadInput, match=r"d\.png: holds no recipe; d-seed0\.png does"):
        rerun("d.png", "e.png")


@pytest.mark.slow
def test_a_source_that_changed_is_refused_and_the_right_one_is_found(here: Path, photographs: Path) -> None:
    made(here)
    original = Path("chelsea.png").read_bytes()
    Path("chelsea.png").write_bytes((photographs / "coffee.png").read_bytes())
    with pytest.raises(BadInput, match="SHA-256"):
        rerun("d.png", "e.png")
    with pytest.raises(BadInput, match="--input"):
        rerun("d.png", "e.png", photo="chelsea.png")
    Path("chelsea.png").unlink()
    with pytest.raises(BadInput, match=r"chelsea\.png: not found"):
        rerun("d.png", "e.png")
    Path("other.png").write_bytes(original)
    rerun("d.png", "e.png", photo="other.png")
    # The name in the metadata is the new source's: all the rest is the same.
    assert (load_picture("e.png").pixels == load_picture("d.png").pixels).all()


@pytest.mark.slow
def test_the_source_beside_the_result_comes_before_the_one_here(here: Path, photographs: Path) -> None:
    made(here)
    (here / "away").mkdir()
    Path("d.png").rename("away/d.png")
    rerun("away/d.png", "e.png")  # only here
    (here / "away" / "chelsea.png").write_bytes((photographs / "coffee.png").read_bytes())
    rerun("away/d.png", "f.png")  # beside it lies another one, here the right one
    assert Path("e.png").read_bytes() == Path("f.png").read_bytes() == Path("away/d.png").read_bytes()


@pytest.mark.slow
def test_other_weights_are_refused(here: Path) -> None:
    made(here)
    edit(lambda d: d["network"].update(sha256="0" * 64))
    with pytest.raises(NetworkError, match="0000"):
        rerun("d.png", "e.png")


def test_a_missing_device_is_a_resource_error(here: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    made(here)
    edit(lambda d: d["engine"].update(device="cuda"))
    with pytest.raises(ResourceError, match="cuda"):
        rerun("d.png", "e.png")


@pytest.mark.slow
def test_other_versions_are_warned_of(here: Path) -> None:
    made(here)
    edit(lambda d: d["engine"].update(torch="1.0"))
    assert "torch 1.0" in rerun("d.png", "e.png").warnings[0]


@pytest.mark.slow
def test_it_is_told_of_as_the_job_that_made_it(here: Path) -> None:
    made(here)
    job, listener = RerunJob(result="d.png", output="e.png"), Recorder()
    assert again(job) == job
    result = again(job).run(listener)
    assert listener.in_order()
    assert [item.path for item in listener.items] == ["e.png"]
    assert [(step.label, step.ends) for step in listener.steps] == [("d.png", False), ("d.png", True)] * 2
    assert result.files == ("e.png",)
    assert Path("e.png").read_bytes() == Path("d.png").read_bytes()


@pytest.mark.slow
def test_a_rerun_can_be_stopped_where_it_is(here: Path) -> None:
    made(here, steps=(3,))
    result = RerunJob(result="d.png", output="e.png").run(Recorder(after=2))
    assert result.stopped == "octave 1, step 2"
    assert of_picture("e.png").stopped is not None


@pytest.mark.slow
def test_a_steered_dream_reruns_to_the_same_bytes(here: Path) -> None:
    made(here, "straight.png", steps=(3,))
    recipe = preset("classic", **{**QUICK, "steps": (3,)})
    changes: dict[int, dict[str, object]] = {1: {"objective": ("block4b",)}, 4: {"strength": 0.2}}
    dreamt(recipe, listener=Recorder(steer=changes))
    steered = of_picture("d.png").steered
    assert [(one.octave, one.step) for one in steered] == [(0, 1), (1, 1)]
    assert [sorted(one.changes) for one in steered] == [["objective"], ["objective", "strength"]]
    assert Path("d.png").read_bytes() != Path("straight.png").read_bytes()
    remade()
    listener = Recorder(steer={0: {"strength": 0.9}})  # is not asked
    RerunJob(result="again.png", output="e.png").run(listener)
    assert Path("e.png").read_bytes() == Path("again.png").read_bytes()


@pytest.mark.slow
def test_steered_to_other_octaves_and_steps_it_reruns_to_the_same_bytes(here: Path) -> None:
    recipe = preset("classic", **{**QUICK, "steps": (3,), "octaves": 2, "octave_scale": 1.5})
    made(here, "straight.png", steps=(3,))
    dreamt(recipe, listener=Recorder(steer={1: {"steps": (4,)}, 5: {"octaves": 3}}))
    assert [sorted(one.changes) for one in of_picture("d.png").steered] == [["steps"], ["octaves", "steps"]]
    remade()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{"seed": 4}, {"objective": ['guide("x.png", block4a)']}, {"steps": "no"}]
)
def test_changes_that_were_edited_are_refused(here: Path, changes: dict[str, Any]) -> None:
    made(here)
    edit(lambda d: d.update(steered=[{"octave": 0, "step": 1, "changes": changes}]))
    with pytest.raises(UsageError, match=next(iter(changes)) if "objective" not in changes else "x.png"):
        rerun("d.png", "e.png")
    edit(lambda d: d.update(steered=[{"octave": 0, "changes": {}}]))
    with pytest.raises(UsageError, match="an octave and a step are needed, or a frame"):
        of_picture("d.png")


@pytest.mark.slow
def test_a_film_reruns_and_goes_on_with_a_rerun_that_was_stopped(here: Path) -> None:
    films.film(here / "a.mp4", pictures=scene(8))
    recipe = preset("classic", film={"steps": 3}, threads=1, octaves=1, steps=(2,))
    FilmJob(recipe=recipe, video="a.mp4", output="d.mkv").run()
    job, viewer = RerunJob(result="d.mkv", output="e.mkv"), Viewer(frames=3)
    assert again(job) == job
    assert job.run(viewer).stopped == "frame 3 of 8"
    assert viewer.kept == 3
    assert job.run(viewer := Viewer()).files == ("e.mkv",)
    assert (viewer.in_order(), len(viewer.frames)) == (True, 5)
    assert Path("e.mkv").read_bytes() == Path("d.mkv").read_bytes()


@pytest.mark.slow
def test_what_it_would_cost_is_measured(here: Path) -> None:
    made(here)
    estimate = RerunJob(result="d.png", output="e.png").estimate()
    assert "octave 2" in estimate.text
    films.film(here / "a.mp4", pictures=scene(3))
    recipe = preset("classic", film={"steps": 3}, threads=1, octaves=1, steps=(2,))
    FilmJob(recipe=recipe, video="a.mp4", output="d.mkv").run()
    assert RerunJob(result="d.mkv", output="e.mkv").estimate().details["frames"] == 3
    assert not Path("e.png").exists()
