"""A dream that is steered: the recipe is asked for at every step, here going from eyes to fur."""

import reverie
from reverie import objective as ob
from reverie.deepdream.state import State


def steer(state: State | None) -> reverie.Recipe:
    """The recipe for the next step; ``state`` is None when the dream is planned."""
    octave = 0 if state is None else state.octave
    mix = 1 / (1 + octave)
    wanted = mix * ob.layer("block5a") + (1 - mix) * ob.layer("block6c")
    return base.but(objective=[str(wanted)])


base = reverie.preset("reverie", start="clouds", size=(160, 96), steps=[10])
*_, last = reverie.dream(steer)
last.picture.save("steered.png", overwrite=True)
