"""The embedded networks are read once in a process of tests; who loads one again gets a copy.

Reading one takes a tenth of a second and more. Commands in processes of their own read theirs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from reverie.network import zoo
from reverie.network.description import Description, PictureSettings

if TYPE_CHECKING:
    from reverie.network.network import Network

_read: dict[tuple[str, int, int], Network] = {}


def copy_of(net: Network) -> Network:
    """The same network, of which nothing changes the first: weights and all that it remembers are its own."""
    other = copy.copy(net)
    other.module = copy.deepcopy(net.module)
    other._layers, other._bytes, other._affine, other._finite = dict(net.layers), {}, {}, ()
    return other


@contextmanager
def read_once() -> Iterator[None]:
    """While this lasts; files of one's own and networks with settings are read each time."""
    read = zoo._embedded

    def embedded(found: Description, pictures: PictureSettings, random: int | None) -> Network:
        info = next(n for n in zoo._NETWORKS if n.name == found.kind)
        path = info.weights_file()
        if path is None or found.file is not None or found.settings or not path.is_file():
            return read(found, pictures, random)
        key = (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        if key not in _read:
            _read[key] = read(found, pictures, random)
        return copy_of(_read[key])

    with mock.patch.object(zoo, "_embedded", embedded):
        yield
