"""How the view of a zoom moves: from the curves of its settings to a warp for each frame."""

from __future__ import annotations

from dataclasses import dataclass

from reverie.ops.warp import Similarity
from reverie.recipe.zoom import Zoom


@dataclass(frozen=True)
class Camera:
    """The view of a zoom over pictures of a size (pixels)."""

    settings: Zoom
    width: int
    height: int

    def step(self, frame: int) -> Similarity:
        """The warp that makes a frame of the one before it; frame 0 comes from the last, in a loop.

        Curves are read in the middle of the time between the two.
        """
        settings = self.settings
        fps = settings.fps
        time = frame - 0.5
        share = 1 / fps if settings.per == "second" else 1.0
        return Similarity.of(
            zoom=settings.zoom.at(time, fps) ** share,
            turn=settings.rotate.at(time, fps) * share,
            right=settings.pan_x.at(time, fps) * share * self.width,
            down=settings.pan_y.at(time, fps) * share * self.height,
        )

    def between(self, first: int, last: int) -> Similarity:
        """The warp that makes frame ``last`` of frame ``first``, were nothing dreamt between."""
        warp = Similarity()
        for frame in range(first + 1, last + 1):
            warp = warp.then(self.step(frame))
        return warp
