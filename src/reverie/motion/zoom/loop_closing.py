"""How a loop closes: the last frames melt into the first one, seen from nearer and nearer.

Seen from afar it is continued by its own reflections, over which the dream goes on until the view has left
them behind: there is no edge anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.canvas.fast import fast_warp
from reverie.motion.zoom.camera import Camera

#: The way home takes so many seconds ...
SECONDS = 2.5
#: ... but no more than this share of the loop.
SHARE = 0.45
#: How soft the edge of the first frame is when it appears, as a share of half its side.
FEATHER = 0.9
#: By so much earlier does what lies in its middle come than what lies in the corners of the view.
EARLIER = 1.2
#: By this share of the way it is opaque in its middle ...
OPAQUE = 0.6
#: ... and by this all of it, to its edge.
WHOLE = 0.95


@dataclass(frozen=True)
class LoopClosing:
    """The last part of a loop, in which its first frame comes back."""

    camera: Camera

    @property
    def length(self) -> int:
        """How many frames it takes."""
        settings = self.camera.settings
        return int(min(SECONDS * settings.fps, SHARE * settings.frames))

    def way(self, frame: int) -> float:
        """How much of it is over at a frame, 0 before it begins and 1 when the first frame is back."""
        return max(0.0, 1 - (self.camera.settings.frames - frame) / max(1, self.length))

    def shown(self, frame: int) -> Tensor:
        """How much of the first frame is to be seen at each place, (1, 1, H, W) in [0, 1]."""
        camera, way = self.camera, self.way(frame)
        height, width = camera.height, camera.width
        if way <= 0:
            return torch.zeros(1, 1, height, width)
        # Distance from the edge of the first frame, in its half sides: 1 in its middle, below 0 outside.
        inside = 1 - self._places(frame).abs().amax(-1)
        feather = max(1e-3, FEATHER * max(0.0, 1 - way / WHOLE) ** 1.5)
        return (_smooth(inside / feather) * _smooth(torch.tensor(way / OPAQUE)))[None, None]

    def melted(self, frame: int) -> Tensor:
        """How far each place has become the first frame or a reflection of it, (1, 1, H, W) in [0, 1]."""
        far = self._places(frame).norm(dim=-1)
        begun = (1 + EARLIER) * self.way(frame) / OPAQUE
        return _smooth(begun - EARLIER * far / far.max())[None, None]

    def _places(self, frame: int) -> Tensor:
        """Where in the first frame each place of a frame is, (H, W, 2), from -1 to 1 within it."""
        middle = torch.tensor([(self.camera.width - 1) / 2, (self.camera.height - 1) / 2])
        return (self.field(frame) - middle) / (middle + 0.5)

    def field(self, frame: int) -> Tensor:
        """Where in the first frame each place of a frame is, (H, W, 2)."""
        camera = self.camera
        back = camera.between(frame, camera.settings.frames).inverse()
        return back.field(camera.height, camera.width)

    def first_seen(self, first: Tensor, frame: int) -> Tensor:
        """The first frame as a frame shows it, (1, C, H, W)."""
        return fast_warp(first, self.field(frame), clamp=True)

    def entering(self, frame: int) -> Tensor:
        """What share of each place goes over to the first frame at a frame, given what was there before."""
        camera = self.camera
        before = fast_warp(self.melted(frame - 1), camera.step(frame), sharp=False)
        now = self.melted(frame)
        share = (now - before) / (1 - before).clamp_min(1e-3)
        return torch.where(now > 1 - 1e-3, torch.ones_like(now), share.clamp(0, 1))


def _smooth(share: Tensor) -> Tensor:
    """From 0 to 1 with a soft beginning and end."""
    share = share.clamp(0, 1)
    return share * share * (3 - 2 * share)
