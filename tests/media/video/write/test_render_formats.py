"""What is in the files: times, sizes, colours, shape of pixels, by PyAV and by ffprobe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import ReverieWarning, UsageError
from reverie.media.picture import read_provenance
from reverie.media.video.read.frame import Colour
from reverie.media.video.read.reader import open_video
from reverie.media.video.write.formats import CODECS, encoding_for
from reverie.media.video.write.metadata import read_metadata
from reverie.media.video.write.render import Render
from support.films import number_of, numbered
from support.renders import decoded
from support.slow import mostly_slow

SIZE = (160, 128)
COUNT = 14
NTSC = Fraction(30000, 1001)


#: An uneven pace, as of a phone: seconds that each frame is shown.
PACE = [Fraction(n, 1000) for n in (33, 34, 33, 100, 17, 16, 40, 33, 250, 33, 34, 33, 20, 120)]
EVEN = [1 / NTSC] * COUNT
NOTE = {"reverie": "0", "recipe": {"text": 'é "quoted" \n \U0001f436', "long": "x" * 70_000}}
FILMS = [(kind, codec) for kind in ("mp4", "mov", "mkv", "webm") for codec in CODECS[kind]]
needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")


def pictures(alpha: bool = False) -> list[np.ndarray]:
    """Numbered ones, as large as every encoder takes; a part of them is clear if ``alpha``."""
    found = [numbered(i, SIZE) for i in range(COUNT)]
    if not alpha:
        return found
    clear = np.where(np.arange(SIZE[0]) < 40, 0, 255).astype(np.uint8)
    return [np.dstack([p, np.broadcast_to(clear, SIZE[::-1])]) for p in found]


def written(
    out: Path | str, shown: list[Fraction] = EVEN, *, codec=None, alpha=False, sound=None, **more
) -> Path:
    """A film of numbered pictures."""
    encoding = encoding_for(out, codec=codec)
    with Render(out, {}, size=SIZE, rate=NTSC, encoding=encoding, alpha=alpha, **more) as film:
        at = Fraction(0)
        for rgb, lasts in zip(pictures(alpha), shown, strict=True):
            film.add(rgb, at, lasts, dict)
            at += lasts
        film.finish(metadata=NOTE)
    return Path(out)


def begins(shown: list[Fraction]) -> list[Fraction]:
    return [sum(shown[:i], Fraction(0)) for i in range(len(shown))]


def probe(path: Path) -> dict:
    """What ffprobe says of a file."""
    words = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-show_frames", "-of", "json"]
    words.append(str(path))
    return json.loads(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)


@pytest.mark.parametrize("shown", [EVEN, PACE], ids=["even", "uneven"])
@mostly_slow(("kind", "codec"), FILMS, quick=3)
def test_films_keep_frames_and_times(tmp_path, kind, codec, shown):
    path = written(tmp_path / f"z.{kind}", shown, codec=codec)
    found = decoded(path)
    assert [number_of(rgb) for _, rgb in found] == list(range(COUNT))
    fine = Fraction(1, 90_000) if kind in ("mp4", "mov") else Fraction(1, 1000)
    for (at, _), wanted in zip(found, begins(shown), strict=True):
        assert abs(at - wanted) <= fine
    with open_video(path) as movie:
        assert movie.info.size == SIZE
        assert abs(movie.info.duration - sum(shown)) <= 2 * fine + Fraction(1, 10_000)
        assert movie.info.colour == Colour("bt709", "tv", "bt709", "bt709")
        assert movie.info.aspect == 1
    assert read_metadata(path) == NOTE


@needs_ffprobe
@pytest.mark.parametrize("shown", [EVEN, PACE], ids=["even", "uneven"])
@mostly_slow(("kind", "codec"), FILMS)
def test_ffprobe_agrees_on_films(tmp_path, kind, codec, shown):
    found = probe(written(tmp_path / f"z.{kind}", shown, codec=codec, aspect=Fraction(4, 3)))
    (stream,) = found["streams"]
    assert stream["codec_name"] == {"h265": "hevc"}.get(codec, codec)
    square = kind not in ("mp4", "mov") and codec not in ("h264", "h265")
    assert stream["width"] == (214 if square else 160)
    assert stream.get("sample_aspect_ratio", "1:1") == ("1:1" if square else "4:3")
    assert (stream["color_space"], stream["color_primaries"], stream["color_transfer"]) == ("bt709",) * 3
    assert stream["color_range"] == "tv"
    assert stream["pix_fmt"] == "yuv420p"
    assert stream.get("codec_tag_string") != "hev1"
    times = [float(frame["best_effort_timestamp_time"]) for frame in found["frames"]]
    assert times == pytest.approx([float(at) for at in begins(shown)], abs=0.0011)
    assert float(found["format"]["duration"]) == pytest.approx(float(sum(shown)), abs=0.0025)
    assert float(found["format"]["start_time"]) == 0
    if kind in ("mp4", "mov"):
        assert float(stream["duration"]) == pytest.approx(float(sum(shown)), abs=0.001)
    if shown is EVEN:
        assert Fraction(stream["avg_frame_rate"]) == NTSC


def test_colours_are_those_that_were_given(tmp_path):
    """Flat colours by BT.709's matrix and range, written out here."""
    colours = [(200, 40, 40), (40, 180, 60), (30, 60, 220), (128, 128, 128), (250, 250, 250), (5, 5, 5)]
    out = tmp_path / "z.mp4"
    with Render(out, {}, size=SIZE, rate=NTSC, encoding=encoding_for(out, quality=100)) as film:
        for i, colour in enumerate(colours):
            film.add(np.full((*SIZE[::-1], 3), colour, np.uint8), i / NTSC, 1 / NTSC, dict)
        film.finish()
    import av

    with av.open(str(out)) as file:
        planes = [frame.to_ndarray() for frame in file.decode(video=0)]
    height = SIZE[1]
    for (r, g, b), plane in zip(np.array(colours) / 255, planes, strict=True):
        y = 0.2126 * r + 0.7152 * g + 0.0722 * b
        wanted = (16 + 219 * y, 128 + 224 * (b - y) / 1.8556, 128 + 224 * (r - y) / 1.5748)
        luma, chroma = plane[:height], plane[height:].reshape(2, -1)
        found = (np.median(luma), np.median(chroma[0]), np.median(chroma[1]))
        assert found == pytest.approx(wanted, abs=1.01)


def test_quality_buys_size(tmp_path):
    sizes, errors = [], []
    noisy = [np.random.default_rng(i).integers(0, 255, (128, 160, 3)).astype(np.uint8) for i in range(3)]
    noisy = [np.array(Image.fromarray(p).resize(SIZE).resize((40, 32)).resize(SIZE)) for p in noisy]
    for quality in (10, 50, 90):
        out = tmp_path / f"{quality}.mp4"
        with Render(out, {}, size=SIZE, rate=NTSC, encoding=encoding_for(out, quality=quality)) as film:
            for i, rgb in enumerate(noisy):
                film.add(rgb, i / NTSC, 1 / NTSC, dict)
            film.finish()
        sizes.append(out.stat().st_size)
        errors.append(
            np.mean([np.abs(a[1].astype(int) - b).mean() for a, b in zip(decoded(out), noisy, strict=True)])
        )
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("shown", [EVEN, PACE], ids=["even", "uneven"])
def test_an_apng_is_exact(tmp_path, alpha, shown):
    path = written(tmp_path / "z.apng", shown, alpha=alpha)
    with Image.open(path) as image:
        assert image.n_frames == COUNT
        assert image.info["loop"] == 0
        for i, (rgb, lasts) in enumerate(zip(pictures(alpha), shown, strict=True)):
            image.seek(i)
            assert image.info["duration"] == pytest.approx(float(lasts * 1000), abs=0.02)
            assert np.array_equal(np.array(image.convert("RGBA" if alpha else "RGB")), rgb)
    assert read_metadata(path) == NOTE
    assert read_provenance(path) == NOTE  # as of a still picture


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("shown", [EVEN, PACE], ids=["even", "uneven"])
def test_a_gif_keeps_time_to_the_hundredth(tmp_path, alpha, shown):
    short = sum(lasts < Fraction(2, 100) for lasts in shown)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = written(tmp_path / "z.gif", shown, alpha=alpha)
    with Image.open(path) as image:
        assert COUNT - short <= image.n_frames <= COUNT
        assert image.info["loop"] == 0
        at, taken, clear = 0, [], []
        for i in range(image.n_frames):
            image.seek(i)
            rgba = np.array(image.convert("RGBA"))
            taken.append((at, number_of(rgba[..., :3])))
            clear.append((rgba[..., 3] == 0).mean())
            at += image.info["duration"]
    assert at == round(sum(shown) * 100) * 10
    if not alpha:
        for at, number in taken:
            assert abs(at - begins(shown)[number] * 1000) <= 5
    assert clear == pytest.approx([0.25 if alpha else 0.0] * len(clear), abs=0.001)
    assert read_metadata(path) == NOTE


@pytest.mark.slow
def test_a_gif_leaves_out_what_browsers_would_show_slowly(tmp_path):
    with pytest.warns(ReverieWarning, match=r"50 frames a second at most, 7 of 14 are left out"):
        path = written(tmp_path / "z.gif", [Fraction(1, 100)] * COUNT)
    with Image.open(path) as image:
        assert image.n_frames == 7
        assert image.info["duration"] == 20


def test_a_gif_has_the_colours_of_all_frames(tmp_path):
    """Two scenes of 128 colours each: none may be lost for the other."""
    out = tmp_path / "z.gif"
    ramp = np.broadcast_to(np.linspace(0, 255, 160).astype(np.uint8), (128, 160))
    dark = np.zeros((128, 160), np.uint8)
    scenes = [np.dstack([ramp, dark, dark]), np.dstack([dark, dark, ramp])]
    with Render(out, {}, size=SIZE, rate=Fraction(10), encoding=encoding_for(out)) as film:
        for i, rgb in enumerate(scenes * 2):
            film.add(rgb, Fraction(i, 10), Fraction(1, 10), dict)
        film.finish()
    for (_, found), wanted in zip(decoded(out), scenes * 2, strict=True):
        assert np.abs(found.astype(int) - wanted).mean() < 1.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["frames/", "frames/%03d.png", "frames/dream-%d.png"])
def test_a_sequence_is_exact_and_appears_whole(tmp_path, name):
    written(f"{tmp_path}/{name}", alpha=True)
    assert os.listdir(tmp_path) == ["frames"]
    pattern = {"frames/": "%06d.png"}.get(name, Path(name).name)
    names = {pattern % (i + 1) for i in range(COUNT)}
    assert set(os.listdir(tmp_path / "frames")) == names | {"reverie.json"}
    for i, rgb in enumerate(pictures(alpha=True)):
        assert np.array_equal(np.array(Image.open(tmp_path / "frames" / (pattern % (i + 1)))), rgb)
    assert read_metadata(f"{tmp_path}/{name}") == NOTE
    with open_video(tmp_path / "frames") as movie:
        assert movie.info.frames == COUNT
    with pytest.raises(UsageError, match="exists already"):
        written(f"{tmp_path}/{name}")
    written(f"{tmp_path}/{name}", overwrite=True)
    (tmp_path / "frames" / "diary.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"holds other things \(diary.txt\)"):
        written(f"{tmp_path}/{name}", overwrite=True)


@mostly_slow("name", ["z.gif", "z.apng", "z.webm", "frames/"])
def test_pixels_that_are_not_square_become_so(tmp_path, name):
    path = written(f"{tmp_path}/{name}", aspect=Fraction(3, 2))
    with open_video(path) as movie:
        assert movie.info.size == (240, 128)
    high = written(f"{tmp_path}/high-{name}", aspect=Fraction(1, 2))
    with open_video(high) as movie:
        assert movie.info.size == (160, 256)


@mostly_slow("name", ["z.mp4", "z.mkv", "z.webm", "z.gif", "z.apng", "frames/"], quick=2)
def test_the_same_film_is_the_same_bytes(tmp_path, name):
    found = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = written(f"{tmp_path}/{folder}/{name}", PACE)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found.append([file.read_bytes() for file in files])
    assert found[0] == found[1]


@mostly_slow(("kind", "codec"), [*FILMS, ("gif", None), ("apng", None), ("png", None)], quick=2)
def test_every_encoder_goes_on_as_if_it_had_never_stopped(tmp_path, kind, codec):
    def filled(film, stop):
        for i in range(film.done, stop):
            film.add(numbered(i, SIZE), i / film.reel.rate, 1 / film.reel.rate, lambda i=i: {"i": i})

    found = []
    for stops in ((COUNT,), (3, 8, 9, COUNT)):
        folder = tmp_path / str(len(stops))
        folder.mkdir()
        out = f"{folder}/z/" if kind == "png" else f"{folder}/z.{kind}"
        for stop in stops:
            encoding = encoding_for(out, codec=codec)
            with Render(out, {}, size=SIZE, rate=Fraction(4), encoding=encoding) as film:
                filled(film, stop)
                film.keep()
                if stop == COUNT:
                    film.finish(metadata=NOTE)
        files = sorted(Path(out).iterdir()) if kind == "png" else [Path(out)]
        found.append([file.read_bytes() for file in files])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "codec", "more", "said"),
    [
        ("z.mp4", "h264", {"size": (321, 180)}, r"even sides, got 321 x 180; take 320 x 180"),
        ("z.mp4", "h265", {"size": (96, 64)}, "128 to 16384 pixels, got 96 x 64"),
        ("z.mp4", "h264", {"size": (20000, 64)}, "16 to 16384"),
        ("z.mp4", "h264", {"rate": Fraction(0)}, "rate: "),
        ("z.mp4", "h264", {"alpha": True}, r"mp4 has none; use \.apng"),
        ("z.mp4", "h264", {"aspect": Fraction(1000)}, "aspect"),
    ],
)
def test_what_cannot_be_encoded_is_said_before_the_work(tmp_path, name, codec, more, said):
    with pytest.raises(UsageError, match=said):
        Render(
            tmp_path / name,
            {},
            **{"size": SIZE, "rate": NTSC, "encoding": encoding_for(name, codec=codec)} | more,
        )
    assert os.listdir(tmp_path) == []


def test_an_apng_moves_for_ffmpeg_whatever_made_it(tmp_path):
    """FFmpeg tells it from a still picture by its first 2 kB; what made it may be longer."""
    path = written(tmp_path / "z.apng")
    assert len(decoded(path)) == COUNT
    assert path.stat().st_size > len(str(NOTE))
    assert read_metadata(path) == NOTE
