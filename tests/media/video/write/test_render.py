"""A film that is broken off and gone on with is the one that never was."""

from __future__ import annotations

import os
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverie.errors import BadInput, ResourceError, UsageError
from reverie.media.video.write.formats import encoding_for
from reverie.media.video.write.render import key_of
from support.renders import SIZE, decoded, fill, frames, make, render
from support.slow import mostly_slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """The unbroken film of 12 frames, five a segment."""
    return make(tmp_path_factory.mktemp("whole") / "z.mp4")


def test_a_film_appears_whole_and_leaves_nothing_else(tmp_path, whole):
    assert make(tmp_path / "z.mp4") == whole
    assert os.listdir(tmp_path) == ["z.mp4"]


def test_where_the_process_goes_meanwhile_does_not_matter(tmp_path, whole, monkeypatch):
    """Frames are written by a thread, and something else may be done elsewhere between two of them."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with render("z.mp4") as film:
        assert film.part == Path("z.mp4.part", "partial.mp4")
        monkeypatch.chdir("elsewhere")
        fill(film)
        film.keep()
        assert film.done == 12
        monkeypatch.chdir(tmp_path)
        film.finish(metadata={"reverie": "test", "count": 12})
    assert (tmp_path / "z.mp4").read_bytes() == whole


@mostly_slow("stop", range(1, 12), quick=4)
def test_stopped_anywhere_it_goes_on(tmp_path, whole, stop):
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=stop)
        film.keep()
        assert film.done == stop
    assert not (tmp_path / "z.mp4").exists()
    with render(tmp_path / "z.mp4") as film:
        assert film.done == stop
        assert film.state["index"] == stop - 1
        assert not film.complete
    assert make(tmp_path / "z.mp4") == whole


def test_without_keep_whole_segments_are_safe(tmp_path, whole):
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=8)
        film._wait()
        assert film.done == 5
    assert make(tmp_path / "z.mp4") == whole


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(1, 11), min_size=1, max_size=4), patience=st.sampled_from([0.0, 60.0]))
def test_stopped_often_at_any_patience(tmp_path_factory, whole, stops, patience):
    out = tmp_path_factory.mktemp("often") / "z.mp4"
    for stop in sorted(stops):
        with render(out, patience=patience) as film:
            fill(film, until=stop)
    assert make(out) == whole


def snapshots(folder: Path, to: Path) -> list[Path]:
    """What a kill would leave after each frame, copied away while the film is being written."""
    found = []
    with render(folder / "z.mp4", patience=0.0) as film:
        for index, rgb, state in frames(None, 12):
            film.add(rgb, Fraction(index, 5), Fraction(1, 5), lambda state=state: state)
            film._wait()
            copy = to / f"{index:02d}"
            shutil.copytree(folder / "z.mp4.part", copy / "z.mp4.part")
            found.append(copy)
    return found


@pytest.mark.slow
def test_whatever_a_kill_leaves_it_goes_on(tmp_path, whole):
    places = snapshots(tmp_path, tmp_path / "kills")
    for index, place in enumerate(places):
        part = place / "z.mp4.part"
        with open(part / "partial.mp4", "ab") as file:
            file.write(b"\0\0\1\0moof half a segment")  # was being written
        (part / "checkpoint.new").write_bytes(b"half a checkpoint")
        (part / "frame-00000099.npy").write_bytes(b"half a frame")
        (part / "whole.mp4").write_bytes(b"half a film")
        with render(place / "z.mp4") as film:
            assert film.done == index + 1
        assert make(place / "z.mp4") == whole
        assert os.listdir(place) == ["z.mp4"]


@pytest.mark.slow
def test_the_partial_film_plays_to_the_last_segment(tmp_path, whole):
    for index, place in enumerate(snapshots(tmp_path, tmp_path / "kills")):
        partial = place / "z.mp4.part" / "partial.mp4"
        segments = (index + 1) // 5
        assert len(decoded(partial)) == 5 * segments
        if segments:
            data = partial.read_bytes()
            partial.write_bytes(data + data[-4000:-1000])  # and with the beginning of a next one
            assert len(decoded(partial)) >= 5 * segments


def test_killed_while_finishing_it_only_finishes(tmp_path, whole, monkeypatch):
    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reverie.media.video.write.render.finish", fail)
        with render(tmp_path / "z.mp4") as film:
            fill(film)
            with pytest.raises(KeyboardInterrupt):
                film.finish()
    with render(tmp_path / "z.mp4") as film:
        assert film.complete
        assert film.done == 12
        assert film.state["index"] == 11
        film.finish(metadata={"reverie": "test", "count": 12})
    assert (tmp_path / "z.mp4").read_bytes() == whole


def test_killed_between_naming_and_tidying_nothing_is_lost(tmp_path, whole, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("reverie.media.video.write.work_folder.WorkFolder.remove", lambda self: self.release())
        make(tmp_path / "z.mp4")
    assert (tmp_path / "z.mp4.part").is_dir()
    with pytest.raises(UsageError, match="exists already"):
        make(tmp_path / "z.mp4")
    assert os.listdir(tmp_path) == ["z.mp4"]
    assert (tmp_path / "z.mp4").read_bytes() == whole


def test_another_film_of_this_name_is_refused(tmp_path, whole):
    with render(tmp_path / "z.mp4", key={"recipe": {"seed": 1}, "source": "a"}) as film:
        fill(film, until=7)
        film.keep()
    assert key_of(tmp_path / "z.mp4") == {"recipe": {"seed": 1}, "source": "a"}
    with pytest.raises(UsageError, match=r"differs in recipe\.seed\).*--overwrite begins again"):
        render(tmp_path / "z.mp4", key={"recipe": {"seed": 2}, "source": "a"})
    with pytest.raises(UsageError, match=r"differs in rate"):
        render(tmp_path / "z.mp4", key={"recipe": {"seed": 1}, "source": "a"}, rate=6)
    with render(tmp_path / "z.mp4", key={"recipe": {"seed": 1}, "source": "a"}, overwrite=True) as film:
        assert film.done == 7  # the same film goes on
    assert make(tmp_path / "z.mp4", overwrite=True) == whole
    assert key_of(tmp_path / "z.mp4") is None


def test_a_result_is_replaced_only_at_the_end_and_if_asked(tmp_path, whole):
    out = tmp_path / "z.mp4"
    out.write_bytes(b"an older film")
    with pytest.raises(UsageError, match=r"exists already; give another name or --overwrite"):
        render(out)
    assert os.listdir(tmp_path) == ["z.mp4"]
    with render(out, overwrite=True) as film:
        fill(film)
        film.keep()
        assert out.read_bytes() == b"an older film"
    assert make(out, overwrite=True) == whole


def test_what_was_made_meanwhile_is_not_replaced(tmp_path):
    out = tmp_path / "z.mp4"
    with render(out) as film:
        fill(film)
        out.write_bytes(b"somebody else's")
        with pytest.raises(UsageError, match="exists already"):
            film.finish()
    assert out.read_bytes() == b"somebody else's"
    assert (tmp_path / "z.mp4.part").is_dir()


def test_nothing_is_left_of_a_film_of_which_nothing_is_safe(tmp_path):
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=3)
    assert os.listdir(tmp_path) == []


def test_two_at_once_are_refused(tmp_path):
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=3)
        with pytest.raises(ResourceError, match="is being made by this process"):
            render(tmp_path / "z.mp4")
        film.keep()
        assert film.done == 3


@pytest.mark.parametrize("length", [245, 250, 251, 255])
def test_a_name_as_long_as_can_be(tmp_path, whole, length):
    """What is kept beside it has a shorter name, its own, and goes on as any other."""
    names = ["y" * (length - 5) + last + ".mp4" for last in "ab"]
    for name in names:
        with render(tmp_path / name) as film:
            fill(film, until=7)
            film.keep()
    assert len(os.listdir(tmp_path)) == 2
    assert all(len(os.fsencode(name)) <= 255 for name in os.listdir(tmp_path))
    assert [make(tmp_path / name) for name in names] == [whole, whole]
    assert sorted(os.listdir(tmp_path)) == names


@pytest.mark.parametrize(
    "name", ["b\udcff.mp4", "\udcff" * 126 + ".mp4", "\xe9" * 125 + "x.mp4", "a\nb.mp4", "-o.mp4"]
)
def test_a_name_of_any_bytes(tmp_path, whole, name):
    with render(tmp_path / name) as film:
        fill(film, until=7)
    assert make(tmp_path / name) == whole
    assert os.listdir(tmp_path) == [name]


def test_a_link_stays_a_link(tmp_path, whole):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "old.mp4").write_bytes(b"old")
    (tmp_path / "z.mp4").symlink_to("there/old.mp4")
    with pytest.raises(UsageError, match="exists already"):
        make(tmp_path / "z.mp4")
    assert make(tmp_path / "z.mp4", overwrite=True) == whole
    assert (tmp_path / "z.mp4").is_symlink()
    assert os.listdir(tmp_path / "there") == ["old.mp4"]
    assert sorted(os.listdir(tmp_path)) == ["there", "z.mp4"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_what_is_no_file_is_not_replaced(tmp_path, overwrite):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "null.mp4").symlink_to("/dev/null")
    for name, says in (("pipe.mp4", "is a pipe"), ("null.mp4", "is a device")):
        with pytest.raises(UsageError, match=says):
            make(tmp_path / name, overwrite=overwrite)


@pytest.mark.parametrize("name", ["partial.mp4", "checkpoint", "render.json", "frame-00000006.npy"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_folder_is_said_and_overwritten(tmp_path, whole, name, how):
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=7)
        film.keep()
    path = tmp_path / "z.mp4.part" / name
    if how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
    if (name, how) in (("checkpoint", "gone"), ("render.json", "gone")):
        assert make(tmp_path / "z.mp4") == whole  # nothing safe: from the beginning
        return
    with pytest.raises((BadInput, UsageError), match=r"damaged.*--overwrite begins"):
        render(tmp_path / "z.mp4")
    assert make(tmp_path / "z.mp4", overwrite=True) == whole


def test_a_strange_folder_is_left_alone(tmp_path):
    part = tmp_path / "z.mp4.part"
    part.mkdir()
    (part / "diary.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds other things"):
        render(tmp_path / "z.mp4", overwrite=True)
    assert (part / "diary.txt").read_text() == "dear"


def test_a_folder_that_vanishes_is_a_resource_error(tmp_path):
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=6)
        film._wait()
        shutil.rmtree(tmp_path / "z.mp4.part")
        with pytest.raises(ResourceError, match=r"cannot write .*No such file"):
            film.keep()
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_said_before_the_work(tmp_path):
    with pytest.raises(ResourceError, match="there is no folder"):
        render(tmp_path / "nowhere" / "z.mp4")


def test_a_frame_of_another_shape_is_refused(tmp_path):
    with render(tmp_path / "z.mp4") as film, pytest.raises(ValueError, match="a frame is"):
        film.add(np.zeros((64, 64, 3), np.uint8), Fraction(0), Fraction(1, 5), dict)


def test_no_frames_are_no_film(tmp_path):
    with pytest.raises(UsageError, match="no frames"), render(tmp_path / "z.mp4") as film:
        film.finish()
    assert os.listdir(tmp_path) == []


def test_a_state_is_asked_for_only_when_it_is_kept(tmp_path):
    asked = []
    with render(tmp_path / "z.mp4") as film:
        for index, rgb, state in frames(None, 12):
            film.add(rgb, Fraction(index, 5), Fraction(1, 5), lambda i=index, s=state: asked.append(i) or s)
        film.finish()
    assert asked == [4, 9, 11]


def test_an_error_of_the_encoder_comes_out_of_add(tmp_path, monkeypatch):
    def fail(self, rgb):
        raise MemoryError("no room")

    monkeypatch.setattr("reverie.media.video.write.encode.Segment.add", fail)
    with render(tmp_path / "z.mp4") as film:
        fill(film, until=1)
        with pytest.raises(MemoryError, match="no room"):
            film.keep()


def test_size_is_checked_before_the_work(tmp_path):
    from reverie.media.video.write.render import Render

    with pytest.raises(UsageError, match=r"even sides, got 97 x 64; take 96 x 64"):
        Render(
            tmp_path / "z.mp4", {}, size=(97, 64), rate=Fraction(5), encoding=encoding_for(tmp_path / "z.mp4")
        )
    assert SIZE == (96, 64)
    assert os.listdir(tmp_path) == []
