"""Pixels as they are: the naive canvas, and that of every portrait before Fourier's."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.canvas.base import Canvas, CanvasSetup, itemwise
from reverie.canvas.colour_space import clipped
from reverie.errors import UsageError


class PixelCanvas(Canvas):
    """N pictures of independent pixels (Erhan et al. 2009, Simonyan et al. 2013, Yosinski et al. 2015).

    With ``squash="clip"`` the only leaf, (N, C, H, W), is the picture itself, about a mean grey of 0.5; with
    "sigmoid" it is what the logistic sigmoid makes one of.
    """

    def __init__(
        self,
        setup: CanvasSetup,
        *,
        squash: str = "clip",
        spread: float = 0.01,
        grey: float | Sequence[float] = 0.5,
    ) -> None:
        """A grey field with normal noise.

        Args:
            setup: What every canvas is made with.
            squash: "clip" or "sigmoid".
            spread: Deviation of the noise in units of the picture, [0, 1]; 0 is exactly grey.
            grey: What the noise is about, in [0, 1]: for all channels, or for each.

        Raises:
            UsageError: An unknown squash, or a number of greys that is not that of the channels.
        """
        super().__init__(setup)
        self._tone = self._toned(colour="rgb", squash=squash)
        self._clips = squash == "clip"
        greys = torch.tensor([grey] * self.channels if isinstance(grey, float | int) else list(grey))
        if greys.numel() != self.channels:
            raise UsageError(f"grey: {greys.numel()} values for {self.channels} channels")

        def draw(rng: torch.Generator) -> list[Tensor]:
            noise = torch.randn(self.channels, self.size[1], self.size[0], generator=rng)
            picture = (greys.view(-1, 1, 1) + spread * noise).clamp(0, 1)
            return self._fitted(picture.to(self.device, self.dtype), 0)

        self._start(setup.rngs, draw)

    def picture(self) -> Tensor:
        """The pictures, (N, C, H, W) in [0, 1], differentiable in the parameters."""
        return clipped(self._leaves[0]) if self._clips else torch.sigmoid(self._leaves[0])

    def _one(self, parts: Sequence[Tensor]) -> Tensor:
        return clipped(parts[0]) if self._clips else self._tone.picture(parts[0])

    def _fitted(self, picture: Tensor, index: int) -> list[Tensor]:
        return [picture if self._clips else self._tone.values(picture)]

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: the values are resampled."""
        self._sized(size)
        self._put([itemwise(self._leaves[0].detach(), self.size)])
        self.settle()

    @torch.no_grad()
    def add(self, change: Tensor) -> None:
        """Move the pictures by (N, C, H, W), in place."""
        if self._clips:
            self._leaves[0].add_(change)
        else:
            moved = self.picture() + change
            self._leaves[0].copy_(torch.stack([self._tone.values(item) for item in moved]))

    @torch.no_grad()
    def settle(self) -> None:
        """Cut values off at black and white, if they are the picture itself."""
        if self._clips:
            self._leaves[0].clamp_(0, 1)
