"""Different parts of a picture dream different things: sky.png is white where the sky is."""

import reverie
from reverie import objective as ob

sky = ob.logit("monarch butterfly").within("sky.png")
ground = ob.layer("block5c").within("sky.png", inverse=True)

recipe = reverie.preset("reverie", objective=sky + ground, steps=10)
picture = reverie.render(recipe, reverie.load_picture("me.jpg"))
picture.save("regions.png", overwrite=True)
