"""A dream that is kept in a file and gone on with later, to the same bytes as without a break."""

import torch

import reverie
from reverie.deepdream.state import State

photo = reverie.load_picture("me.jpg")
recipe = reverie.preset("reverie", steps=6)

for frame in reverie.dream(recipe, photo):
    if frame.step == 2 and isinstance(frame.state, State):
        torch.save(frame.state.state_dict(), "kept.pt")
        break

state = State.from_dict(torch.load("kept.pt", weights_only=True), recipe, photo)
*_, last = reverie.dream(recipe, state=state)
last.picture.save("kept.png", overwrite=True)

*_, unbroken = reverie.dream(recipe, photo)
assert (last.picture.pixels == unbroken.picture.pixels).all()
