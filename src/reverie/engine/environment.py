"""What a process that computes is told before torch loads."""

from __future__ import annotations

from typing import Final

#: Read by torch and its OpenMP runtime when they load. Threads that wait give the core away soon instead of
#: spinning (beside one other busy program that is worth a factor of ten), but not before the next operator
#: needs them (a fifth of a step of torch's); and large buffers take huge pages.
ENVIRONMENT: Final = {"GOMP_SPINCOUNT": "10000", "THP_MEM_ALLOC_ENABLE": "1"}
