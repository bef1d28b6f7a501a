"""A zoom into a file: the same call goes on with one that was stopped or killed."""

from reverie import preset
from reverie.jobs.moving import Moving, MovingOutput
from reverie.jobs.moving_source import Zoom

recipe = preset("zoom", size=(160, 96), zoom={"duration": 0.6, "fps": 10, "loop": True})
output = MovingOutput(overwrite=True)
with Zoom(recipe, "me.jpg", output.check("moving.gif")) as work:
    result = Moving(work).carry_out("moving.gif", output)
print(f"{result.path}: {result.frames} frames, {result.before} of them earlier, in {result.seconds:.1f} s")
