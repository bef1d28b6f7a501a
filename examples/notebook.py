"""In a notebook the picture shows itself while the dream grows; elsewhere `watch` passes the frames on."""

import reverie

recipe = reverie.preset("reverie", start="noise", size=(128, 128), steps=[10])
for frame in reverie.watch(reverie.dream(recipe), every=5):
    last = frame.picture

last.save("noise.png", overwrite=True)
