"""Objectives are values: they add, subtract and scale, and have a text form."""

import reverie
from reverie import objective as ob

wanted = ob.layer("block5c") + 0.5 * ob.channel("block4b", 17) - 0.2 * ob.tv()
assert str(wanted) == "block5c + 0.5*block4b:17 - 0.2*tv"
assert ob.parse("block5c + 0.5*block4b:17 - 0.2*tv") == wanted

photo = reverie.load_picture("me.jpg")
recipe = reverie.preset("reverie", objective=wanted, steps=10)
reverie.render(recipe, photo).save("objective.png", overwrite=True)
