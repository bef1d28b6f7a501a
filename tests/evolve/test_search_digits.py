"""Ten classes in seconds: a LeNet that reads digits is fooled by patterns (Nguyen, Yosinski & Clune 2015)."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from reverie.evolve import evolve, make_encoding

SIDE = 28


@pytest.fixture(scope="module")
def lenet() -> nn.Module:
    """LeCun's, trained for a few seconds on scikit-learn's digits; right on nearly all that it never saw."""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    pictures = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
    pictures = F.interpolate(pictures, (SIDE, SIDE), mode="bilinear")
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    train, test = order[:1400], order[1400:]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
        )
    adam = torch.optim.Adam(net.parameters(), 2e-3)
    shuffle = torch.Generator().manual_seed(0)
    for _ in range(8):
        for batch in train[torch.randperm(len(train), generator=shuffle)].split(64):
            adam.zero_grad()
            F.cross_entropy(net(pictures[batch]), labels[batch]).backward()
            adam.step()
    net.eval().requires_grad_(False)
    assert (net(pictures[test]).argmax(1) == labels[test]).float().mean() > 0.95
    return net


@pytest.mark.slow
def test_all_ten_digits_are_certain_within_two_hundred_generations(lenet: nn.Module) -> None:
    def score(pictures: Tensor) -> Tensor:
        confidences: Tensor = lenet(pictures).double().softmax(1)
        return confidences

    encoding = make_encoding("cppn", channels=1)
    for generation in evolve(
        score, encoding, size=SIDE, population=200, children=200, generations=200, batch=200, seed=1
    ):
        archive = generation.state.archive
        if archive.confidence.min() >= 0.999:
            break
    assert generation.index <= 200
    for digit, genome in enumerate(archive.genomes):
        picture = encoding.render([genome], SIDE, eight_bit=True)[0, :, :, 0]
        file = BytesIO()
        Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(file, "PNG")
        read = torch.from_numpy(np.asarray(Image.open(file)).astype(np.float32) / 255)
        assert float(score(read[None, None])[0, digit]) >= 0.999
