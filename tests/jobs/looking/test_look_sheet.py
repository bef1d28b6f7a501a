"""What the sheet says in words: of which place each per cent is, and that a frame shows what is cut out."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reverie.analysis.heat import Seen, Spot, Subject
from reverie.jobs.looking.look_sheet import explained, in_words, percent, rarity, read_aloud, sheet_cells
from reverie.media.picture import Picture

NET: Any = SimpleNamespace(name="lite0", class_map="logit_map")


def seen(layer: str, channels: tuple[int, ...], name: str, value: float, *, fires: bool = True) -> Seen:
    """Something that is seen in the upper left cell of four by four."""
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0] = fires
    spots = (Spot((0, 0), value, (0, 0, 128, 128)),)
    return Seen(Subject(layer, channels, name), heat, heat * value, heat, spots, (128, 128))


def test_a_class_says_where_and_of_the_whole() -> None:
    cat = seen("logit_map", (3,), "tabby", 0.94)
    said = in_words(NET, cat, {3: 0.36, 4: 0.2})
    assert said == "94 % where it is surest; 36 % in the whole"
    several = seen("logit_map", (3, 4), "cat", 0.99)
    assert in_words(NET, several, {3: 0.36, 4: 0.2}).endswith("; 56 % in the whole")
    assert in_words(NET, cat) == "94 % where it is surest"
    nowhere = seen("logit_map", (3,), "tabby", 0.002, fires=False)
    said = in_words(NET, nowhere, {3: 0.001})
    assert said == "nowhere: under 1 % at most; under 1 % in the whole"


@pytest.mark.parametrize(("share", "said"), [(0.0, "under 1 %"), (0.0099, "under 1 %"), (0.5, "50 %")])
def test_per_cent(share: float, said: str) -> None:
    assert percent(share) == said


def test_it_can_be_read_aloud() -> None:
    found = [seen("logit_map", (3,), "tabby", 0.94), seen("block5c", (7,), "block5c:7", 6.4)]
    lines = list(read_aloud(NET, found, [(3, "tabby", 0.36)], {3: 0.36}, numbered=1))
    assert lines[0] == "The whole photograph (its middle square) is to lite0: tabby 36 %."
    assert lines[1] == "tabby: 94 % where it is surest; 36 % in the whole."
    assert "block5c:7" in lines[2]
    assert "very rare (6.4 standard deviations)" in lines[2]
    assert "do not add up" in lines[3]
    assert lines[3:] == explained(NET, found)


def test_of_several_frames_each_is_said_and_bears_its_number() -> None:
    cat = seen("logit_map", (3,), "tabby", 0.94)
    more = replace(cat, spots=(*cat.spots, Spot((3, 3), 0.5, (64, 64, 128, 128))))
    assert in_words(NET, more, {3: 0.36}) == "94 % where it is surest (1), 50 % at 2; 36 % in the whole"
    photo = Picture(np.zeros((128, 128, 3), np.float32))
    ((_, said, picture),), _ = sheet_cells(NET, "me.png", photo, [more], whole={3: 0.36})
    assert said == in_words(NET, more, {3: 0.36})
    assert picture.pixels[740:800, 740:800].min(2).max() > 0.95  # its disc, in the middle of the last cell
    unit = replace(more, subject=Subject("block5c", (7,), "block5c:7"))
    assert in_words(NET, unit) == "usual (0.9 standard deviations at 1, 0.5 at 2)"


@pytest.mark.parametrize(
    ("deviations", "said"), [(1.9, "usual"), (2, "unusual"), (4, "rare"), (6, "very rare")]
)
def test_plain_words_for_deviations(deviations: float, said: str) -> None:
    assert rarity(deviations) == said


def test_of_a_class_the_frame_is_what_is_cut_out() -> None:
    """The frame of its cell would be the whole photograph; what is warm is a quarter of it."""
    photo = Picture(np.zeros((128, 128, 3), np.float32))
    cells, _ = sheet_cells(NET, "me.png", photo, [seen("logit_map", (3,), "tabby", 0.9)] * 2)
    over = cells[-1][2].pixels[:264, :264]
    white = np.argwhere(over.min(2) > 0.95)
    assert len(white)
    assert white.max() < 132
