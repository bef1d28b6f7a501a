"""No job writes over what it reads, or twice over the same: every job, every file, every kind of name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reverie.errors import ResourceError, UsageError
from reverie.jobs.claims import Claim, check_apart, claimed
from reverie.jobs.document import KINDS, read_job
from reverie.jobs.dreaming.batch import BatchJob, LayersJob, VariationsJob
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.job import Job, Listener, Listeners
from reverie.jobs.preview import Preview
from reverie.jobs.workspace import Workspace
from reverie.media.lock import hold
from reverie.media.names import LEFTOVER
from reverie.media.picture import load_picture, save_picture
from reverie.recipe.recipe import Recipe
from support.slow import sampled

DREAM: dict[str, Any] = {"objective": ["block5c"]}
PORTRAIT: dict[str, Any] = {**DREAM, "portrait": {}}


def guided(**more: Any) -> dict[str, Any]:
    """A recipe with a mask and a guide, and more settings."""
    return {"mask": "mask.png", "objective": ['guide("guide.png", block5c)'], **more}


#: Of each kind of job: its fields, its output, and the files that it reads.
JOBS: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "dream": ({"recipe": guided(), "photo": "me.png"}, "x.png", ("me.png", "mask.png", "guide.png")),
    "batch": (
        {"recipe": guided(), "photos": ["me.png", "in/b.png"]},
        "out",
        ("me.png", "in/b.png", "mask.png", "guide.png"),
    ),
    "variations": (
        {"recipe": guided(network="lite0:w.png"), "photo": "me.png", "count": 2},
        "x.png",
        ("me.png", "mask.png", "guide.png", "w.png"),
    ),
    "layers": ({"recipe": {}, "photo": "me.png"}, "x.png", ("me.png",)),
    "portraits": (
        {"recipe": PORTRAIT, "targets": ['guide("guide.png", block5c)'], "photo": "me.png"},
        "x.png",
        ("me.png", "guide.png"),
    ),
    "inversions": ({"photo": "me.png", "layers": ["stem"]}, "x.png", ("me.png",)),
    "stimuli": ({"recipe": PORTRAIT, "photos": ["in"], "units": ["stem:0"]}, "x.png", ("in/b.png",)),
    "look": ({"recipe": {}, "photo": "me.png"}, "x.png", ("me.png",)),
    "microscope": ({"recipe": PORTRAIT, "photos": ["in"]}, "site", ("in/b.png",)),
    "zoom": ({"recipe": {"zoom": {}, **guided()}, "photo": "me.png"}, "x.mp4", ("me.png", "mask.png")),
    "film": (
        {"recipe": {"film": {"mask": "mask.png", "pulse": "m.wav"}}, "video": "in/*.png"},
        "x.mp4",
        ("in/b.png", "mask.png", "m.wav"),
    ),
    "fool": ({"settings": {"network": "lite0:w.png"}}, "f", ("w.png",)),
    "print": ({"genome": "g.json"}, "x.png", ("g.json",)),
    "train": ({"folder": "in", "settings": {"method": "unsupervised"}}, "x.safetensors", ("in/b.png",)),
    "rerun": ({"result": "r.png", "input": "me.png"}, "x.png", ("me.png", "mask.png", "guide.png", "w.png")),
}
#: Parts of other jobs, which claim all that they read and write.
PARTS = {"scene", "responses", "judge"}
#: Ways of naming a file that is there by another name.
WAYS: dict[str, Callable[[str], str]] = {
    "same": lambda name: name,
    "dotted": lambda name: (
        f"./{os.path.dirname(name) or '.'}/../{Path.cwd().name}/{name}" if "/" not in name else f"./{name}"
    ),
    "absolute": os.path.abspath,
    "soft": lambda name: _linked(os.symlink, os.path.abspath(name), f"soft{Path(name).suffix}"),
    "hard": lambda name: _linked(os.link, name, f"hard{Path(name).suffix}"),
    "folder": lambda name: (
        _linked(os.symlink, os.path.abspath(Path(name).parent), "to") + f"/{Path(name).name}"
    ),
}


def _linked(link: Callable[[str, str], None], name: str, new: str) -> str:
    link(name, new.partition("/")[0])
    return new


@pytest.fixture
def files(in_its_folder: Path) -> Path:
    """A folder with every file that the jobs of the table read."""
    (in_its_folder / "in").mkdir()
    photo = load_picture("chelsea.png")
    for name in ("me.png", "in/b.png", "mask.png", "guide.png", "w.png"):
        Path(name).write_bytes(Path("chelsea.png").read_bytes())
    for name in ("g.json", "m.wav"):
        Path(name).write_bytes(b"{}")
    note = {
        "reverie": "1",
        "recipe": {**Recipe(**guided(network="lite0:w.png")).model_dump(mode="json")},
        "source": {"name": "me.png", "sha256": "0" * 64},
        "files": [{"name": name, "sha256": "0" * 64} for name in ("mask.png", "guide.png")],
        "network": {"name": "lite0:w.png", "sha256": "0" * 64},
        "engine": {"engine": "plain", "device": "cpu", "precision": "fp32", "threads": 1},
        "output": {},
    }
    save_picture(photo, "r.png", provenance=note)
    return in_its_folder


class Writes(Listener):
    """A listener that writes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def writes(self) -> list[Claim]:
        return [Claim(self.path, "the preview")]


def job_of(kind: str, output: str | None = None, *, overwrite: bool = True) -> Job[Any]:
    fields, usual, _ = JOBS[kind]
    where = {"path": output or usual, "overwrite": overwrite}
    return read_job({"kind": kind, **fields, "output": where}, trusted=True)


def every_read() -> Iterator[tuple[str, str]]:
    for kind, (_, _, reads) in JOBS.items():
        yield from ((kind, name) for name in reads)


def refuses(job: Job[Any], workspace: Workspace, *words: str, listener: Listener | None = None) -> None:
    """Assert that a job is refused and that nothing is touched."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(UsageError) as error:
        job.run(listener, workspace)
    assert all(word in str(error.value) for word in words), error.value
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_every_kind_of_job_is_in_the_table() -> None:
    assert set(JOBS) | PARTS == set(KINDS)


@sampled(("kind", "name", "way"), [(*pair, way) for pair in every_read() for way in WAYS], every=11)
def test_a_preview_is_never_one_of_the_files(
    files: Path, workspace: Workspace, kind: str, name: str, way: str
) -> None:
    workspace.networks["lite0:w.png"] = workspace.networks["lite0"]
    refuses(job_of(kind), workspace, "the input too", "preview", listener=Writes(WAYS[way](name)))


@sampled(
    ("kind", "name", "way", "overwrite"),
    [
        (*pair, way, overwrite)
        for pair in every_read()
        for way in WAYS
        for overwrite in (True, False)
        if pair[0] not in ("batch", "microscope", "fool")
    ],
    every=17,
)
def test_an_output_is_never_one_of_the_files(
    files: Path, workspace: Workspace, kind: str, name: str, way: str, overwrite: bool
) -> None:
    if kind in ("zoom", "film"):  # whose ending has to be that of a film
        os.rename(name, new := f"{Path(name).with_suffix('')}.apng")
        text = json.dumps(JOBS[kind][0]).replace(f'"{name}"', f'"{new}"').replace("in/*.png", "in/*.apng")
        name = new
        fields = json.loads(text.replace(r"guide(\"guide.png\", block5c)", "block5c"))
        where = {"path": WAYS[way](name), "overwrite": overwrite}
        job = read_job({"kind": kind, **fields, "output": where}, trusted=True)
    else:
        job = job_of(kind, WAYS[way](name), overwrite=overwrite)
    workspace.networks["lite0:w.png"] = workspace.networks["lite0"]
    refuses(job, workspace, "the input too")


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("folder", ["in", "./in/", "link", "here/in"])
def test_a_folder_that_is_written_holds_nothing_that_is_read(
    files: Path, workspace: Workspace, folder: str, overwrite: bool
) -> None:
    os.symlink("in", "link")
    os.symlink(".", "here")
    batch = BatchJob(recipe=Recipe(), photos=["in/b.png"], output={"path": folder, "overwrite": overwrite})
    refuses(batch, workspace, "b.png: exists already and is the input too")
    for kind in ("microscope", "film"):
        name = folder if kind == "microscope" else f"{folder.rstrip('/')}/"
        refuses(job_of(kind, name, overwrite=overwrite), workspace, "the input too")
    os.rename("w.png", "in/w.png")
    fool = {"kind": "fool", "settings": {"network": "lite0:in/w.png"}, "output": folder}
    refuses(read_job(fool, trusted=True), workspace, "w.png", "the input too, or holds it")


@pytest.mark.parametrize("what", ["x.mp4.part/partial.mp4", "x.mp4.part/checkpoint"])
def test_nothing_is_read_of_a_film_that_is_made_anew(files: Path, workspace: Workspace, what: str) -> None:
    Path("x.mp4.part").mkdir()
    Path(what).write_bytes(b"x")
    document = {"kind": "film", "recipe": {"film": {}}, "video": what, "output": "x.mp4"}
    refuses(read_job(document, trusted=True), workspace, "the input too, or holds it")


@pytest.mark.parametrize(
    ("job", "preview"),
    [
        (DreamJob(recipe=Recipe(), photo="me.png", output="x.png"), "./x.png"),
        (BatchJob(recipe=Recipe(), photos=["me.png", "in/b.png"], output="out"), "out/b.png"),
        (BatchJob(recipe=Recipe(), photos=["me.png"], output="out"), "out"),
        (VariationsJob(recipe=Recipe(seed=4), photo="me.png", count=2, output="x.png"), "x-seed5.png"),
        (VariationsJob(recipe=Recipe(), photo="me.png", count=2, output="x.png"), "x.png"),
        (LayersJob(recipe=Recipe(), photo="me.png", output="x.png"), "in/../x.png"),
        (job_of("portraits"), "x.png"),
        (job_of("inversions", "sheets/"), "sheets/stem.png"),
        (job_of("zoom"), "x.mp4"),
        (job_of("zoom", "frames/"), "frames/000001.png"),
        (job_of("zoom"), "x.mp4.part/p.png"),
        (job_of("microscope"), "site/index.png"),
        (job_of("rerun", "r.png"), "r.png"),
    ],
    ids=lambda value: value.kind if isinstance(value, Job) else value,
)
def test_nothing_is_written_twice(files: Path, workspace: Workspace, job: Job[Any], preview: str) -> None:
    for folder in ("sheets", "frames", "site", "x.mp4.part"):
        Path(folder).mkdir()
    refuses(job, workspace, " too", listener=Listeners(Listener(), Writes(preview)))


def test_two_items_of_a_batch_with_one_name(files: Path, workspace: Workspace) -> None:
    job = BatchJob(recipe=Recipe(), photos=["me.png", "in/../me.png"], output="out")
    refuses(job, workspace, "2 photographs are named me")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("document", "given"),
    [
        ({"kind": "dream", "recipe": {}, "photo": "me.png", "output": "r.png"}, "r.png"),
        ({"kind": "zoom", "recipe": {"zoom": {}}, "photo": "me.png", "output": "x.mp4"}, "x.mp4"),
        ({"kind": "fool", "output": "in"}, "in/b.png"),
    ],
)
def test_what_the_job_was_read_from_is_kept_too(
    files: Path, workspace: Workspace, document: dict[str, Any], given: str
) -> None:
    workspace.given = (("the file of --recipe", given),)
    Path(given).touch()
    refuses(read_job(document, trusted=True), workspace, "the file of --recipe")


def test_what_lies_beside_is_left_alone(files: Path) -> None:
    """Nothing is refused that does no harm: new files in folders that are read, and folders in them."""
    reads = [("the film", "in"), ("a photograph", "in/*.png"), ("the mask", "mask.png"), ("gone", "gone.png")]
    check_apart(reads, [Claim("in/out.mp4"), Claim("in/new.png"), Claim("in/frames", kind="folder")])
    check_apart(reads, [Claim("in", kind="into"), Claim("in/c.png"), Claim("gone.png")][:2])
    Path("in/notes.txt").touch()
    check_apart(reads, [Claim("in/notes.txt")])


def test_a_result_takes_its_own_place_in_a_rerun(files: Path, workspace: Workspace) -> None:
    job = job_of("rerun", "./r.png")
    check_apart(job.reads(workspace), job.writes(workspace))


# -- who is at it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Claim("x.png"), Claim("./x.png"), False),
        (Claim("x.png"), Claim("y.png"), True),
        (Claim("x", kind="folder"), Claim("x", kind="folder"), False),
        (Claim("x", kind="folder"), Claim("to-x", kind="folder"), False),
        (Claim("x", kind="folder"), Claim("x", kind="into"), False),
        (Claim("x", kind="into"), Claim("x/", kind="into"), True),
        (Claim("x", kind="folder"), Claim("x"), False),
        (Claim("x.mp4"), Claim("x.mp4", kind="folder"), False),
    ],
)
def test_two_at_once(files: Path, first: Claim, second: Claim, both: bool) -> None:
    Path("x").mkdir()
    os.symlink("x", "to-x")
    with claimed([], [first]):
        if both:
            with claimed([], [second]):
                pass
        else:
            with pytest.raises(ResourceError, match="is being made by"), claimed([], [second]):
                pass
    assert not [path for path in Path().rglob(".*") if LEFTOVER.fullmatch(path.name)]


def test_two_batches_share_a_folder_and_no_name(files: Path) -> None:
    into = Claim("x", kind="into", parents=True)
    with claimed([], [into, Claim("x/a.png"), Claim("x/b.png")]):
        with claimed([], [into, Claim("x/c.png")]):
            pass
        with pytest.raises(ResourceError), claimed([], [into, Claim("x/c.png"), Claim("x/b.png")]):
            pass
        with claimed([], [into, Claim("x/c.png")]):
            pass


def test_folders_made_for_nothing_are_taken_away(files: Path) -> None:
    def fail() -> None:
        with claimed([], [Claim("a/b", kind="folder", parents=True)]):
            assert Path("a").is_dir()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not Path("a").exists()
    with claimed([], [Claim("a/b", kind="into", parents=True)]):
        pass
    assert Path("a/b").is_dir()


def test_a_folder_is_held_from_inside_where_nothing_may_be_written_beside_it(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reverie.jobs import claims

    def only_inside(folder: Path, *rest: Any, **more: Any) -> Any:
        if Path(folder).name != "x":
            raise PermissionError(13, "Permission denied")
        return hold(folder, *rest, **more)

    monkeypatch.setattr(claims, "hold", only_inside)
    own = Claim("x", kind="folder")
    with claimed([], [own]):
        with pytest.raises(ResourceError, match="is being made by"), claimed([], [own]):
            pass
        with pytest.raises(ResourceError), claimed([], [Claim("x", kind="into"), Claim("x/a.png")]):
            pass


def test_a_preview_that_cannot_be_written_costs_no_dream(
    files: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reverie.jobs import preview as module

    def full(*_: Any, **__: Any) -> None:
        raise ResourceError("cannot write p.png: No space left on device")

    preview = Preview("p.png", every=0)
    monkeypatch.setattr(module, "save_picture", full)
    recipe = Recipe(steps=(2,), octaves=1, max_size=48)
    result = DreamJob(recipe=recipe, photo="me.png", output="x.png").run(preview, workspace)
    assert [text for text in result.warnings if "no preview" in text] == [
        "no preview: cannot write p.png: No space left on device"
    ]
    assert Path("x.png").exists()
