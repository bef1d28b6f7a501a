"""An objective that is a function of yours: whatever torch can differentiate."""

from typing import Any

import reverie
from reverie import objective as ob


@ob.function(layers=["block4b", "block5c"])
def quarrel(acts: Any) -> Any:
    """Strong in one layer where it is weak in the other; ``acts[layer]`` is (1, C, h, w)."""
    here, there = acts["block4b"].square().mean(1), acts["block5c"].square().mean(1)
    return here.mean() / (1 + there.mean())


@ob.wrap_objective  # as in lucent, but what is returned is climbed
def channel(layer: str, index: int) -> Any:
    """The mean of one channel; the layers that it reads are found out by calling it once."""
    return lambda model: model(layer)[:, index].mean()


photo = reverie.load_picture("me.jpg")
recipe = reverie.preset("classic", objective=quarrel + 0.5 * channel("block5a", 40), steps=10)
reverie.render(recipe, photo).save("function.png", overwrite=True)
