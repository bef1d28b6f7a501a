"""From file to file, with the recipe inside; then the same picture again from the file alone."""

from pathlib import Path

import reverie
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.output import Output
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.rerun import RerunJob

recipe = reverie.preset("reverie", objective="block4b", steps=8)
result = DreamJob(recipe=recipe, photo="me.jpg", output=Output(path="me-dream.png", overwrite=True)).run()
print(f"{result.path}: moved {result.moved:.3f} in {result.seconds:.1f} s")

print(of_picture("me-dream.png").recipe.objective)
RerunJob(result="me-dream.png", output=Output(path="again.png", overwrite=True)).run()
assert Path("again.png").read_bytes() == Path("me-dream.png").read_bytes()
