"""What ``--network`` takes: a kind, what of it, and settings, as text. Needs no torch.

    KIND:TARGET#KEY=VALUE&KEY=VALUE

such as ``caffe:net.caffemodel#prototxt=deploy.prototxt&fit=window``. The same text stands in recipes,
results and jobs, so everything that decides how a network is read travels with its name.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from reverie.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Kind:
    """A kind of network beside the embedded ones.

    Attributes:
        takes: What stands after its colon.
        title: What it is.
        example: One of it.
        extra: The extra of reverie that it needs; empty if none.
        alone: Whether its name alone is a network too.
    """

    takes: str
    title: str
    example: str
    extra: str = ""
    alone: bool = False

    @property
    def usage(self) -> str:
        """What stands after its name, a colon with it."""
        return f"[:{self.takes}]" if self.alone else f":{self.takes}"

    @property
    def install(self) -> str:
        """What to type where its extra is missing; empty if it needs none."""
        return f'pip install "reverie[{self.extra}]"' if self.extra else ""


KINDS: Final = {
    "torchvision": Kind(
        "NAME[:FILE]", "a classifier of torchvision, or with your weights", "torchvision:resnet50", "nets"
    ),
    "timm": Kind(
        "NAME[:FILE]", "one of timm, or its architecture with your weights", "timm:resnet18", "nets"
    ),
    "hf": Kind("OWNER/NAME", "one of timm on the Hugging Face Hub", "hf:timm/resnet18.a1_in1k", "nets"),
    "caffe": Kind("FILE.caffemodel", "one of Caffe", "caffe:bvlc_googlenet.caffemodel"),
    "onnx": Kind("FILE.onnx", "one in an ONNX file", "onnx:net.onnx", "onnx"),
    "trained": Kind("FILE.safetensors", "one that reverie train made", "mine.safetensors"),
    "py": Kind(
        "FILE.py:FUNCTION[:FILE]", "what code of your own makes, or with your weights", "py:net.py:make"
    ),
    "faces": Kind("FILE.dat", "one that knows nothing but faces", "faces", "face-network", alone=True),
    "torch": Kind("FILE.pt2", "a program of torch.export, with --trust", "torch:net.pt2"),
}
#: Networks that come along, or whose weights are a package of their own.
EMBEDDED: Final = ("lite0", "lite1", "lite2")
#: Kinds that run code: of the user's own, and of whoever wrote the file.
RUN_CODE: Final = ("py", "torch")
#: Kinds whose target is a file, as it is of those that are none of these.
_FILES: Final = ("caffe", "onnx", "torch", "faces", "trained")
#: Kinds that name an architecture, and perhaps a file of weights for it.
_ARCHITECTURES: Final = ("timm", "torchvision")
#: What stands before the name of a file of ``reverie train``, and may be left out.
_TRAINED: Final = "trained"
#: Settings after the ``#``.
SETTINGS: Final = ("sha256", "prototxt", "mean", "std", "size", "channels", "classes", "fit", "weights")
#: Settings that name files.
_NAMES: Final = ("prototxt", "classes")
FITS: Final = ("resize", "window")
#: What ``weights=`` takes: weights that have learnt nothing, from a seed (``random:7``).
RANDOM: Final = "random"
#: The parts of a network that the user's code makes: a file or a module, a function, perhaps weights.
_OWN: Final = re.compile(r"(?P<place>.*?\.py|[^:]*):(?P<function>[^:]*)(?::(?P<weights>.+))?")
#: The largest picture that a network may ask for, in pixels a side, and the most channels.
MOST_SIDE, MOST_CHANNELS = 4096, 64
_ESCAPES: Final = (("%", "%25"), ("&", "%26"), ("#", "%23"))
_BEGIN: Final = re.compile(rf"#(?=(?:{'|'.join(SETTINGS)})=)")


@dataclass(frozen=True)
class Description:
    """A network as it is named.

    Attributes:
        kind: ``lite0``, or one of ``KINDS``.
        target: What stands after the colon: a name, a file, a function in one; empty where no colon is.
        settings: What stands after the ``#``, by key.
    """

    kind: str
    target: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        settings = "&".join(f"{key}={_escaped(value)}" for key, value in self.settings.items())
        return self.title + (f"#{settings}" if settings else "")

    @property
    def title(self) -> str:
        """Without its settings."""
        if self.kind == _TRAINED and _is_trained(self.target):
            return self.target
        return f"{self.kind}:{self.target}" if self.target else self.kind

    @property
    def file(self) -> str | None:
        """The file in its target, if there is one: of weights or of a graph; of code is ``code``."""
        if self.kind in _FILES or self.kind not in KINDS:
            return self.target or None
        if self.kind in _ARCHITECTURES:
            return self.target.partition(":")[2] or None
        return self._own[2] or None

    @property
    def code(self) -> str | None:
        """The file of the user's code, if it is in one and not in a module."""
        place = self._own[0]
        return place if place.endswith(".py") else None

    @property
    def _own(self) -> tuple[str, str, str]:
        """Of what the user's code makes: file or module, function, weights; empty where they are not."""
        return own_parts(self.target) if self.kind == "py" else ("", "", "")

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that it names."""
        named = [self.code, self.file, *(self.settings.get(key) for key in _NAMES)]
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def runs_code(self) -> bool:
        """Whether code runs that is no part of a network: only a user who says so may ask for that."""
        return self.kind in RUN_CODE

    def renamed(self, names: Mapping[str, str]) -> Description:
        """The same with other names for its files."""
        settings = {k: names.get(v, v) if k in _NAMES else v for k, v in self.settings.items()}
        target, file = self.target, self.file
        if self.kind == "py":
            place, function, weights = self._own
            if function:
                place = names.get(place, place) if self.code else place
                target = ":".join(filter(None, (place, function, names.get(weights, weights))))
        elif file is not None and file in names:
            before = target.partition(":")[0] + ":" if self.kind in _ARCHITECTURES else ""
            target = f"{before}{names[file]}"
        return replace(self, target=target, settings=settings)

    def bare(self) -> Description:
        """As it stands in results: files without folders, and no hash, which a result has of its own."""
        names = {name: os.path.basename(name) for name in self.files}
        renamed = self.renamed(names)
        return replace(renamed, settings={k: v for k, v in renamed.settings.items() if k != "sha256"})


def own_parts(target: str) -> tuple[str, str, str]:
    """``PLACE:FUNCTION`` or ``PLACE:FUNCTION:WEIGHTS`` apart; a place alone has no function."""
    found = _OWN.fullmatch(target)
    return (found["place"], found["function"], found["weights"] or "") if found else (target, "", "")


def random_seed(found: Description) -> int | None:
    """The seed of the random weights that a description asks for; None where it asks for none.

    Raises:
        UsageError: It asks for other weights so, for both these and a file, or of a network that has none.
    """
    asked = found.settings.get("weights")
    if asked is None:
        return None
    word, colon, number = asked.partition(":")
    if word != RANDOM or (colon and not re.fullmatch(r"[0-9]{1,9}", number)):
        raise UsageError(
            f"weights: {asked} is no way to have weights; there is {RANDOM}, or with a seed {RANDOM}:7; "
            f"a file stands after the name, as in timm:resnet18:mine.safetensors"
        )
    if found.kind not in (*_ARCHITECTURES, *EMBEDDED):
        raise UsageError(
            f"network {found.title}: random weights are for {', '.join(EMBEDDED)} and for names of "
            f"{' and '.join(_ARCHITECTURES)}, as in lite0#weights={RANDOM}"
        )
    if found.file or "sha256" in found.settings:
        raise UsageError(f"network {found.title}: weights={asked} and a file: give one of them")
    return int(number or 0)


def describe(text: str) -> Description:
    """What a network's name says; whether there is such a thing is seen when it is loaded.

    Raises:
        UsageError: A setting that is none, or is there twice.
    """
    begin = _BEGIN.search(text)
    head, tail = (text, "") if begin is None else (text[: begin.start()], text[begin.end() :])
    settings: dict[str, str] = {}
    for part in filter(None, tail.split("&")):
        key, sign, value = part.partition("=")
        if key not in SETTINGS or not sign:
            hint = did_you_mean(key, SETTINGS) or f"there are {', '.join(SETTINGS)}"
            raise UsageError(f'network "{text}": "{key}" is no setting of a network; {hint}')
        if key in settings:
            raise UsageError(f'network "{text}": {key} is given twice')
        settings[key] = _plain(value)
    kind, colon, target = head.partition(":")
    if colon and not target:
        raise UsageError(f'network "{text}": something is missing after the colon, as in lite0:weights.pth')
    if _is_trained(head):
        return Description(_TRAINED, head, settings)
    return Description(kind, target, settings)


def _is_trained(head: str) -> bool:
    """Whether this names a file of ``reverie train``, without anything before it."""
    return ":" not in head and head.lower().endswith(".safetensors")


def _escaped(value: str) -> str:
    for sign, escape in _ESCAPES:
        value = value.replace(sign, escape)
    return value


def _plain(value: str) -> str:
    for sign, escape in reversed(_ESCAPES):
        value = value.replace(escape, sign)
    return value


def with_settings(text: str, **given: object) -> str:
    """A network's name with some settings changed; those that are None are left as they are."""
    found = describe(text)
    changed = {key: str(value) for key, value in given.items() if value is not None}
    return str(replace(found, settings={**found.settings, **changed}))


# -- settings, read ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PictureSettings:
    """How pictures are shown to a network, where that was said; None where the network's own counts.

    Attributes:
        mean: Taken off each channel of pictures in [0, 1]; one number is for all.
        std: Divides each channel after that.
        input_size: (height, width) in pixels of the only pictures that it takes.
        channels: Of its pictures.
        classes: A file with the names of its classes.
        fit: ``resize`` or ``window``: how other pictures are shown to a network of one size.
    """

    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    input_size: tuple[int, int] | None = None
    channels: int | None = None
    classes: str | None = None
    fit: str | None = None


def picture_settings(found: Description) -> PictureSettings:
    """The settings of a network as values.

    Raises:
        UsageError: One cannot be, and what is possible.
    """
    given = found.settings
    fit = given.get("fit")
    if fit is not None and fit not in FITS:
        raise UsageError(f"fit: {fit} is no way to fit a picture; there are {' and '.join(FITS)}")
    return PictureSettings(
        mean=_numbers("mean", given.get("mean")),
        std=_numbers("std", given.get("std")),
        input_size=_size(given.get("size")),
        channels=_channels(given.get("channels")),
        classes=given.get("classes"),
        fit=fit,
    )


def _numbers(key: str, text: str | None) -> tuple[float, ...] | None:
    """``0.5`` or ``0.485,0.456,0.406``; a fraction such as 1/255 is a number too."""
    if text is None:
        return None
    try:
        values = tuple(float(a) / float(b or 1) for a, _, b in (p.partition("/") for p in text.split(",")))
    except (ValueError, ZeroDivisionError):
        values = ()
    if not values or not all(map(math.isfinite, values)) or (key == "std" and min(values) <= 0):
        above = " above 0" if key == "std" else ""
        raise UsageError(f"{key}: {text} is no number{above}, nor one a channel as in 0.485,0.456,0.406")
    return values


def _size(text: str | None) -> tuple[int, int] | None:
    """``224``, or width and height as in ``320x240``; (height, width)."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})(?:[xX](\d{1,5}))?", text.strip())
    width, height = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        raise UsageError(f"size: {text} is none of 1 to {MOST_SIDE} pixels; give 224, or 320x240")
    return height, width


def _channels(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_CHANNELS):
        raise UsageError(f"channels: {text} is none of 1 to {MOST_CHANNELS}")
    return int(text)
