"""What to increase: an immutable value with algebra and a text form.

    layer("block5c") + 0.5 * channel("block4b", 17) - 0.2 * tv()
    block5c + 0.5*block4b:17 - 0.2*tv

Both lines are the same value; ``str()`` prints the second and ``parse()`` reads it back. Nothing here knows
pictures, networks or torch: ``scoring.bind`` turns an objective into something that can be computed.

Every name in the ``__all__`` of these files is a name of this package. Errors list functions in the order in
which the files of ``terms/`` are imported here.
"""

# ruff: noqa: F403
from __future__ import annotations

from reverie.objective.objective import *
from reverie.objective.parser import *
from reverie.objective.quantity import *
from reverie.objective.terms.activations import *
from reverie.objective.terms.classes import *
from reverie.objective.terms.code import *
from reverie.objective.terms.likeness import *
from reverie.objective.terms.pairwise import *
from reverie.objective.terms.regularizers import *
from reverie.objective.text import *
