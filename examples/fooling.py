"""Evolution for any classifier: a function from pictures to probabilities is all it takes."""

import torch

from reverie.evolve import evolve, make_encoding
from reverie.media.picture import Picture


def score(pictures: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in [0, 1] -> (N, 2): do lines run across the picture, or down?"""
    across = pictures.diff(dim=2).abs().mean((1, 2, 3))
    down = pictures.diff(dim=3).abs().mean((1, 2, 3))
    return (40 * torch.stack([across, down], 1)).softmax(1)


encoding = make_encoding("cppn")
for generation in evolve(score, encoding, size=32, population=40, children=40, generations=30, seed=1):
    archive = generation.state.archive
assert generation.median > 0.99

lines = encoding.render([archive.genomes[0]], 256)[0]  # evolved at 32 pixels, drawn at 256
Picture(lines.copy()).save("lines.png")
