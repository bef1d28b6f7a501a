"""How the view of the live show moves: without end, and without a jump whatever is asked for."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

from reverie.live.dreamer.protocol import MoveCamera
from reverie.ops.warp import Similarity
from reverie.recipe.curve import Curve

#: Speeds follow what is asked for through two filters of so many seconds each.
SOFT: Final = 0.4
#: Steps of so many frames are kept: no picture is looked at from further back.
KEPT: Final = 2000
_NAMES: Final = ("zoom", "turn", "pan_x", "pan_y")
#: Where a show that says nothing begins: it grows, sways and wanders a little.
USUAL: Final = MoveCamera(
    zoom=Curve.constant(1.05),
    turn=Curve.parse("0s:0.6 smooth, 40s:-0.6 smooth, 80s:0.6"),
    pan_x=Curve.parse("0s:0.004 smooth, 30s:-0.004 smooth, 60s:0.004"),
    pan_y=Curve.constant(0),
    repeat=240.0,
)


class LiveCamera:
    """The view over pictures of a size, frame by frame.

    A step that was once asked for stays as it was, so a picture can be dreamt as it will be seen later.

    Args:
        size: (width, height) in pixels.
        fps: Frames a second.
        first: The number of the frame at which it begins.
    """

    def __init__(self, size: tuple[int, int], fps: float, first: int = 0) -> None:
        self.width, self.height = size
        self.fps = fps
        self.rests = False  # comes to rest softly, and stays there
        self._order = USUAL
        self._since = self._last = first
        self._steps: deque[Similarity] = deque(maxlen=KEPT)  # the last leads to frame ``_last``
        wanted = self._wanted(first)
        self._speeds = [list(wanted), list(wanted)]  # of both filters: log zoom, turn, pan

    @property
    def last(self) -> int:
        """The last frame whose step is decided."""
        return self._last

    def ask(self, order: MoveCamera) -> None:
        """Move so from the first frame on that is not decided yet."""
        given = {name: value for name, value in order if value is not None}
        self._order = self._order.model_copy(update=given)
        self._since = self._last

    def between(self, first: int, last: int) -> Similarity:
        """The warp that makes frame ``last`` of frame ``first``, which is not after it; see ``ops.warp``."""
        while self._last < last:
            self._advance()
        warp = Similarity()
        start = len(self._steps) - (self._last - first)
        for place in range(max(0, start), len(self._steps) - (self._last - last)):
            warp = warp.then(self._steps[place])
        return warp

    def _advance(self) -> None:
        self._last += 1
        share = 1 - math.exp(-1 / (SOFT * self.fps))
        near, far = self._speeds
        for axis, wanted in enumerate(self._wanted(self._last)):
            near[axis] += share * (wanted - near[axis])
            far[axis] += share * (near[axis] - far[axis])
        grows, turns, right, down = (speed / self.fps for speed in far)
        self._steps.append(
            Similarity.of(zoom=math.exp(grows), turn=turns, right=right * self.width, down=down * self.height)
        )

    def _wanted(self, frame: int) -> tuple[float, float, float, float]:
        """Speeds a second: the logarithm of the zoom, degrees, shares of the sides."""
        order = self._order
        if self.rests:
            return 0.0, 0.0, 0.0, 0.0
        seconds = (frame - self._since - 0.5) / self.fps
        if order.repeat:
            seconds %= order.repeat
        zoom, turn, right, down = (getattr(order, name).value(seconds * self.fps, seconds) for name in _NAMES)
        return math.log(zoom), turn, right, down

    def state_dict(self) -> dict[str, Any]:
        """What has to be kept to go on later, as plain values; the steps so far are not."""
        return {
            "order": self._order.model_dump(mode="json"),
            "rests": self.rests,
            "since": self._since,
            "last": self._last,
            "speeds": [list(speeds) for speeds in self._speeds],
        }

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` gave: the next step is the one that would have followed."""
        self._order = MoveCamera.model_validate(kept["order"])
        self.rests = bool(kept["rests"])
        self._since, self._last = int(kept["since"]), int(kept["last"])
        self._speeds = [[float(x) for x in speeds] for speeds in kept["speeds"]]
        self._steps.clear()
