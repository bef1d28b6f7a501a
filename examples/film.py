"""A film that dreams: a camera goes over a photograph, and the dream lies on what it shows."""

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from reverie import preset
from reverie.media.video.read.reader import open_video
from reverie.motion.film.film import film

photo = Image.open("me.jpg").convert("RGB")

with TemporaryDirectory() as folder:
    for i in range(12):  # a sequence of pictures is a film
        view = photo.resize((192, 120), box=(i, i / 2, photo.width - 12 + i, photo.height - 6 + i / 2))
        view.save(Path(folder) / f"{i:04d}.png")
    recipe = preset("film", steps=[10], film={"steps": 4, "strength": "0:0.3, 8:0.6"})
    with open_video(f"{folder}/%04d.png") as movie:
        frames = [Image.fromarray(frame.rgb) for frame in film(recipe, movie)]

frames[0].save("film.gif", save_all=True, append_images=frames[1:], duration=80, loop=0)
print(f"{len(frames)} frames in film.gif")
