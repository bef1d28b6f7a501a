"""An endless zoom is a generator as well: a short loop into a photograph, as a GIF."""

from PIL import Image

import reverie
from reverie.motion.zoom.zoom import zoom

photo = reverie.load_picture("me.jpg")
settings = {"duration": 1, "fps": 12, "zoom": 1.4, "rotate": 15, "loop": True}
recipe = reverie.preset("zoom", size=(160, 96), steps=[10], zoom=settings)

frames = []
for frame in zoom(recipe, photo):
    print(f"frame {frame.index + 1} of {frame.frames}: score {frame.score:.2f}")
    frames.append(Image.fromarray(frame.rgb))

frames[0].save("zoom.gif", save_all=True, append_images=frames[1:], duration=80, loop=0)
