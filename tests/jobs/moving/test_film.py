"""The job of a film: what it reads, and that it is not steered."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput
from reverie.jobs.document import read_job
from reverie.jobs.moving.film import FilmJob
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.workspace import LocalFiles, Reference, Workspace
from reverie.recipe.presets.preset import preset
from support import films
from support.moving import Viewer, scene, sound_packets

RECIPE = preset("classic", film={"steps": 3}, threads=1, octaves=1, steps=(2,))


@pytest.fixture(scope="module")
def net():
    from reverie.network.zoo import load_net

    return load_net("lite0")


@pytest.mark.slow
def test_a_film_is_not_steered(net, tmp_path):
    class Steers(Viewer):
        def steer(self, recipe):
            raise AssertionError("asked")

    source = films.film(tmp_path / "a.mp4", pictures=scene(3))
    result = FilmJob(recipe=RECIPE, video=str(source), output=str(tmp_path / "d.mp4")).run(
        Steers(), Workspace(networks={"lite0": net})
    )
    assert result.steered == of_picture(result.path).steered == ()


@pytest.mark.slow
def test_a_film_is_found_by_its_hash_and_keeps_its_sound(net, tmp_path):
    """As a job from elsewhere names it, in the folder that the workspace looks in."""
    source = films.film(tmp_path / "a.mp4", pictures=scene(4), sound="aac")
    names = {"path": str(source)}
    by_path = FilmJob(recipe=RECIPE, video=names, output=str(tmp_path / "d.mp4"))
    workspace = Workspace(networks={"lite0": net}, resolver=LocalFiles(tmp_path))
    by_path.run(workspace=workspace)
    digest = of_picture(tmp_path / "d.mp4").source.sha256
    document = {**by_path.document(), "video": {"sha256": digest}, "output": str(tmp_path / "e.mp4")}
    job = read_job(document, trusted=True)
    assert job.label == f"sha256:{digest}"
    job.run(workspace=workspace)
    assert (tmp_path / "e.mp4").read_bytes() == (tmp_path / "d.mp4").read_bytes()
    assert sound_packets(tmp_path / "e.mp4") == sound_packets(source)
    missing = FilmJob(recipe=RECIPE, video=Reference(sha256="0" * 64), output=str(tmp_path / "f.mp4"))
    with pytest.raises(BadInput, match="no such file"):
        missing.run(workspace=workspace)


def test_odd_sides_are_made_even_where_they_have_to_be(net, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(2):
        Image.fromarray(np.full((47, 65, 3), 90, np.uint8)).save(folder / f"{index}.png")
    for name, size in (("d.mp4", (64, 46)), ("d.apng", (65, 47))):
        job = FilmJob(recipe=RECIPE, video=str(folder), output=str(tmp_path / name))
        viewer = Viewer()
        result = job.run(viewer, Workspace(networks={"lite0": net}))
        assert result.size[0] % 2 == size[0] % 2
        assert abs(result.size[0] - size[0]) <= 1
        assert {step.label for step in viewer.steps} == {"in"} == {job.label}
