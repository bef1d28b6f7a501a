"""Runs: recipes carried out into files, and made again from what is written in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from reverie.engine.select import NoEngineError
from reverie.errors import BadInput, NetworkError, ResourceError, ReverieWarning, UsageError
from reverie.jobs.dream import Output, Result, Run
from reverie.jobs.provenance import EngineNote, bare_network, of_picture, read_document, recipe_from
from reverie.jobs.rerun import rerun
from reverie.media.picture import Picture, load_picture, read_provenance, save_picture
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.native import step as native_picture
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.recipe.recipe import Recipe

QUICK: dict[str, Any] = {"steps": (2,), "octaves": 2, "jitter": 8}


def made(here: Path, out: str = "d.png", *, photo: str | None = "chelsea.png", **changes: Any) -> Result:
    recipe = preset("reverie", **{**QUICK, **changes})
    return Run(recipe).carry_out(photo, out)


@pytest.fixture(autouse=True)
def _in_its_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(here)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def blackened(path: str) -> None:
    """Keep a picture's metadata and name, and nothing of what it shows."""
    picture = load_picture(path)
    black = replace(picture, pixels=np.zeros_like(picture.pixels), alpha=None)
    note = of_picture(path)
    save_picture(
        black,
        path,
        depth=note.output.depth,
        quality=note.output.quality,
        provenance=picture.provenance,
        overwrite=True,
    )


def remade(path: str = "d.png") -> None:
    """Assert that a rerun gives the same bytes, from metadata alone."""
    before = Path(path).read_bytes()
    blackened(path)
    assert Path(path).read_bytes() != before
    rerun(path, f"again{Path(path).suffix}")
    assert Path(f"again{Path(path).suffix}").read_bytes() == before


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_reruns_to_the_same_bytes(here: Path, name: str) -> None:
    recipe = preset(name, **{**QUICK, "octaves": None if name == "crowsonkb" else 2})
    Run(recipe).carry_out("chelsea.png", "d.png")
    remade()


@pytest.mark.parametrize("start", ["noise", "clouds"])
def test_a_dream_from_nothing_reruns(here: Path, start: str) -> None:
    result = made(here, photo=None, start=start, size=(80, 64), seed=7)
    assert result.size == (80, 64)
    assert of_picture("d.png").source is None
    remade()


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


def test_tiles_are_written_down_and_used_again(here: Path) -> None:
    recipe = preset("reverie", **QUICK, objective=("block3a",), size=(224, 160))
    note = EngineNote(engine="plain", device="cpu", precision="fp32", threads=1, tile=64)
    Run(recipe, engine=note).carry_out("chelsea.png", "d.png")
    found = of_picture("d.png").engine
    assert (found.tile, found.tile_width, found.halo, found.threads) == (64, 64, 16, 1)
    remade()


def test_what_ran_is_written_down(here: Path) -> None:
    made(here, engine="auto", objective=("block3a",), size=(200, 160))
    found = of_picture("d.png").engine
    session = Run(preset("reverie", **QUICK)).session
    assert (found.engine, found.precision) == (session.engine.name, session.engine.precision)
    assert found.isa == getattr(session.engine, "isa", None)
    assert found.step == native_picture.backends()[-1]
    assert found.tile == 0
    remade()


@pytest.mark.parametrize("engine", ["plain", "torch", "native"])
def test_every_engine_reruns_in_tiles_with_the_halo_it_had(here: Path, engine: str) -> None:
    from reverie.ascent.session import Session

    recipe = preset("reverie", **QUICK, objective=("block4a",), size=(224, 160), engine=engine, halo=20)
    run = Run(recipe)
    try:
        run.session = Session(recipe, tile=(96, 128))
    except NoEngineError as error:
        pytest.skip(str(error))
    run.carry_out("chelsea.png", "d.png")
    found = of_picture("d.png").engine
    assert (found.engine, found.tile, found.tile_width, found.halo) == (engine, 96, 128, 32)
    remade()


def test_a_picture_from_before_there_was_a_setting_for_the_halo_keeps_its_own(here: Path) -> None:
    recipe = preset("reverie", **QUICK, objective=("block3a",), size=(224, 160), halo="full", engine="plain")
    note = EngineNote(engine="plain", device="cpu", precision="fp32", threads=1, tile=64)
    Run(recipe, engine=note).carry_out("chelsea.png", "d.png")

    def forget(document: dict[str, Any]) -> None:
        del document["recipe"]["halo"], document["recipe"]["engine"], document["engine"]["tile_width"]

    edit(forget)
    assert of_picture("d.png").engine.halo == 32
    rerun("d.png", "e.png")
    assert (load_picture("e.png").pixels == load_picture("d.png").pixels).all()


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("way", native_picture.backends())
def test_the_rest_of_the_step_is_done_again_as_it_was(here: Path, way: str) -> None:
    note = EngineNote(engine="plain", device="cpu", precision="fp32", threads=1, step=way)
    Run(preset("reverie", **QUICK), engine=note).carry_out("chelsea.png", "d.png")
    assert of_picture("d.png").engine.step == way
    remade()


def test_kernels_that_are_not_here_are_a_resource_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(here)
    edit(lambda d: d["engine"].update(step="avx512"))
    monkeypatch.setattr(native_picture, "backends", lambda: ("torch",))
    with pytest.raises(ResourceError, match=r"no avx512 kernels.*rerun it where it was made"):
        rerun("d.png", "e.png")


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
    seen: list[int] = []
    run = Run(preset("reverie", **QUICK, objective=("block3a",), size=(192, 160)))
    run.carry_out("chelsea.png", "d.png", each=lambda frame: seen.append(frame.octave.index))
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


def test_a_stopped_dream_is_saved_and_reruns_to_the_same_place(here: Path) -> None:
    steps = 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps == 3

    result = Run(preset("reverie", **QUICK)).carry_out("chelsea.png", "d.png", stop=stop)
    assert result.stopped is not None
    assert (result.stopped.octave, result.stopped.step) == (1, 0)
    assert read_provenance("d.png")["stopped"] == {"octave": 1, "step": 0}  # type: ignore[index]
    remade()


@pytest.mark.parametrize("extension", ["jpg", "webp", "tif", "avif"])
def test_other_formats_carry_the_same_recipe_and_rerun(here: Path, extension: str) -> None:
    made(here)
    made(here, f"d.{extension}")
    assert of_picture(f"d.{extension}").recipe == of_picture("d.png").recipe
    remade(f"d.{extension}")


def test_16_bits_and_alpha_are_kept_where_the_format_can(here: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random((48, 64, 3), dtype=np.float32)
    alpha = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
    save_picture(Picture(pixels, alpha), "deep.png", depth=16)
    made(here, "d.png", photo="deep.png")
    dreamed = load_picture("d.png")
    assert dreamed.depth == 16
    np.testing.assert_allclose(dreamed.alpha, alpha, atol=1e-4)
    Run(preset("reverie", **QUICK)).carry_out("deep.png", "shallow.png", Output(depth=8))
    assert load_picture("shallow.png").depth == 8
    made(here, "d.webp", photo="deep.png")
    assert load_picture("d.webp").alpha is not None


@pytest.mark.parametrize("name", PRESETS)
def test_strength_zero_returns_the_pixels(here: Path, name: str) -> None:
    recipe = preset(name, **QUICK, strength=0.0)
    Run(recipe).carry_out("chelsea.png", "d.png")
    np.testing.assert_array_equal(np.asarray(Image.open("d.png")), np.asarray(Image.open("chelsea.png")))


def test_max_change_stops_there(here: Path) -> None:
    result = made(here, steps=(30,), max_change=0.03)
    before, after = (np.asarray(Image.open(f), float) / 255 for f in ("chelsea.png", "d.png"))
    moved = float(np.sqrt(((after - before) ** 2).mean()))
    assert result.moved == pytest.approx(0.03, rel=0.05)
    assert moved == pytest.approx(0.03, rel=0.05)


def test_without_metadata_nothing_can_be_rerun(here: Path) -> None:
    Run(preset("reverie", **QUICK)).carry_out("chelsea.png", "d.png", Output(metadata=False))
    assert read_provenance("d.png") is None
    with pytest.raises(BadInput, match="holds no recipe"):
        rerun("d.png", "e.png")


def edit(change: Callable[[dict[str, Any]], None]) -> None:
    """Change the metadata of d.png by hand."""
    picture = load_picture("d.png")
    document = json.loads(json.dumps(picture.provenance))
    change(document)
    save_picture(picture, "d.png", provenance=document, overwrite=True)


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


def test_the_source_beside_the_result_comes_before_the_one_here(here: Path, photographs: Path) -> None:
    made(here)
    (here / "away").mkdir()
    Path("d.png").rename("away/d.png")
    rerun("away/d.png", "e.png")  # only here
    (here / "away" / "chelsea.png").write_bytes((photographs / "coffee.png").read_bytes())
    rerun("away/d.png", "f.png")  # beside it lies another one, here the right one
    assert Path("e.png").read_bytes() == Path("f.png").read_bytes() == Path("away/d.png").read_bytes()


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


def test_other_versions_are_warned_of(here: Path) -> None:
    made(here)
    edit(lambda d: d["engine"].update(torch="1.0"))
    with pytest.warns(ReverieWarning, match="torch 1.0"):
        rerun("d.png", "e.png")


BAD_EDITS: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("newer", lambda d: d["recipe"].update(format=2), "newer"),
    ("unknown field", lambda d: d["recipe"].update(stepz=2), "stepz"),
    ("two fields", lambda d: d["recipe"].update(octaves=10_000, strength="much"), "strength"),
    ("not an object", lambda d: d.update(recipe=[1]), "not an object"),
    ("a path to the source", lambda d: d["source"].update(name="../chelsea.png"), "source.name"),
    ("a file not noted", lambda d: d["recipe"].update(mask="/etc/hostname"), "not among its files"),
    ("a noted path", lambda d: d.update(files=[{"name": "/etc/x", "sha256": "0" * 64}]), "files.0.name"),
    ("a path to weights", lambda d: d["recipe"].update(network="lite0:/etc/x.pth"), "network"),
    ("threads", lambda d: d["engine"].update(threads=-1), "engine.threads"),
    ("no engine", lambda d: d.pop("engine"), "engine"),
    ("tile", lambda d: d["engine"].update(tile="large"), "engine.tile"),
    ("engine", lambda d: d["engine"].update(engine="steam"), "engine.engine"),
    ("isa", lambda d: d["engine"].update(isa="../avx"), "engine.isa"),
    ("precision", lambda d: d["engine"].update(precision="a lot"), "engine.precision"),
    ("halo", lambda d: d["recipe"].update(halo="half"), "halo"),
    ("depth", lambda d: d["output"].update(depth=12), "output.depth"),
]


@pytest.mark.parametrize(("edited", "says"), [e[1:] for e in BAD_EDITS], ids=[e[0] for e in BAD_EDITS])
def test_nonsense_in_the_metadata_is_refused_by_field(
    here: Path, edited: Callable[[dict[str, Any]], None], says: str
) -> None:
    document: dict[str, Any] = {
        "reverie": "0.1.0",
        "recipe": Recipe().model_dump(mode="json"),
        "source": {"name": "chelsea.png", "sha256": "0" * 64},
        "files": [],
        "network": {"name": "lite0", "sha256": "0" * 64},
        "engine": {"engine": "plain", "device": "cpu", "precision": "fp32", "threads": 1},
        "output": {"depth": 8, "quality": None},
    }
    read_document(document, "d.png")
    edited(document)
    with pytest.raises(UsageError, match=says) as caught:
        read_document(document, "d.png")
    assert str(caught.value).startswith("d.png: ")


def test_two_files_of_one_name_are_refused(here: Path) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Image.new("L", (40, 40), 99).save(Path(folder, "m.png"))
    with pytest.raises(UsageError, match=r"named m\.png too"):
        Run(preset("reverie", mask="a/m.png", objective=('block5c@mask("b/m.png")',)))


def test_weights_of_ones_own_keep_their_path_to_themselves(here: Path) -> None:
    assert bare_network("lite0:some/where/w.pth#sha256=" + "0" * 64) == "lite0:w.pth"
    assert bare_network("lite1") == "lite1"
    assert bare_network("torchvision:resnet50") == "torchvision:resnet50"


def test_recipes_come_from_json_and_from_pictures(here: Path) -> None:
    result = made(here, seed=5)
    assert recipe_from("d.png") == result.recipe
    Path("r.json").write_text(json.dumps(read_provenance("d.png")))
    assert recipe_from("r.json") == result.recipe
    Path("r.json").write_text('{"seed": 9}')
    assert recipe_from("r.json") == Recipe(seed=9)
    for text in ("{", "[1]", '{"seed": NaN}', "[" * 5000, '{"recipe": 3}'):
        Path("r.json").write_text(text)
        with pytest.raises(UsageError, match=r"r\.json"):
            recipe_from("r.json")


def test_a_shared_session_dreams_as_a_lone_one(here: Path, photographs: Path) -> None:
    run = Run(preset("reverie", **QUICK))
    for name in ("coffee", "astronaut"):
        run.carry_out(str(photographs / f"{name}.png"), f"{name}-shared.png")
    Run(preset("reverie", **QUICK)).carry_out(str(photographs / "astronaut.png"), "lone.png")
    assert Path("lone.png").read_bytes() == Path("astronaut-shared.png").read_bytes()


def test_a_sheet_holds_every_cell(photographs: Path) -> None:
    photo = load_picture(photographs / "chelsea.png")
    sheet = contact_sheet([(f"cell {i}", "words " * 50, photo) for i in range(5)], side=80, columns=2)
    width, height = sheet.size
    assert width < 3 * 80
    assert height > 3 * photo.resized((80, 53)).size[1]
    corner = sheet.pixels[12:40, 12:80].mean()
    assert corner == pytest.approx(photo.resized((80, 53)).pixels[:28, :68].mean(), abs=0.02)
