"""``py:FILE.py:FUNCTION`` and ``py:package.module:FUNCTION``: a network that the user's own code makes.

A file of weights may stand after one more colon; it is read as every such file is, and nothing in it runs.
The code runs. So such a name is taken from the user alone, and never from a file unless it is trusted:
whoever reads names from files sees to that (``Description.runs_code``).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from torch import nn
from torch.nn.parameter import is_lazy

from reverie.errors import NetworkError, ReverieError, UsageError, did_you_mean
from reverie.network.class_names import ClassNames, class_names
from reverie.network.description import own_parts
from reverie.network.loaded import Loaded
from reverie.network.network import Network
from reverie.network.state import fill
from reverie.network.weights import open_weights
from reverie.network.wrap import WrappedNetwork

#: What a function may return beside its module.
SETTINGS = ("mean", "std", "channels", "input_size", "classes", "fit")


def load_own(target: str, *, expected: str | None = None) -> Loaded | Network:
    """The network that a function of the user's returns when it is called without arguments.

    Args:
        target: ``FILE.py:FUNCTION`` or ``package.module:FUNCTION``, looked for in the current folder too.
            It returns a module; a module and a table of ``wrap_net``'s settings; or what ``wrap_net`` or
            ``load_net`` made. After one more colon stands a state_dict, whose weights the module gets.
        expected: The SHA-256 of that file in hexadecimal, or None if any will do.

    Raises:
        UsageError: There is no such function, or what it returns is none of that, or takes no weights.
        NetworkError: The code cannot be read, or fails; says in which line. Or the weights cannot be read or
            trusted, or are not the module's; says which.
    """
    place, name, weights = own_parts(target)
    if not place or not name.isidentifier():
        raise UsageError(
            f'network "py:{target}": a file or module and a function are needed, as in py:net.py:make; '
            "weights stand after that, as in py:net.py:make:mine.safetensors, or the function loads them"
        )
    if expected is not None and not weights:
        raise UsageError(f'network "py:{target}": sha256 is of a file of weights, and none is named')
    file = Path(place).expanduser() if place.endswith(".py") else None
    folder = os.getcwd() if file is None else os.path.dirname(os.path.abspath(file))
    with _found_from(folder):
        code = _run(target, lambda: _module(place) if file is None else _of_file(file))
        make = getattr(code, name, None)
        if not callable(make):
            known = [n for n, v in vars(code).items() if callable(v) and not n.startswith("_")]
            raise UsageError(
                f'network "py:{target}": there is no function "{name}"; {did_you_mean(name, known)}'
            )
        made = _loaded(target, _run(target, make))
    if weights:
        _fill(f"py:{os.path.basename(place)}:{name}", made, Path(weights).expanduser(), expected)
    return made


def _fill(title: str, made: Loaded | Network, path: Path, expected: str | None) -> None:
    """Put the weights of a file into what the code made."""
    if isinstance(made, Network) and not isinstance(made, WrappedNetwork):
        raise UsageError(
            f"network {title}: its function gives {made.name}, which has weights; leave the file out"
        )
    compiled = getattr(made.module, "_orig_mod", None)  # of torch.compile, whose names have that before them
    module = compiled if isinstance(compiled, nn.Module) else made.module
    if any(is_lazy(weight) for weight in chain(module.parameters(), module.buffers())):
        raise UsageError(
            f"network {title}: is lazy and has no weights yet, so none can be put into it; run it once on a "
            "picture in the function"
        )
    parameters = sum(weight.numel() for weight in module.state_dict().values())
    with open_weights(path, expected, parameters=parameters) as state:
        fill(module, state, title)


@contextmanager
def _found_from(folder: str) -> Iterator[None]:
    """Modules in a folder are found first, as for a script that lies in it."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"{name} is no name of a module; give package.module, or a file that ends in .py")
    return importlib.import_module(name)


def _of_file(file: Path) -> ModuleType:
    if not file.is_file():
        raise NetworkError(f"{file}: no such file; give the path of a Python file")
    name = f"reverie_own_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise NetworkError(f"{file}: is no Python file")
    code = importlib.util.module_from_spec(spec)
    sys.modules[name] = code  # as dataclasses and pickles expect of a module
    spec.loader.exec_module(code)
    return code


def _run(target: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (ReverieError, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # the code is the user's: anything may come out of it
        _fail(target, error)


def _fail(target: str, error: BaseException) -> NoReturn:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    last = frames[-1] if frames else None
    where = f" at {os.path.basename(last.filename)} line {last.lineno}" if last is not None else ""
    if isinstance(error, SyntaxError) and error.lineno is not None:
        where = f" at {os.path.basename(error.filename or '')} line {error.lineno}"
    reason = (str(error).strip().splitlines() or [""])[0]
    said = f"{type(error).__name__}{': ' if reason else ''}{reason}"
    raise NetworkError(f'network "py:{target}": its code fails{where} ({said})') from error


def _loaded(target: str, made: Any) -> Loaded | Network:
    if isinstance(made, Network):
        return made
    module, settings = made if isinstance(made, tuple) and len(made) == 2 else (made, {})
    if not isinstance(module, nn.Module) or not isinstance(settings, Mapping):
        raise UsageError(
            f'network "py:{target}": returns a {type(made).__name__}; a torch module is needed, or a module '
            "and a table of mean, std, channels, input_size and classes"
        )
    for key in settings:
        if key not in SETTINGS:
            hint = did_you_mean(str(key), SETTINGS)
            raise UsageError(f'network "py:{target}": "{key}" is no setting of a network; {hint}')
    settings = dict(settings)
    size, classes = settings.pop("input_size", None), settings.pop("classes", None)
    if size is not None:
        settings["input_size"] = (size, size) if isinstance(size, int) else tuple(size)
    if classes is not None:
        settings["classes"] = classes if isinstance(classes, ClassNames) else class_names(classes)
    settings = {key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()}
    return Loaded(module, **settings)
