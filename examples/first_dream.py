"""A photograph dreams."""

import reverie

photo = reverie.load_picture("me.jpg")
recipe = reverie.preset("reverie", strength=0.4, seed=7)
dream = reverie.render(recipe, photo)
dream.save("dream.png", overwrite=True)
