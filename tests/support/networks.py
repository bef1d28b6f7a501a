"""Networks of other people, as small as they come."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PatchTransformer(nn.Module):
    """A small vision transformer that takes pictures of 32 x 48 only.

    With many ``extra`` tokens, which stand for no place, its tokens are no map of patches.
    """

    def __init__(self, width: int = 16, extra: int = 0) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, width, 8, 8)
        self.place = nn.Parameter(torch.randn(1, 24 + extra, width))
        self.extra = extra
        layer = nn.TransformerEncoderLayer(width, 2, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        tokens = nn.functional.pad(tokens, (0, 0, 0, self.extra)) + self.place
        return self.head(self.encoder(tokens).mean(1))
