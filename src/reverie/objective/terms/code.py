"""A quantity that is a function of yours: Python, which no text and no file holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, ParamSpec, Self, overload

from reverie.errors import UsageError
from reverie.objective.objective import Objective
from reverie.objective.quantity import Quantity
from reverie.objective.quantity import function as called
from reverie.objective.text import BARE_NAME, Reader, quoted

__all__ = ["Code", "function", "wrap_objective"]

P = ParamSpec("P")
#: Layers by name, as the network says them of one picture, to one number: the score.
Scored = Callable[[Any], Any]

#: The functions of this process by the name in the text form. Recipes hold only that name, so they stay.
_known: dict[str, tuple[Scored, tuple[str, ...]]] = {}


@called("python")
@dataclass(frozen=True)
class Code(Quantity):
    """A score that is a function of Python, differentiated by autograd.

    Its text, ``python("eyes", block5c)``, names a function of this process and does not hold it: a file in
    which it stands cannot be repeated.

    Attributes:
        name: What the function is called.
        layers: Those that it reads; none are found out by calling it once.
    """

    has_regions: ClassVar = False

    name: str
    layers: tuple[str, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        name, layers = reader.string('the name of a function in "quotes"'), []
        while reader.accept(","):
            layers.append(reader.layer_name())
        return cls(name, tuple(layers))

    def __str__(self) -> str:
        layers = [name if BARE_NAME.fullmatch(name) else quoted(name) for name in self.layers]
        return f"python({', '.join([quoted(self.name), *layers])})"

    @property
    def code(self) -> Scored:
        """The function. UsageError: This process knows none of that name, or one that reads other layers."""
        code, layers = _known.get(self.name, (None, ()))
        if code is None or layers != self.layers:
            raise UsageError(
                f"objective {self}: is Python code, which no file holds, and this program has made no such "
                "function; run the one that did"
            )
        return code


@overload
def function(code: Scored, /, *, layers: Sequence[str] | str = (), name: str | None = None) -> Objective: ...
@overload
def function(
    code: None = None, /, *, layers: Sequence[str] | str = (), name: str | None = None
) -> Callable[[Scored], Objective]: ...


def function(
    code: Scored | None = None, /, *, layers: Sequence[str] | str = (), name: str | None = None
) -> Objective | Callable[[Scored], Objective]:
    """An objective that is a function of yours: what it returns is climbed, by autograd.

        bright = function(lambda acts: acts["layer3"][:, 5].mean(), layers=["layer3"])

        @function(layers=["layer3", "layer4"])
        def agree(acts):
            return acts["layer3"].mean() * acts["layer4"].mean()

    It is called for one picture at a time, so pictures of a batch stay independent; a picture is seen
    whole, never in tiles. It adds, subtracts and scales as every objective. No file holds it: a result says
    that it is not repeatable from the file, and a job's document refuses it.

    Args:
        code: Given ``acts``, what the network says of one picture: ``acts["layer3"]``, or ``acts("layer3")``,
            is (1, C, h, w), (1, T, C) or (1, C). Returns one number, a tensor that depends on them.
        layers: The layers it reads; if there are none, it is called once on noise to find out.
        name: What it is called in texts; by default as in Python. Of two of a name the later one is counted.

    Returns:
        The objective; without ``code`` a decorator that makes one.
    """
    if code is None:
        return lambda given: function(given, layers=layers, name=name)
    read = (layers,) if isinstance(layers, str) else tuple(layers)
    return Objective.of(Code(_remembered(code, read, name or _name_of(code)), read))


def wrap_objective(make: Callable[P, Scored] | None = None, /) -> Any:
    """A decorator as lucent has it: of a function that returns a function of the network.

        @wrap_objective
        def channel(layer, index):
            return lambda model: model(layer)[:, index].mean()

        recipe = preset("portrait", objective=channel("block5c", 17))

    What the inner function returns is climbed (lucent's objectives are losses, with a minus).
    ``model(layer)`` is what the network says there of one picture, see ``function``.

    Args:
        make: Returns the function. Without it, as ``@wrap_objective()``, the decorator itself is returned.
    """
    if make is None:
        return wrap_objective

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Objective:
        given = [*map(str, args), *(f"{key}={value}" for key, value in kwargs.items())]
        return function(make(*args, **kwargs), name=f"{_name_of(make)}({', '.join(given)})")

    return made


def _name_of(code: Callable[..., Any]) -> str:
    return str(getattr(code, "__name__", type(code).__name__)).strip("<>")


def _remembered(code: Scored, layers: tuple[str, ...], name: str) -> str:
    """The name under which a function is found again: its own, or with a number behind it."""
    own, count = name, 1
    while name in _known and _known[name] != (code, layers):
        count += 1
        name = f"{own} {count}"
    _known[name] = (code, layers)
    return name


class Activations(Mapping[str, Any]):
    """What a network says of one picture, by the names that were asked for; called as a function, too."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            raise UsageError(
                f'objective: its function reads layer "{name}", which was not asked for; add it to layers'
            )
        return self._found[name]

    __call__ = __getitem__

    def __iter__(self) -> Any:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
