"""``reverie film``: what a user types, and what is there afterwards."""

from __future__ import annotations

import json
import shlex
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from support import films
from support.moving import (
    QUICK,
    ZOOM,
    frames_of,
    in_process,
    left_over,
    refused,
    scene,
    sound_packets,
    times_of,
)
from support.slow import mostly_slow


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    return in_process(tmp_path, monkeypatch, capsys)


@pytest.mark.slow
def test_sound_times_and_shape_are_kept(said, tmp_path):
    source = films.film(tmp_path / "a.mp4", pictures=scene(12), sound="aac", aspect=Fraction(4, 3), rate=20)
    code, out, err = said("film", "a.mp4", "-o", "d.mp4", "--json", *QUICK)
    assert code == 0, err
    told = json.loads(out)
    assert (told["path"], told["size"], told["frames"], told["rate"]) == ("d.mp4", [64, 48], 12, "20")
    assert told["length"] == pytest.approx(0.6)
    made = tmp_path / "d.mp4"
    assert times_of(made) == pytest.approx(times_of(source))
    assert sound_packets(made) == sound_packets(source)
    import av

    with av.open(str(made)) as file:
        assert file.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
    moved = [np.abs(a.astype(int) - b).mean() for a, b in zip(scene(12), frames_of(made), strict=True)]
    assert min(moved) > 3  # each of them dreamt
    assert not left_over(tmp_path)


@pytest.mark.slow
def test_a_pace_that_varies_is_kept(said, tmp_path):
    times = [Fraction(i * i + 5 * i, 100) for i in range(10)]
    films.film(tmp_path / "v.mkv", pictures=scene(10), times=times)
    assert said("film", "v.mkv", "-o", "v.webm", *QUICK)[0] == 0
    assert times_of(tmp_path / "v.webm") == pytest.approx([float(t) for t in times], abs=0.001)


@pytest.mark.slow
def test_a_part_and_each_third(said, tmp_path):
    films.film(tmp_path / "a.mp4", count=30, size=(96, 64))
    words = ("--start", "0.4", "--duration", "0.6", "--every", "3", "--strength", "0")
    assert said("film", "a.mp4", "-o", "f/", *QUICK[:2], *words)[0] == 0
    pictures = [np.asarray(Image.open(p)) for p in sorted((tmp_path / "f").glob("*.png"))]
    assert [films.number_of(p) for p in pictures] == [10, 13, 16, 19, 22]


@pytest.mark.slow
def test_what_it_says_makes_it_again(said, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(6))
    first = said(
        "film", "a.mp4", "-o", "d.mkv", "--strength", "0s:0.2, 0.2s:0.6 smooth", "--seed", "4", *QUICK
    )
    assert first[0] == 0, first[2]
    code, out, _ = said("show", "d.mkv")
    assert code == 0
    words = shlex.split(out.splitlines()[0])
    assert words[:5] == ["reverie", "film", "a.mp4", "-o", "d.mkv"]
    assert "* strength           0s:0.2, 0.2s:0.6 smooth" in out
    again = [*words[1:4], "e.mkv", *words[5:]]
    assert said(*again)[0] == 0
    assert said("rerun", "d.mkv", "-o", "r.mkv")[0] == 0
    made = (tmp_path / "d.mkv").read_bytes()
    assert (tmp_path / "e.mkv").read_bytes() == made == (tmp_path / "r.mkv").read_bytes()
    assert json.loads(said("show", "d.mkv", "--json")[1])["source"]["name"] == "a.mp4"


@pytest.mark.slow
def test_without_its_source_it_is_not_made_again(said, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(3))
    assert said("film", "a.mp4", "-o", "d.mp4", *QUICK)[0] == 0
    (tmp_path / "a.mp4").unlink()
    refused(said("rerun", "d.mp4"), 3, "a.mp4: not found beside d.mp4", "--input")
    films.film(tmp_path / "b.mp4", pictures=scene(4))
    refused(said("rerun", "d.mp4", "--input", "b.mp4"), 3, "not the source of d.mp4")
    assert said("film", "b.mp4", "-o", "n.mp4", "--no-metadata", *QUICK)[0] == 0
    refused(said("show", "n.mp4"), 3, "holds no recipe")


@pytest.mark.slow
def test_masks_still_and_moving(said, tmp_path):
    pictures = scene(5)
    for index, picture in enumerate(pictures):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "in" / f"{index}.png")
    left = np.zeros((48, 64, 3), np.uint8)
    left[:, :32] = 255
    Image.fromarray(left).save(tmp_path / "mask.png")
    films.film(tmp_path / "mask.mkv", pictures=[left] * 3)  # its last frame holds on
    for mask in ("mask.png", "mask.mkv"):
        out = f"{mask[5:]}/"
        code, _, err = said("film", "in", "-o", out, "--mask", mask, "--allow-flashes", *QUICK)
        assert code == 0, err
        made = [np.asarray(Image.open(p)).astype(int) for p in sorted((tmp_path / out).glob("*.png"))]
        assert len(made) == 5
        for picture, dreamt in zip(pictures, made, strict=True):
            change = np.abs(dreamt - picture)
            assert change[:, 40:].mean() < 0.5  # the rounding of colours on their way
            assert change[:, :24].mean() > 4
        assert said("show", out)[1].startswith(f"reverie film in -o {out} ")


@pytest.mark.slow
def test_an_animated_picture_is_a_moving_mask(said, tmp_path):
    """Of two frames, white and black: what is dreamt is the first frame alone."""
    for index, picture in enumerate(scene(2)):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "in" / f"{index}.png")
    white, black = (Image.new("RGB", (64, 48), colour) for colour in ("white", "black"))
    for name in ("m.gif", "m.png", "m.webp"):
        white.save(tmp_path / name, save_all=True, append_images=[black], duration=500)
        out = f"{name[2:]}/"
        code, _, err = said("film", "in", "-o", out, "--mask", name, "--fps", "2", "--allow-flashes", *QUICK)
        assert code == 0, err
        made = [np.asarray(Image.open(p)).astype(int) for p in sorted((tmp_path / out).glob("*.png"))]
        moved = [np.abs(d - p).mean() for d, p in zip(made, scene(2), strict=True)]
        assert moved[0] > 4
        assert moved[1] < 0.5


@pytest.mark.slow
def test_transparency_is_kept_where_it_can_be(said, tmp_path):
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, :40] = 255
    frames = [Image.fromarray(np.dstack([p, alpha])) for p in scene(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=[100, 300, 50])
    assert said("film", "a.png", "-o", "d.apng", *QUICK)[0] == 0
    with Image.open(tmp_path / "d.apng") as made:
        for index, length in enumerate((100, 300, 50)):
            made.seek(index)
            assert np.array_equal(np.asarray(made.convert("RGBA"))[..., 3], alpha)
            assert made.info["duration"] == length
    code, _, err = said("film", "a.png", "-o", "d.mp4", *QUICK)
    assert code == 0
    assert "alpha" in err or "transparen" in err


@pytest.mark.slow
def test_music_moves_the_strength(said, tmp_path):
    (tmp_path / "in").mkdir()
    for index, picture in enumerate(scene(1) * 20):
        Image.fromarray(picture).save(tmp_path / "in" / f"{index:02d}.png")
    loud = np.concatenate([np.zeros(8820, np.float32), films.tone(0.6, 22_050)])  # silent for 0.4 s
    films.wav(tmp_path / "music.wav", loud, 22_050)
    words = ("--pulse", "music.wav", "--pulse-depth", "1", "--allow-flashes", *QUICK)
    code, _, err = said("film", "in", "-o", "out/", *words)
    assert code == 0, err
    made = [np.asarray(Image.open(p)).astype(int) for p in sorted((tmp_path / "out").glob("*.png"))]
    moved = [np.abs(p - scene(1)[0]).mean() for p in made]
    assert max(moved[:9]) < 1.5
    assert max(moved[10:15]) > 4
    assert json.loads(said("show", "out/", "--json")[1])["files"][0]["name"] == "music.wav"
    refused(said("film", "in", "-o", "o.mp4", "--pulse", "in/00.png", *QUICK), 3, "00.png")
    refused(said("film", "in", "-o", "o.mp4", "--pulse", "film", *QUICK), 3, "sound")


@mostly_slow(
    ("words", "code", "says"),
    [
        ((), 2, "nothing to dream on"),
        (("a.mp4", "-o", "a.mp4", "--overwrite"), 2, "is the input too"),
        (("in/%d.png", "-o", "in/", "--overwrite"), 2, "is the input too"),
        (("in/*.png", "-o", "./in/%04d.png", "--overwrite"), 2, "is the input too"),
        (("a.mp4", "-o", "d.mpg"), 2, ".mp4"),
        (("a.mp4", "-o", "d.mp4", "--codec", "vp9"), 2, "vp9"),
        (("a.mp4", "-o", "d.mp4", "--quality", "0"), 2, "--quality: "),
        (("a.mp4", "-o", "d.gif", "--quality", "50"), 2, "quality"),
        (("a.mp4", "-o", "d.mp4", "--strength", "0:2"), 2, "--strength: value 2 is out of its range, 0 to 1"),
        (("a.mp4", "-o", "d.mp4", "--strength", "0:1 slow"), 2, "--strength:"),
        (("a.mp4", "-o", "d.mp4", "--every", "0"), 2, "--every:"),
        (("a.mp4", "-o", "d.mp4", "--start", "99"), 2, "nothing is left of it from 99 s on"),
        (("a.mp4", "-o", "d.mp4", "--size", "65x48"), 2, "--size: h264 needs even sides"),
        (("a.mp4", "-o", "d.mp4", "--fps", "12"), 2, "--fps: a.mp4 has its own"),
        (("a.mp4", "-o", "d.mp4", "--layer", "block5z"), 2, "block5"),
        (("a.mp4", "-o", "d.mp4", "--class", "golden retreiver"), 2, 'did you mean "golden retriever"'),
        (("a.mp4", "-o", "d.mp4", "--mask", "none.png"), 3, "none.png"),
        (("a.mp4", "-o", "d.mp4", "--preview", "d.mp4"), 2, "--preview d.mp4"),
        (("a.mp4", "-o", "no/d.mp4"), 6, "there is no folder"),
        (("none.mp4", "-o", "d.mp4"), 3, "no such file"),
        (("a.mp4", "-o", "d.mp4", "--preset", "portrait"), 2, "reverie see"),
    ],
    quick=6,
)
def test_what_cannot_be_is_said_before_the_work(said, tmp_path, words, code, says):
    films.film(tmp_path / "a.mp4", count=3)
    refused(said("film", *words), code, says)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


@pytest.mark.slow
def test_an_output_that_is_there_stays(said, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(3))
    (tmp_path / "d.mp4").write_bytes(b"mine")
    refused(said("film", "a.mp4", "-o", "d.mp4", *QUICK), 2, "d.mp4: exists already", "--overwrite")
    assert (tmp_path / "d.mp4").read_bytes() == b"mine"
    assert said("film", "a.mp4", "-o", "d.mp4", "--overwrite", *QUICK)[0] == 0
    assert len(frames_of(tmp_path / "d.mp4")) == 3


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp4", b"", "empty"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\ncanary.mp4\n", ""),  # row 18
        ("concat.mp4", b"ffconcat version 1.0\nfile canary.mp4\n", ""),  # row 19
        ("text.mp4", b"hello " * 100, ""),
        ("picture.png", None, ""),
    ],
)
def test_what_is_no_film(said, tmp_path, name, content, says):
    films.film(tmp_path / "canary.mp4", pictures=scene(3))
    if content is None:
        content = films.png(scene(1)[0])
    (tmp_path / name).write_bytes(content)
    refused(said("film", name, "-o", "d.mp4", *QUICK), 3, name, says)
    assert not (tmp_path / "d.mp4").exists()


@pytest.mark.parametrize(
    "path", ["concat:a.mp4|a.mp4", "subfile,,start,0,end,0,,:a.mp4", "http://127.0.0.1:9/a.mp4", "file:a.mp4"]
)
def test_what_is_not_a_local_file(said, tmp_path, path):  # row 20
    films.film(tmp_path / "a.mp4", pictures=scene(3))
    refused(said("film", path, "-o", "d.mp4", *QUICK), 3, "not a local file")


def test_an_unfinished_recording_and_sound_alone(said, tmp_path):  # rows 21 and 22
    whole = films.film(tmp_path / "a.mp4", pictures=scene(6)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.index(b"moov") - 4])
    refused(said("film", "cut.mp4", "-o", "d.mp4", *QUICK), 3, "cut.mp4: recording unfinished")
    films.sound_file(tmp_path / "tone.mp4", "aac", "mp4")
    refused(said("film", "tone.mp4", "-o", "d.mp4", *QUICK), 3, "tone.mp4")


@pytest.mark.slow
def test_a_guide_in_another_folder(said, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(4))
    (tmp_path / "guides").mkdir()
    Image.fromarray(scene(1, (96, 96))[0]).save(tmp_path / "guides" / "g.png")
    for verb, words in (("film", ("a.mp4", *QUICK)), ("zoom", ("--duration", "0.1", *ZOOM))):
        given = (*words, "--guide", "guides/g.png", "--layer", "block4c", "--layer", "block5a")
        code, _, err = said(verb, *given, "-o", f"{verb}.mkv")
        assert code == 0, err
        assert said(verb, *given, "--dry-run")[0] == 0
        refused(said("rerun", f"{verb}.mkv"), 3, "g.png: not found beside")
        (tmp_path / "g.png").write_bytes((tmp_path / "guides" / "g.png").read_bytes())
        assert said("rerun", f"{verb}.mkv")[0] == 0
        assert (tmp_path / f"{verb}-rerun.mkv").read_bytes() == (tmp_path / f"{verb}.mkv").read_bytes()
        (tmp_path / "g.png").unlink()


@pytest.mark.slow
def test_a_size_that_changes_on_the_way_is_scaled_to_the_first(said, tmp_path):  # row 23
    (tmp_path / "in").mkdir()
    for index, size in enumerate(((64, 48), (64, 48), (128, 96), (64, 48))):
        Image.fromarray(scene(1, size)[0]).save(tmp_path / "in" / f"{index}.png")
    code, out, err = said("film", "in", "-o", "d.mp4", "--json", "--fps", "8", *QUICK)
    assert code == 0, err
    assert times_of(tmp_path / "d.mp4") == [0, 0.125, 0.25, 0.375]
    assert "scaled to the first" in err
    assert any("scaled to the first" in words for words in json.loads(out)["warnings"])
    assert [f.shape for f in frames_of(tmp_path / "d.mp4")] == [(48, 64, 3)] * 4


@pytest.mark.slow
def test_a_recipe_is_taken_from_a_film_without_reading_all_of_it(said, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(4))
    assert said("film", "a.mp4", "-o", "d.mp4", "--layer", "block4c", "--leak", "0.2", *QUICK)[0] == 0
    code, out, err = said("film", "a.mp4", "--recipe", "d.mp4", "-o", "e.mp4", "--json", "--seed", "3")
    assert code == 0, err
    recipe = json.loads(out)["recipe"]
    assert (recipe["objective"], recipe["seed"], recipe["film"]["leak"]) == (["block4c"], 3, 0.2)
    refused(said("zoom", "--recipe", "d.mp4", "-o", "z.mp4"), 2, "d.mp4: is not for zooms", "reverie film")


@pytest.mark.slow
def test_a_plan_writes_nothing(said, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(8))
    code, out, err = said("film", "a.mp4", "--dry-run", "--json", *QUICK)
    assert code == 0, err
    plan = json.loads(out)
    assert (plan["size"], plan["frames"], plan["rate"]) == ([64, 48], 8, "25")
    assert plan["seconds"] == pytest.approx(plan["opening_seconds"] + 7 * plan["seconds_a_frame"])
    assert plan["bytes"] > 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
