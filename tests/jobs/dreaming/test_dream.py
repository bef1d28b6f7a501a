"""Runs: recipes carried out into files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from reverie.errors import ResourceError, UsageError
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.provenance.note import EngineNote, of_picture
from reverie.media.picture import Picture, load_picture, read_provenance, save_picture
from reverie.native import step as native_picture
from reverie.recipe.presets.preset import PRESETS, preset
from support.dreams import QUICK, dreamt, made, remade
from support.listeners import Recorder
from support.slow import mostly_slow

pytestmark = pytest.mark.usefixtures("in_its_folder")


@pytest.mark.slow
def test_tiles_are_written_down_and_used_again(here: Path) -> None:
    recipe = preset("classic", **QUICK, objective=("block3a",), size=(224, 160))
    note = EngineNote(engine="plain", device="cpu", precision="fp32", threads=1, tile=64)
    dreamt(recipe, engine=note)
    found = of_picture("d.png").engine
    assert (found.tile, found.tile_width, found.halo, found.threads) == (64, 64, 16, 1)
    remade()


@pytest.mark.slow
def test_what_ran_is_written_down(here: Path) -> None:
    made(here, engine="auto", objective=("block3a",), size=(200, 160))
    found = of_picture("d.png").engine
    session = OpenRecipe(preset("classic", **QUICK)).session
    assert (found.engine, found.precision) == (session.engine.name, session.engine.precision)
    assert found.isa == getattr(session.engine, "isa", None)
    assert found.step == native_picture.backends()[-1]
    assert found.tile == 0
    remade()


@pytest.mark.slow
def test_running_out_of_memory_starts_over_in_tiles_that_rerun(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import reverie.ascent.session as session

    real = session.picture_gradient
    calls = 0

    def scarce(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(*args, **kwargs)

    monkeypatch.setattr(session, "picture_gradient", scarce)
    run = OpenRecipe(preset("classic", **QUICK, objective=("block3a",), size=(192, 160)))
    listener = Recorder()
    dreamt(run, listener=listener)
    seen = [step.source.octave.index for step in listener.steps]
    assert seen == [0, 0, 0, 0, 1, 1]  # two steps, out of memory, and all of it again
    assert of_picture("d.png").engine.tile
    monkeypatch.setattr(session, "picture_gradient", real)
    remade()


def test_memory_that_stays_short_is_a_resource_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import reverie.ascent.session as session

    def none(*args: Any, **kwargs: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(session, "picture_gradient", none)
    with pytest.raises(ResourceError, match="max-size"):
        made(here)
    assert not Path("d.png").exists()


@pytest.mark.slow
def test_a_stopped_dream_is_saved_and_reruns_to_the_same_place(here: Path) -> None:
    result = dreamt(preset("classic", **QUICK), "chelsea.png", "d.png", listener=Recorder(after=3))
    assert result.stop is not None
    assert (result.stop.octave, result.stop.step) == (1, 0)
    assert read_provenance("d.png")["stopped"] == {"octave": 1, "step": 0}  # type: ignore[index]
    remade()


@pytest.mark.slow
def test_16_bits_and_alpha_are_kept_where_the_format_can(here: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random((48, 64, 3), dtype=np.float32)
    alpha = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
    save_picture(Picture(pixels, alpha), "deep.png", depth=16)
    made(here, "d.png", photo="deep.png")
    dreamed = load_picture("d.png")
    assert dreamed.depth == 16
    np.testing.assert_allclose(dreamed.alpha, alpha, atol=1e-4)
    dreamt(preset("classic", **QUICK), "deep.png", "shallow.png", depth=8)
    assert load_picture("shallow.png").depth == 8
    made(here, "d.webp", photo="deep.png")
    assert load_picture("d.webp").alpha is not None


@mostly_slow("name", PRESETS, quick=2)
def test_strength_zero_returns_the_pixels(here: Path, name: str) -> None:
    recipe = preset(name, **QUICK, strength=0.0)
    dreamt(recipe, "chelsea.png", "d.png")
    np.testing.assert_array_equal(np.asarray(Image.open("d.png")), np.asarray(Image.open("chelsea.png")))


@pytest.mark.slow
def test_max_change_stops_there(here: Path) -> None:
    result = made(here, steps=(30,), max_change=0.03)
    before, after = (np.asarray(Image.open(f), float) / 255 for f in ("chelsea.png", "d.png"))
    moved = float(np.sqrt(((after - before) ** 2).mean()))
    assert result.moved == pytest.approx(0.03, rel=0.05)
    assert moved == pytest.approx(0.03, rel=0.05)


def test_two_files_of_one_name_are_refused(here: Path) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Image.new("L", (40, 40), 99).save(Path(folder, "m.png"))
    with pytest.raises(UsageError, match=r"named m\.png too"):
        OpenRecipe(preset("classic", mask="a/m.png", objective=('block5c@mask("b/m.png")',)))


@pytest.mark.slow
def test_a_shared_session_dreams_as_a_lone_one(here: Path, photographs: Path) -> None:
    run = OpenRecipe(preset("classic", **QUICK))
    for name in ("coffee", "astronaut"):
        dreamt(run, str(photographs / f"{name}.png"), f"{name}-shared.png")
    dreamt(preset("classic", **QUICK), str(photographs / "astronaut.png"), "lone.png")
    assert Path("lone.png").read_bytes() == Path("astronaut-shared.png").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 30, 30)])
def test_a_flat_photograph_that_comes_back_unchanged_says_so(here: Path, colour: tuple[int, ...]) -> None:
    Image.new("RGB", (96, 80), colour).save("flat.png")
    result = made(here, photo="flat.png", objective=("block2a",))
    assert result.moved < 0.002
    assert any("flat.png: is one colour all over and came back unchanged" in said for said in result.warnings)
    assert not made(here, out="e.png", objective=("block2a",)).warnings
