"""A job, watched by a listener and steered on the way; then the same job from its document."""

import json
from pathlib import Path

from reverie import Recipe, preset
from reverie.jobs.document import read_job
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.job import Event, Listener, Step


class Screen(Listener):
    """Prints each step, and asks for eyes once half of the work is done."""

    share = 0.0

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step):
            self.share = event.share or 0.0
            print(f"{event.label}: {event.text}")  # event.picture is what it looks like now

    def should_stop(self) -> bool:
        return False

    def steer(self, recipe: Recipe) -> Recipe | None:
        return recipe.but(objective=["block5a"]) if self.share > 0.5 else None


recipe = preset("reverie", steps=[6], octaves=2)
job = DreamJob(recipe=recipe, photo="me.jpg", output={"path": "plain.png", "overwrite": True})
print(job.estimate().text)
job.run(Screen())

text = json.dumps(job.document())  # for a queue, a web page, another machine
read_job(json.loads(text), trusted=True).run()
assert Path("plain.png").exists()
