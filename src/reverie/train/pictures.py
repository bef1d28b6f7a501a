"""A folder of folders of pictures, as tensors: one folder a kind, some of each held out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from reverie.errors import BadInput, ReverieError
from reverie.media.picture import MAX_PIXELS, Picture, load_picture
from reverie.media.picture.folder import pictures_in
from reverie.process.notices import warn
from reverie.train.settings import TrainSettings

#: Of a kind at least so many pictures are needed, and held out.
FEWEST, FEWEST_HELD_OUT = 4, 1
#: The shortest side of a picture that is learnt from, in pixels.
SMALLEST: Final = 8
#: The most memory that pictures may take, in bytes.
MOST_BYTES: Final = 2 << 30
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Found:
    """The pictures of a folder by kind, before they are read; one kind where there are no folders in it."""

    folder: str
    kinds: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]

    @property
    def count(self) -> int:
        """How many files there are."""
        return sum(map(len, self.paths))

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """(kind, path) of each."""
        return ((kind, path) for kind, paths in enumerate(self.paths) for path in paths)


@dataclass(frozen=True)
class Labelled:
    """Pictures with their kinds.

    Attributes:
        pictures: (N, 4, S, S) uint8: red, green, blue and alpha.
        labels: (N,) int64.
    """

    pictures: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, chosen: Tensor) -> Labelled:
        """Some of them, by index or by a mask."""
        return Labelled(self.pictures[chosen], self.labels[chosen])

    def counts(self, kinds: int) -> list[int]:
        """How many there are of each kind."""
        return torch.bincount(self.labels, minlength=kinds).tolist()


@dataclass(frozen=True)
class Data:
    """What a network learns from, and what it is judged by.

    Attributes:
        kinds: Names of the kinds, in order.
        learnt: What it learns from.
        held_out: What it never sees while it learns.
        failed: A line for each picture that could not be read.
    """

    kinds: tuple[str, ...]
    learnt: Labelled
    held_out: Labelled
    failed: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Of all pictures, their kinds and which are held out."""
        digest = hashlib.sha256("\0".join(self.kinds).encode())
        for part in (self.learnt, self.held_out):
            digest.update(f"\0{tuple(part.pictures.shape)}".encode())
            for tensor in (part.labels, part.pictures):
                digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()


def find_pictures(folder: str | os.PathLike[str]) -> Found:
    """The pictures in the folders of a folder, each of which is a kind; or in the folder itself.

    Raises:
        BadInput: It is no folder that can be read, or there are no pictures.
    """
    root = Path(folder)
    try:
        inside = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise BadInput(
            f"{root}: cannot be read ({error.strerror or error}); give a folder of folders of pictures"
        ) from error
    if not inside:
        return Found(str(root), (root.resolve().name or "pictures",), (tuple(pictures_in(root)),))
    return Found(str(root), tuple(p.name for p in inside), tuple(tuple(pictures_in(p)) for p in inside))


def read_data(
    found: Found,
    held_out: Found | None,
    settings: TrainSettings,
    *,
    max_pixels: int = MAX_PIXELS,
    told: Told | None = None,
) -> Data:
    """Everything, read and parted.

    Args:
        found: What it learns from.
        held_out: What it is judged by, with the same kinds; None holds some out of each kind. Pictures that
            are the same pixel by pixel are never in both parts.
        settings: Side, share and seed.
        max_pixels: The most pixels that a picture may have.
        told: Called with how many of how many are read.

    Raises:
        BadInput: Too few pictures of a kind, only one kind, or kinds that are not the same in both folders.
    """
    most = found.count + (held_out.count if held_out else 0)
    _check_room(most, settings.size)
    if settings.method != "unsupervised" and len(found.kinds) < 2:
        raise BadInput(
            f"{found.folder}: has one kind of pictures, and to tell apart at least two are needed: a folder "
            "of each; or learn without labels, with --unsupervised"
        )
    if held_out is not None and held_out.kinds != found.kinds:
        odd = sorted(set(held_out.kinds) ^ set(found.kinds))
        raise BadInput(
            f'{held_out.folder}: has other kinds than {found.folder} ("{odd[0]}"); name them alike'
        )
    failed: list[str] = []
    done = 0

    def read(part: Found) -> Labelled:
        nonlocal done
        pictures, labels = [], []
        for kind, path in part:
            done += 1
            one = _read(path, settings.size, max_pixels, failed)
            if one is not None:
                pictures.append(one)
                labels.append(kind)
            if told is not None:
                told(done, most)
        if not pictures:
            raise BadInput(f"{part.folder}: none of its pictures can be read")
        return Labelled(torch.stack(pictures), torch.tensor(labels))

    learnt = read(found)
    _check_enough(learnt, found.kinds, FEWEST if held_out is None else FEWEST - 1, found.folder)
    if held_out is None:
        mask = _held_out(learnt, len(found.kinds), settings)
        return Data(found.kinds, learnt.of(~mask), learnt.of(mask), tuple(failed))
    judged = read(held_out)
    _check_enough(judged, found.kinds, FEWEST_HELD_OUT, held_out.folder)
    same = set(_digests(judged))
    apart = torch.tensor([digest not in same for digest in _digests(learnt)])
    if not bool(apart.all()):
        warn(f"{int((~apart).sum())} pictures are in both folders; they are held out")
    return Data(found.kinds, learnt.of(apart), judged, tuple(failed))


def _check_room(count: int, side: int) -> None:
    needed = count * 4 * side * side
    if needed > MOST_BYTES:
        raise BadInput(
            f"{count} pictures of {side} px take {needed / 1e9:.1f} GB; give fewer, or a smaller --size"
        )


def _check_enough(part: Labelled, kinds: Sequence[str], fewest: int, folder: str) -> None:
    for name, count in zip(kinds, part.counts(len(kinds)), strict=True):
        if count < fewest:
            raise BadInput(
                f'{folder}: "{name}": {count} pictures that can be read are too few; {fewest} of a kind are '
                "the least, and fifty are better"
            )


def _read(path: str, side: int, max_pixels: int, failed: list[str]) -> Tensor | None:
    """A picture (4, S, S) uint8; None where it cannot be read, which is warned of."""
    try:
        picture = load_picture(path, max_pixels=max_pixels, min_side=SMALLEST)
    except ReverieError as error:
        failed.append(str(error))
        warn(f"{error}; left out")
        return None
    return _squared(picture, side)


def _squared(picture: Picture, side: int) -> Tensor:
    """The middle square of a picture at a side; of one with transparency all of it, with empty borders."""
    pixels, alpha = picture.pixels, picture.alpha
    height, width = pixels.shape[:2]
    if alpha is None:
        short = min(height, width)
        top, left = (height - short) // 2, (width - short) // 2
        picture = Picture(np.ascontiguousarray(pixels[top : top + short, left : left + short]))
    elif height != width:
        long = max(height, width)
        whole, seen = np.ones((long, long, pixels.shape[2]), np.float32), np.zeros((long, long), np.float32)
        rows, columns = slice((long - height) // 2, None), slice((long - width) // 2, None)
        whole[rows, columns][:height, :width] = pixels
        seen[rows, columns][:height, :width] = alpha
        picture = Picture(whole, alpha=seen)
    small = picture.resized((side, side))
    opaque = np.ones((side, side), np.float32) if small.alpha is None else small.alpha
    values = np.concatenate([small.pixels, opaque[..., None]], axis=2)
    return torch.from_numpy(np.rint(values * 255).astype(np.uint8)).permute(2, 0, 1).contiguous()


def _digests(part: Labelled) -> list[str]:
    """Of each picture's pixels."""
    return [hashlib.sha256(picture.numpy().tobytes()).hexdigest() for picture in part.pictures]


def _held_out(part: Labelled, kinds: int, settings: TrainSettings) -> Tensor:
    """Which pictures are held out: a share of each kind, equal ones together."""
    rng = torch.Generator().manual_seed(settings.seed)
    digests = _digests(part)
    chosen: set[str] = set()
    for kind in range(kinds):
        own = list(dict.fromkeys(d for d, k in zip(digests, part.labels.tolist(), strict=True) if k == kind))
        count = max(FEWEST_HELD_OUT, round(settings.share * len(own)))
        order = torch.randperm(len(own), generator=rng).tolist()
        chosen.update(own[i] for i in order[: min(count, len(own) - 1)])
    return torch.tensor([digest in chosen for digest in digests])
