"""What a computation is carried out with: so many threads, and one of the ways to do the rest of a step.

Both decide the last bits of a result, so both are values of whoever computes, a session say, and not of the
process. They hold in one thread, from where that enters them to where it leaves them: two sessions may work
in two threads at once, or in turn in one, and each makes what it makes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch

from reverie.native import step
from reverie.native.check import check_threads
from reverie.native.threads import set_here
from reverie.process.forks import alone

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class Runtime:
    """Threads of the processor that torch and the kernels compute with, and what does the rest of a step.

    Attributes:
        threads: 1 to 1024.
        backend: One of ``native.step.backends``.
    """

    threads: int
    backend: str

    def __post_init__(self) -> None:
        """UsageError unless the number is one of threads."""
        check_threads(self.threads)

    @staticmethod
    def of(threads: int = 0, backend: str | None = None) -> Runtime:
        """What settings ask for.

        Args:
            threads: 0 for as many as torch has here and now; a forked child may have 1 in any case.
            backend: None for the fastest.

        Raises:
            Unavailable: This machine has no such backend.
        """
        if backend is not None:
            step.check_backend(backend)
        count = 1 if alone() else threads or torch.get_num_threads()
        return Runtime(count, backend or step.backends()[-1])

    @staticmethod
    def here() -> Runtime:
        """What the calling thread computes with now."""
        return Runtime(torch.get_num_threads(), step.backend())

    def use(self) -> AbstractContextManager[None]:
        """Compute with these in here, in this thread; as before afterwards, whatever happens.

        It may be entered again inside of itself or of another. A generator has to leave it before it yields:
        what its caller does then is not ours.

        Raises:
            Unavailable: When it is entered: this machine has no such backend.
        """
        return _Use(self)

    def over(self, items: Iterator[T]) -> Iterator[T]:
        """The items of an iterator, each made with these; closing this closes it too."""
        try:
            while True:
                with self.use():
                    item = next(items, _END)
                if isinstance(item, _End):
                    return
                yield item
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()


class _Use(AbstractContextManager[None]):
    """A stay inside of a runtime: no generator, for there are several to a step."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def __enter__(self) -> None:
        step.check_backend(self._runtime.backend)
        self._backend = step.CHOSEN.set(self._runtime.backend)
        self._threads = set_here(self._runtime.threads)

    def __exit__(self, *_: object) -> None:
        set_here(*self._threads)
        step.CHOSEN.reset(self._backend)


class _End:
    pass


_END = _End()


class _Computes(Protocol):
    @property
    def runtime(self) -> Runtime: ...


S = TypeVar("S", bound=_Computes)


def computes(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A method that computes with its object's ``runtime``, whoever calls it and from wherever."""

    @wraps(method)
    def computed(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.runtime.use():
            return method(self, *args, **kwargs)

    return computed


def carried(work: Callable[P, R]) -> Callable[P, R]:
    """Work for threads of a pool, done there as it would be here: with this runtime, heard by the same."""
    runtime, context = Runtime.here(), copy_context()

    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        with runtime.use():
            return work(*args, **kwargs)

    return lambda *args, **kwargs: context.copy().run(done, *args, **kwargs)
