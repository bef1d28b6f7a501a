"""Small portraits of what is wished for most, for ``reverie live``: ``python tools/live_portraits.py``.

Each is a file of two or three kilobytes in ``live/pages/portraits/``, named as ``live.thumbs`` looks for it.
Those that are there already are not made again. A portrait takes some seconds of one core.
"""

from __future__ import annotations

from pathlib import Path

from reverie import objective as ob
from reverie import preset, render
from reverie.live.show import PLAYLIST
from reverie.live.thumbs import SHIPPED, name_of
from reverie.live.topics import Topic, Topics
from reverie.recipe.presets.portrait import OF_CLASS
from reverie.recipe.recipe import Recipe
from reverie.web.previews import webp

#: Side of a portrait in pixels, steps of its two sizes, and how well it is kept, 1 to 100.
SIDE, STEPS, QUALITY = 128, (48, 24), 62
#: What people wish for, beside what is played by itself.
WISHED = """
dog cat bird fish snake butterfly spider monkey bear fox wolf horse frog owl lizard turtle whale
shark penguin giant panda elephant zebra koala hedgehog rabbit hamster pig squirrel tiger lion
cheetah leopard gorilla chimpanzee orangutan octopus lobster crab starfish snail scorpion ant
grasshopper parrot eagle swan duck flamingo pelican ostrich toucan crocodile Komodo dragon chameleon
tree frog husky pug poodle corgi Chihuahua Persian cat Siamese cat tabby flower mushroom corn pizza
ice cream banana orange strawberry cup espresso building church mosque castle lighthouse pirate ship
submarine airship balloon steam locomotive sports car school bus bicycle piano violin guitar clock
throne mask fountain bridge mountain seashore geyser bubble jellyfish brain coral space shuttle
spider web honeycomb
"""


def wanted() -> list[Topic]:
    """All topics that get a portrait, each once."""
    topics = Topics.of("lite0")
    listed = [topic for hours in PLAYLIST for topic in hours.topics]
    words, found = WISHED.split(), dict[str, Topic]()
    while words:  # names of up to three words
        for count in (3, 2, 1):
            if (topic := topics.find(" ".join(words[:count]))) is not None:
                listed.append(topic.label)
                break
        del words[:count]
    for label in listed:
        topic = topics.find(label)
        assert topic is not None, label
        found[topic.objective] = topic
    return list(found.values())


def recipe_of(topic: Topic) -> Recipe:
    """A small, quick portrait of a topic."""
    if topic.kind == "layer":
        text = str(ob.layer(topic.objective.removeprefix("standard(").removesuffix(")")))
    else:
        text = OF_CLASS["sketch"].format(f'"{topic.members[0] if topic.kind == "class" else topic.label}"')
    return preset("sketch", objective=(text,), size=(SIDE, SIDE), steps=STEPS)


def main() -> None:
    folder = Path(SHIPPED)
    folder.mkdir(exist_ok=True)
    for topic in wanted():
        path = folder / f"{name_of(topic)}.webp"
        if not path.exists():
            data, _ = webp(render(recipe_of(topic)), 96, quality=QUALITY)
            path.write_bytes(data)
            print(topic.label, len(data), flush=True)


if __name__ == "__main__":
    main()
