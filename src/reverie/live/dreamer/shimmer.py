"""A dream for every frame: one small look at the whole picture, whose detail fades away within a second.

What it adds lies in a layer of its own, over the picture that glides. The layer moves along with the picture,
takes up a gradient with every frame and forgets a little of itself, so it can neither drift nor grow patterns
of its own: the picture below knows nothing of it.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import torch

from reverie.ascent.loop import dream
from reverie.ascent.session import Session
from reverie.canvas.detail import DetailCanvas
from reverie.canvas.fast import deviation
from reverie.deepdream.looks import Looks
from reverie.deepdream.state import REACH, REACH_OF_STD, State
from reverie.live.dreamer.glide import Floats, seen
from reverie.ops.warp import Similarity
from reverie.recipe.recipe import Recipe

#: The layer's sides as a share of the picture's.
SHARE: Final = 0.5
#: Seconds in which what was dreamt falls to a third.
LASTS: Final = 0.4
#: Sides of the looks as shares of the picture's, in turn.
LOOKS: Final = (0.25, 0.32, 0.22, 0.29, 0.36, 0.27)
#: How far one look goes, 0 to 1.
STRENGTH: Final = 0.04
#: No look is narrower than this (pixels).
NARROWEST: Final = 64
#: How much of where something is seen is kept from look to look.
WATCHES: Final = 0.9


class Shimmer:
    """The layer; one thread at a time.

    Args:
        recipe: Of the show.
        session: A session of its own.
        size: (width, height) of the picture.
        fps: Frames a second.
        frame: The frame before the first.
    """

    def __init__(
        self, recipe: Recipe, session: Session, size: tuple[int, int], fps: float, frame: int
    ) -> None:
        self._recipe, self._session = recipe, session
        self._rng = torch.Generator().manual_seed(recipe.seed + 1)
        width, height = size
        self.size = max(1, round(width * SHARE)), max(1, round(height * SHARE))
        self._fps = fps
        self._looks = Looks(WATCHES)
        self.frame = frame
        self.layer: Floats = np.zeros((self.size[1], self.size[0], 3), np.float32)

    def advance(
        self,
        below: Floats,
        way: Similarity,
        frame: int,
        objective: str,
        strength: float = 1.0,
        look: float = 1.0,
    ) -> Floats:
        """The layer of a frame.

        Args:
            below: (h, w, 3) in [0, 1], that frame's picture at the layer's size, without the layer.
            way: The warp from the frame of the last layer to this one, at the layer's size.
            frame: Its number, after the last one's.
            objective: What is dreamt of.
            strength: 1 is as usual.
            look: The look's sides as a share of the usual ones.
        """
        fades = math.exp((self.frame - frame) / (LASTS * self._fps))
        layer = np.asarray(seen(self.layer, way) * np.float32(fades), np.float32)
        share = LOOKS[frame % len(LOOKS)] * look / SHARE
        width, height = self.size
        small = (max(NARROWEST, round(width * share)), max(32, round(height * share)))
        picture = cv2.resize(np.clip(below + layer, 0, 1), small, interpolation=cv2.INTER_AREA)
        change = self._dreamt(np.asarray(picture, np.float32), objective, strength)
        layer += cv2.resize(change, self.size, interpolation=cv2.INTER_CUBIC)
        self.layer, self.frame = layer, frame
        return layer

    def clear(self, frame: int) -> None:
        """Begin anew after a frame."""
        self.layer, self.frame = np.zeros_like(self.layer), frame

    def _dreamt(self, picture: Floats, objective: str, strength: float) -> Floats:
        """What one step does to a picture (h, w, 3)."""
        source = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
        reach = min(REACH, REACH_OF_STD * deviation(source))
        short = State(DetailCanvas(source), self._rng, reach, runtime=self._session.runtime)
        short.looks = self._looks
        changes = {
            "objective": (objective,),
            "octaves": 1,
            "steps": (1,),
            "strength": min(1.0, STRENGTH * strength),
            "soften": 0.0,
        }
        for _ in dream(self._recipe.model_copy(update=changes), session=self._session, state=short):
            pass
        change = short.canvas.change()[0].permute(1, 2, 0).contiguous().numpy()
        return np.asarray(change, np.float32)
