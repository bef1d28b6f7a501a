"""Where in a photograph a unit fires, as numbers and as a picture."""

import reverie
from reverie.analysis.heat import Looked, Subject, enlarged
from reverie.media.picture.heat_map import framed, heat_map

photo = reverie.load_picture("me.jpg").resized((384, 256))
session = reverie.Session(reverie.preset("reverie"))
looked = Looked(session.engine, photo, ["block5c"])

seen = looked.at(Subject("block5c", (75,), "eyes"))
for spot in seen.spots:
    print(spot.cell, spot.value, spot.box)

over = heat_map(photo, enlarged(seen.heat, photo.size))
framed(over, [spot.box for spot in seen.spots]).save("eyes.png", overwrite=True)
