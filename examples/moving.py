"""A zoom into a file: the same job goes on with one that was stopped or killed."""

from reverie import preset
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.moving.zoom import ZoomJob


class Watcher(Listener):
    """Tells of each frame."""

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step):
            print(event.text)


recipe = preset("zoom", size=(160, 96), zoom={"duration": 0.6, "fps": 10, "loop": True})
job = ZoomJob(recipe=recipe, photo="me.jpg", output={"path": "moving.gif", "overwrite": True})
result = job.run(Watcher())
print(f"{result.path}: {result.frames} frames, {result.before} of them earlier, in {result.seconds:.1f} s")
