"""The loop is a generator: look at a dream while it grows, and leave when you like it."""

import reverie

photo = reverie.load_picture("me.jpg")
recipe = reverie.preset("reverie", objective="block4c", steps=12)

for frame in reverie.dream(recipe, photo):
    width, height = frame.octave.size
    print(f"{width} x {height}, step {frame.step}: score {frame.score:.3f}, moved {frame.moved:.3f}")
    if frame.moved > 0.06:
        break

frame.picture.save("frame.png", overwrite=True)
