"""From file to file, with the recipe inside; then the same picture again from the file alone."""

from pathlib import Path

import reverie
from reverie.jobs.old_run import Output, Run
from reverie.jobs.provenance import of_picture
from reverie.jobs.rerun import rerun

run = Run(reverie.preset("reverie", objective=["block4b"], steps=[8]))
result = run.carry_out("me.jpg", "me-dream.png", Output(overwrite=True))
print(f"{result.path}: moved {result.moved:.3f} in {result.seconds:.1f} s")

print(of_picture("me-dream.png").recipe.objective)
rerun("me-dream.png", "again.png", overwrite=True)
assert Path("again.png").read_bytes() == Path("me-dream.png").read_bytes()
