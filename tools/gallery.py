"""Make every picture of the README and of docs/ with reverie itself: ``make gallery``.

``python tools/gallery.py NAME...`` makes those named and no others. The commands stand here as a person would
type them, in a folder with the photographs that scikit-image ships.
Sheets of several dreams are made with the library.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

import portrait_figures
import reverie
from reverie.cli import main as cli
from reverie.media.picture import Picture
from reverie.media.picture.contact_sheet import contact_sheet
from sample import main as sample

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WORK = Path("dreams") / "gallery"
PHOTOS = ("chelsea", "coffee", "rocket", "astronaut")

#: The most bytes of a picture in the documentation.
LARGEST = 450_000

#: Picture and the command that makes it.
COMMANDS = {
    "chelsea.jpg": "reverie dream chelsea.png -o chelsea.jpg --size 1080x720 --quality 85",
    "coffee.jpg": "reverie dream coffee.png -o coffee.jpg --size 1080x720 --quality 75",
    "rocket.jpg": "reverie dream rocket.png -o rocket.jpg --size 1080x720 --quality 85",
    "astronaut.jpg": "reverie dream astronaut.png -o astronaut.jpg --size 800x800 --quality 85",
    "gentle.jpg": "reverie dream astronaut.png -o gentle.jpg --preset gentle --size 800x800 --quality 85",
    "faces.jpg": "reverie dream chelsea.png -o faces.jpg --network faces --layer block4a --octaves 6 "
    "--size 720x480 --quality 85",
    "clouds.jpg": "reverie dream --from clouds --size 1280x720 -o clouds.jpg --seed 5 --quality 85",
    "noise.jpg": "reverie dream --from noise --size 1280x720 -o noise.jpg --seed 3 --quality 75",
    "heads.jpg": "reverie dream --from clouds --preset menagerie --size 960x540 -o heads.jpg --seed 7 "
    "--quality 85",
    "cup.jpg": "reverie dream coffee.png -o cup.jpg --preset menagerie --size 960x640 --quality 80",
    "birds.jpg": "reverie dream --from noise --preset cathedral --size 960x540 -o birds.jpg --seed 3 "
    "--quality 80",
    "monarch.jpg": "reverie dream chelsea.png -o monarch.jpg --class monarch --size 960x640 --quality 85",
    "jellyfish.jpg": "reverie dream rocket.png -o jellyfish.jpg --class jellyfish --sites 4 --size 960x640 "
    "--quality 85",
    "layers.jpg": "reverie sheet chelsea.png -o layers.jpg",
    "look.jpg": "reverie look chelsea.png -o look.jpg",
    "tile.jpg": "reverie dream --from noise --seamless --size 480x480 --layer block5a -o tile.jpg",
    "sky.jpg": "reverie dream rocket.png -o sky.jpg --size 1080x720 --quality 70 --strength 0.7 "
    """--objective 'class("castle")@mask("rocket-sky.png") + block6a@mask("rocket-sky.png")'""",
    "flowers.jpg": "reverie dream chelsea.png -o flowers.jpg --guide daisy.png --layer block6b "
    "--strength 60% --size 720x480 --quality 85",
    "engraving.jpg": "reverie dream chelsea.png -o engraving.jpg --grey --preset etching --size 720x480 "
    "--quality 85",
    "guide.jpg": "reverie dream --from clouds --size 1280x720 -o guide.jpg --guide chelsea.png --quality 85",
}
#: A command that has to come before.
FIRST = {"flowers.jpg": "reverie see daisy -o daisy.png --preset sketch"}


def carried_out(typed: str) -> str:
    """Carry out a command as the command line does; its verb."""
    given = shlex.split(typed)[1:]
    print("$", typed, flush=True)
    if code := cli.run([*given, "--overwrite"]):
        sys.exit(code)
    return given[0]


def command(name: str) -> None:
    """Carry out the command of a picture, and the one before it."""
    if name in FIRST:
        carried_out(FIRST[name])
    verb = carried_out(COMMANDS[name])
    shutil.copy(name, IMAGES / name)
    if verb in ("sheet", "look"):  # they have no --quality
        lighten(Image.open(name), IMAGES / name)
    elif os.path.getsize(name) > LARGEST:
        sys.exit(f"{name} has over {LARGEST} bytes; give it another --quality")


def lighten(image: Image.Image, path: Path) -> None:
    """Save a JPEG in the best quality that is not too large for a page."""
    for quality in range(85, 20, -5):
        image.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= LARGEST:
            return


def dream(photo: str | None, **changes: object) -> Picture:
    """A dream by the library, of a photograph or of the recipe's start; figures explain the classic look."""
    name = str(changes.pop("preset", "classic"))
    recipe = reverie.preset(name, **changes)
    return reverie.render(recipe, None if photo is None else reverie.load_picture(photo))


def sheet(name: str, cells: Iterable[tuple[str, str, Picture]], *, columns: int, side: int = 480) -> None:
    """Several pictures as one, with a few words under each."""
    picture = contact_sheet(list(cells), side=side, columns=columns)
    lighten(Image.fromarray(np.rint(picture.pixels * 255).astype(np.uint8)), IMAGES / name)


def presets() -> None:
    """The same photograph by every preset."""
    from reverie.recipe.presets.preset import PRESETS

    cells = [(name, "", dream("chelsea.png", preset=name, size=(720, 480))) for name in PRESETS]
    sheet("presets.jpg", cells, columns=3)


def strengths() -> None:
    """How far a dream goes."""
    cells = [
        (f"strength {s}", "", dream("astronaut.png", strength=s)) for s in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    sheet("strengths.jpg", cells, columns=3, side=360)


def octaves() -> None:
    """What one size alone does, and what several do together."""
    plain = dict(smoothing="none", strength=0.5, size=(720, 480))
    cells = [
        (
            "one octave",
            "every feature as small as the network likes it",
            dream("coffee.png", octaves=1, **plain),
        ),
        (
            "five octaves",
            "large ones first, small ones on top of them",
            dream("coffee.png", octaves=5, **plain),
        ),
    ]
    sheet("octaves.jpg", cells, columns=2)


def ascent() -> None:
    """More and more steps, in octaves of three sizes and no ball."""
    settings = dict(strength=None, step_size=0.012, octaves=3, size=(720, 480))
    cells = [("the photograph", "", reverie.load_picture("chelsea.png").resized((720, 478)))]
    for count in (1, 3, 8, 20, 50):
        steps = "1 step" if count == 1 else f"{count} steps"
        cells.append((steps, "in each of three octaves", dream("chelsea.png", steps=(count,), **settings)))
    sheet("ascent.jpg", cells, columns=3)


def jitter() -> None:
    """The network's grid, and how rolling the picture hides it."""
    cells = []
    for pixels, words in ((0, "the grid shows"), (64, "it does not")):
        settings = dict(objective=("block5b",), smoothing="none", octaves=1, size=(480, 320), strength=0.6)
        picture = dream("rocket.png", jitter=pixels, **settings)
        middle = np.repeat(np.repeat(picture.pixels[20:180, 30:270], 2, 0), 2, 1)
        cells.append((f"jitter {pixels}", words, Picture(middle)))
    sheet("jitter.jpg", cells, columns=2)


def drift() -> None:
    """What happens to brightness and colour at a shallow layer, and what is given back."""
    cells = []
    for share, words in ((0.0, "as it comes"), (0.5, "half given back"), (1.0, "all given back")):
        recipe = dict(objective=("stem",), smoothing="gaussians", centre=False, strength=0.6)
        cells.append((f"drift {share:g}", words, dream("astronaut.png", drift=share, **recipe)))
    sheet("drift.jpg", cells, columns=3)


def smoothing() -> None:
    """The gradient as it comes, and smoothed."""
    size = (720, 480)
    words = {"none": "as it comes", "gaussians": "three Gaussians", "laplacian": "every band the same weight"}
    cells = [(k, v, dream("rocket.png", smoothing=k, size=size)) for k, v in words.items()]
    sheet("smoothing.jpg", cells, columns=3)


def rocket_sky(path: str) -> None:
    """A soft mask of the sky of the rocket's photograph: what is blue and smooth, without the masts."""
    photo = Image.open("rocket.png").convert("RGB")
    red, _, blue = (np.asarray(plane, np.float32) for plane in photo.split())
    sky = Image.fromarray(((blue - red > 12) * 255).astype(np.uint8))
    sky = sky.filter(ImageFilter.MedianFilter(9)).filter(ImageFilter.GaussianBlur(6))
    sky.save(path)


def classes() -> None:
    """Classes that grow out of photographs, and several at once."""

    def grown(photo: str, *names: str, seed: int = 0) -> tuple[str, str, Picture]:
        wanted = tuple(f'class("{name}")' for name in names)
        picture = dream(photo, preset="apparition", objective=wanted, seed=seed, max_size=720)
        return ", ".join(names), "", picture

    cells = [
        grown("coffee.png", "golden retriever", seed=1),
        grown("rocket.png", "goldfish"),
        grown("astronaut.png", "castle"),
        grown("coffee.png", "pineapple", "macaw"),
    ]
    sheet("classes.jpg", cells, columns=2, side=640)


def tiled() -> None:
    """The seamless picture, three by two of it."""
    one = np.asarray(Image.open("tile.jpg").resize((320, 320)))
    Image.fromarray(np.tile(one, (2, 3, 1))).save(IMAGES / "tiled.jpg", quality=85)


def zoom() -> None:
    """A loop of an endless zoom, as an animated picture."""
    words = "reverie zoom --size 356x200 --duration 4 --fps 10 --loop --seed 3 -o zoom/ --overwrite"
    subprocess.run(shlex.split(words), check=True)
    first, *rest = (Image.open(path).convert("RGB") for path in sorted(Path("zoom").glob("*.png")))
    first.save(
        IMAGES / "zoom.webp", save_all=True, append_images=rest, duration=100, loop=0, quality=40, method=6
    )


def portrait_sheet(name: str) -> None:
    """A figure of the chapter on portraits."""
    cells, columns, side = portrait_figures.FIGURES[name]
    sheet(name, cells(), columns=columns, side=side)


def quick_layer(place: int) -> None:
    """A layer of a quick microscope of Lite0: all its portraits, each with its number."""
    from reverie.jobs.microscope.contents import two_layers

    net = reverie.load_net("lite0")
    layer = two_layers(net)[place]
    made = reverie.microscope(net, "microscope", quick=True)
    folder = Path(made.path) / "portraits" / "layers" / layer
    paths = sorted(folder.glob("*.webp"), key=lambda path: int(path.stem))
    cells = [(f"{layer}:{path.stem}", "", reverie.load_picture(path)) for path in paths]
    sheet(QUICK[place], cells, columns=8, side=160)


#: The two layers of a quick microscope.
QUICK = ("microscope-middle.jpg", "microscope-deep.jpg")

FIGURES: dict[str, Callable[[], None]] = {
    **{name: partial(portrait_sheet, name) for name in portrait_figures.FIGURES},
    "ascent.jpg": ascent,
    "jitter.jpg": jitter,
    "drift.jpg": drift,
    "presets.jpg": presets,
    "strengths.jpg": strengths,
    "octaves.jpg": octaves,
    "smoothing.jpg": smoothing,
    "classes.jpg": classes,
    "tiled.jpg": tiled,
    "zoom.webp": zoom,
    **{name: partial(quick_layer, place) for place, name in enumerate(QUICK)},
}


def main(names: list[str]) -> None:
    """Make the pictures named, or all."""
    WORK.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
    for photo in PHOTOS:
        sample(photo, f"{photo}.png")
    rocket_sky("rocket-sky.png")
    for name in names or [*COMMANDS, *FIGURES]:
        if name in COMMANDS:
            command(name)
        else:
            FIGURES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
