"""Where in a photograph a unit fires, as numbers and as a picture."""

import reverie
from reverie.analysis.heat import Looked, Subject, as_looked_at, enlarged
from reverie.media.picture.heat_map import framed, heat_map

session = reverie.Session(reverie.preset("reverie"))
photo = as_looked_at(reverie.load_picture("me.jpg"), session.net)
looked = Looked(session.engine, photo, ["block5c"])

seen = looked.at(Subject("block5c", (75,), "eyes"))
for spot in seen.spots:
    print(spot.cell, spot.value, spot.box)

over = heat_map(photo, enlarged(seen.heat, photo.size))
framed(over, [spot.box for spot in seen.spots]).save("eyes.png", overwrite=True)
