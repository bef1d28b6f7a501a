"""The pictures of a training: the curve goes where the rounds were, cells are as dark as their counts."""

import numpy as np
import torch

from reverie.jobs.training.drawings import CELL, NAMES, STRONG, confusion_table, learning_curve
from reverie.train.fit import Round


def test_the_curve_is_higher_where_accuracy_was():
    history = [Round(step, 2.0 / step, accuracy, 1.0) for step, accuracy in ((10, 0.2), (20, 0.5), (30, 0.9))]
    pixels = np.rint(learning_curve(history, history[-1]).pixels * 255)
    strong = (np.abs(pixels - STRONG).sum(-1) < 30) & (np.arange(540) > 45)[:, None]
    rows, columns = np.nonzero(strong)
    heights = [rows[np.abs(columns - x).argmin()] for x in (360, 640, 915)]
    assert heights[0] > heights[1] > heights[2]
    assert pixels.shape == (540, 960, 3)


def test_a_run_of_one_round_can_be_drawn():
    one = Round(1, 0.0, 0.0, 0.0)
    assert learning_curve([one], one).size == (960, 540)


def test_cells_are_as_dark_as_they_are_full():
    counts = torch.tensor([[8, 2, 0], [0, 10, 0], [5, 0, 5]])
    pixels = confusion_table(
        ["a", "b", "a very long name of a kind, longer than there is room"], counts
    ).pixels

    def ink(i, j):
        return pixels[NAMES + CELL * i + 2, NAMES + CELL * j + 2].sum()

    assert ink(1, 1) < ink(0, 0) < ink(2, 2) < ink(0, 2)
    assert ink(2, 0) < ink(0, 1) < ink(0, 2)
