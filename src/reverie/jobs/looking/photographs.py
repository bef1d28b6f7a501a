"""What jobs that look at photographs share: which they are, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from reverie.jobs.job import Listener, Step, Stopped
from reverie.jobs.workspace import Reference, Workspace
from reverie.process.notices import collect_warnings, warn


def paths_of(photos: Sequence[Reference], workspace: Workspace) -> list[str]:
    """Every photograph of these files and folders, which are not searched deeper.

    Raises:
        BadInput: There is no such folder, or no picture in it.
    """
    from reverie.analysis.stimuli import photographs

    return [path for photo in photos for path in photographs(workspace.resolver.path(photo))]


def counted(listener: Listener, part: float | None = None) -> Callable[[int, int], None]:
    """What tells a listener how many of how many photographs were looked at, and stops where it asks to.

    Args:
        listener: Who is told.
        part: Share of the whole job that all photographs are; None where nobody knows.

    Returns:
        ``progress`` for ``strongest``. It raises Stopped.
    """

    def progress(done: int, total: int) -> None:
        share = None if part is None else part * done / total
        listener.on_event(Step("photographs", f"{done} of {total}", share=share, ends=True))
        if done < total and listener.should_stop():
            raise Stopped(f"photograph {done} of {total}")

    return progress


@contextmanager
def failures_told_later() -> Iterator[None]:
    """Photographs that cannot be read are named by the result, and not warned of too."""
    with collect_warnings(lambda text: None if text.endswith("; left out") else warn(text)):
        yield
