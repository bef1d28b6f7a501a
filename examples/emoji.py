"""A network learns ten kinds of emoji, and dreams of each: from a font of Debian to a sheet of portraits.

python emoji.py [FONT.ttf emoji-test.txt]

The font and Unicode's list are in Debian's packages fonts-noto-color-emoji and unicode-data.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import reverie
from reverie.jobs.training.job import TrainJob
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.portrait.batch import portraits

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
LIST = "/usr/share/unicode/emoji/emoji-test.txt"
#: Kinds, and what they are in Unicode's list: subgroup, colon, name.
KINDS = {
    "smiley": r"face-(smiling|affection|tongue|hand|neutral.*|sleepy|concerned): .*",
    "heart": r"heart: .*",
    "clock": r"time: (?!hourglass).*",
    "hand": r"hand(s|-single-finger|-fingers-.*): .*",
    "flag": r"country-flag: .*",
    "person": r"person: .*",
    "vehicle": r"transport-ground: .*",
    "animal": r"animal-mammal: .*",
    "fruit": r"food-fruit: .*",
    "plant": r"plant-(flower|other): .*",
}
#: Every so many emoji of a kind are held out, all their colours of skin together.
EACH = 7


def listed(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, name, characters) of each emoji that is of one of the kinds."""
    group = ""
    for line in text.splitlines():
        if line.startswith("# subgroup: "):
            group = line.removeprefix("# subgroup: ")
        elif "; fully-qualified" in line:
            codes, _, words = line.partition(";")
            name = re.sub(r".*? E[0-9.]+ ", "", words)
            kind = next((k for k, p in KINDS.items() if re.fullmatch(p, f"{group}: {name}")), None)
            if kind is not None:
                yield kind, name, "".join(chr(int(code, 16)) for code in codes.split())


def draw(font: ImageFont.FreeTypeFont, characters: str) -> Image.Image:
    """An emoji as the font has it, 136 x 128 pixels, transparent around it."""
    image = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(image).text((0, 0), characters, font=font, embedded_color=True)
    return image


def write(font: ImageFont.FreeTypeFont, text: str) -> None:
    """Two folders of folders: what is learnt from, and what is held out."""
    seen: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for index, (kind, name, characters) in enumerate(listed(text)):
        alike = re.sub(r"[^:,]* skin tone,? ?", "", name)  # one emoji in several colours of skin
        number = seen[kind].setdefault(alike, len(seen[kind]))
        folder = Path("held-out" if number % EACH == EACH // 2 else "emoji", kind)
        folder.mkdir(parents=True, exist_ok=True)
        draw(font, characters).save(folder / f"{index:04d}.png")


def main(font: str = FONT, unicode_list: str = LIST) -> None:
    """Everything."""
    if not (Path(font).exists() and Path(unicode_list).exists()):
        sys.exit("first: apt-get install fonts-noto-color-emoji unicode-data; or give both files")
    layout = ImageFont.Layout.RAQM  # joins several characters to one emoji
    write(ImageFont.truetype(font, 109, layout_engine=layout), Path(unicode_list).read_text("utf-8"))
    made = TrainJob(
        folder="emoji", held_out="held-out", output={"path": "emoji.safetensors", "overwrite": True}
    ).run()
    print(f"{made.accuracy:.1%} of the held-out emoji are called right")
    recipes = [
        reverie.preset("small", network=made.path, objective=[f'class("{kind}")']) for kind in made.kinds
    ]
    pictures = portraits(recipes, reverie.Session(recipes[0]))
    cells = [(kind, "", picture) for kind, picture in zip(made.kinds, pictures, strict=True)]
    contact_sheet(cells, side=160, columns=5).save("emoji.png", overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
