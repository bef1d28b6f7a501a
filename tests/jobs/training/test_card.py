"""A model card says what is true of the training, whatever its names look like."""

import torch

from reverie.jobs.training.card import Trained, card
from reverie.train.fit import Round
from reverie.train.pictures import Data, Labelled
from reverie.train.settings import make_settings


def made(kinds=("cat", "dog"), failed=()):
    part = Labelled(torch.zeros(4, 4, 16, 16, dtype=torch.uint8), torch.tensor([0, 0, 0, 1]))
    data = Data(kinds, part, part, failed)
    counts = torch.tensor([[2, 1], [1, 0]])
    return Trained(
        make_settings(size=16), data, Round(40, 0.1, 0.5, 0.7), counts, "ab" * 32, "reverie train p"
    )


def test_it_counts_by_kind():
    text = card(made(), "/somewhere/mine.safetensors", ["mine-curve.png"])
    assert text.startswith("# mine\n")
    assert "**50.0%** of 4 pictures" in text
    assert "mean over kinds 33.3%" in text
    assert "| cat | 3 | 3 | 67% |" in text
    assert "| dog | 1 | 1 | 0% |" in text
    assert "somewhere" not in text
    assert "Left out" not in text


def test_names_cannot_break_its_tables():
    text = card(made(kinds=("a|b\x1b[31m", "dog")), "m.safetensors", [])
    assert "a\\|b" in text
    assert "\x1b" not in text


def test_what_was_left_out_is_listed_and_not_endlessly():
    text = card(made(failed=tuple(f"{i}.png: damaged" for i in range(25))), "m.safetensors", [])
    assert "- 19.png: damaged" in text
    assert "20.png" not in text
    assert "- and 5 more" in text
