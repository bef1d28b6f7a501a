"""Every example of the documentation runs, in a folder with a photograph and a mask, and makes a picture."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest
import skimage.data
from PIL import Image, ImageDraw

from support.commands import environment
from support.forked import FORKS, Forked, script
from support.paths import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
#: What each one leaves behind.
MAKES = {
    "look": ["eyes.png"],
    "film": ["film.gif"],
    "files": ["me-dream.png", "again.png"],
    "fooling": ["lines.png"],
    "first_dream": ["dream.png"],
    "frames": ["frame.png"],
    "functions": ["function.png"],
    "gradient": [],
    "emoji": [],
    "face_neuron": ["face-neuron.png"],
    "jobs": ["plain.png"],
    "kitten": ["kitten.png", "kitten-dreams.png"],
    "kept": ["kept.png", "kept.pt"],
    "lesson": ["lesson.png"],
    "moving": ["moving.gif"],
    "network_in_a_file": [],
    "neuron_box": [],
    "notebook": ["noise.png"],
    "objectives": ["objective.png"],
    "own_network": ["own.png"],
    "portraits": ["portraits.png"],
    "regions": ["regions.png"],
    "steered": ["steered.png"],
    "studio_client": ["from-the-studio.png"],
    "zoom": ["zoom.gif"],
}
#: These have tests of their own.
ELSEWHERE = ("emoji", "face_neuron", "kitten")
FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"


def test_every_example_is_known():
    assert [path.stem for path in EXAMPLES] == sorted(MAKES)


def begun(path, folder, *words):
    """An example in a process of its own, which has torch loaded where there are forks."""
    if FORKS:
        return Forked(functools.partial(script, path, *words), folder, environment())
    return subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error::DeprecationWarning:__main__",
            path,
            *words,
        ],
        cwd=folder,
        env={**environment(), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.stem not in ELSEWHERE], ids=lambda path: path.stem)
def test_example_runs(path, tmp_path):
    photo = Image.fromarray(skimage.data.chelsea()).crop((90, 20, 330, 180)).resize((120, 80))
    photo.save(tmp_path / "me.jpg", quality=95)
    mask = Image.new("L", (60, 40))
    ImageDraw.Draw(mask).rectangle((0, 0, 59, 19), 255)
    mask.save(tmp_path / "sky.png")

    # A thread is enough for small pictures, and several wait for each other where tests run side by side.
    process = begun(path, tmp_path)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said

    made = {found.name for found in tmp_path.iterdir()} - {"me.jpg", "sky.png"}
    assert made == set(MAKES[path.stem])
    original = Image.open(tmp_path / "me.jpg").convert("RGB")
    for name in (name for name in made if not name.endswith(".pt")):
        with Image.open(tmp_path / name) as picture:
            extremes = picture.convert("L").getextrema()
            assert extremes[1] - extremes[0] > 50  # a picture, not a plane
            assert picture.convert("RGB").tobytes() != original.tobytes()


def table_of(stem, folder, *words):
    """What an experiment prints, by rows of words."""
    process = begun(ROOT / "examples" / f"{stem}.py", folder, *words)
    out, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert {path.name for path in folder.iterdir()} == set(MAKES[stem])
    return [line.split() for line in out.splitlines()[1:]]


@pytest.mark.soak
def test_kittens_see_what_they_have_seen(tmp_path):
    rows = {" ".join(row[1:-3]): row[-3:] for row in table_of("kitten", tmp_path, "1")}
    vertical, horizontal = (float(share.rstrip("%")) for share in rows["vertical"][:2])
    assert vertical >= 95
    assert horizontal == 0
    assert float(rows["vertical"][2]) <= 0.05
    assert all(20 <= float(share.rstrip("%")) <= 45 for share in rows["normal"][:2])
    assert float(rows["horizontal"][2]) >= 20


@pytest.mark.soak
def test_a_cell_finds_out_what_a_face_is(tmp_path):
    rows = table_of("face_neuron", tmp_path)
    assert len(rows) == 6
    assert all(float(row[3]) >= 0.95 for row in rows)
    assert all(float(row[3]) > float(row[5]) for row in rows)


def test_emoji_say_what_they_need(tmp_path):
    process = begun(ROOT / "examples" / "emoji.py", tmp_path, "no.ttf", "no.txt")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "apt-get install fonts-noto-color-emoji unicode-data" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.soak
@pytest.mark.skipif(not Path(FONT).exists(), reason="Debian's emoji are not here")
def test_emoji_are_learnt_and_dreamt(tmp_path):
    process = begun(ROOT / "examples" / "emoji.py", tmp_path)
    out, said = process.communicate(timeout=1200)
    assert process.returncode == 0, said
    assert float(out.split("%")[0]) >= 85
    assert {"emoji.png", "emoji.safetensors", "emoji.md"} <= {path.name for path in tmp_path.iterdir()}
