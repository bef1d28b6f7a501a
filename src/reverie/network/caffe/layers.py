"""What a Caffe layer is, and where its parameters stand in the messages of ``caffe.proto``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Blob = npt.NDArray[np.float32]


class CaffeError(ValueError):
    """A file that is no network of Caffe, or cannot be rebuilt; says why, without the file's name."""


@dataclass
class CaffeLayer:
    """A layer as the files tell of it.

    Attributes:
        name: Its name.
        type: Its type in the new format, such as ``InnerProduct``.
        bottoms: Blobs that it reads.
        tops: Blobs that it writes.
        parameters: By the name of their message, as ``convolution_param``, and of the field.
        blobs: Its weights, as they lie in the file.
        trains: Whether a text says that it is there in training alone; the phase in a ``.caffemodel`` is the
            whole network's.
    """

    name: str = ""
    type: str = ""
    bottoms: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    blobs: list[Blob] = field(default_factory=list)
    trains: bool = False

    def of(self, message: str) -> Mapping[str, Any]:
        """The parameters in a message; none where it is missing."""
        return self.parameters.get(message, {})


@dataclass
class CaffeDescription:
    """All layers of a file in order, its input blobs, and the shape of the first (N, C, H, W)."""

    layers: list[CaffeLayer] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    shape: list[int] | None = None


class Message(NamedTuple):
    """Where a message of parameters stands in the old and the new format, and its fields by number.

    The kind of a field is ``u`` (a count), ``b`` (yes or no), ``f`` (a number), with ``*`` for several, or
    the words of a choice, apart by commas.
    """

    old: int | None
    new: int
    fields: Mapping[int, tuple[str, str]]


_WINDOW: Final = {5: ("kernel_h", "u"), 6: ("kernel_w", "u"), 7: ("stride_h", "u"), 8: ("stride_w", "u")}
_CONVOLUTION: Final = {
    1: ("num_output", "u"),
    2: ("bias_term", "b"),
    3: ("pad", "u*"),
    4: ("kernel_size", "u*"),
    5: ("group", "u"),
    6: ("stride", "u*"),
    9: ("pad_h", "u"),
    10: ("pad_w", "u"),
    11: ("kernel_h", "u"),
    12: ("kernel_w", "u"),
    13: ("stride_h", "u"),
    14: ("stride_w", "u"),
    18: ("dilation", "u*"),
}
#: As in ``caffe.proto`` of BVLC Caffe 1.0.
MESSAGES: Final[Mapping[str, Message]] = {
    "convolution_param": Message(10, 106, _CONVOLUTION),
    "pooling_param": Message(
        19,
        121,
        {
            1: ("pool", "MAX,AVE,STOCHASTIC"),
            2: ("kernel_size", "u"),
            3: ("stride", "u"),
            4: ("pad", "u"),
            **_WINDOW,
            9: ("pad_h", "u"),
            10: ("pad_w", "u"),
            12: ("global_pooling", "b"),
            13: ("round_mode", "CEIL,FLOOR"),
        },
    ),
    "lrn_param": Message(
        18,
        118,
        {
            1: ("local_size", "u"),
            2: ("alpha", "f"),
            3: ("beta", "f"),
            4: ("norm_region", "ACROSS_CHANNELS,WITHIN_CHANNEL"),
            5: ("k", "f"),
        },
    ),
    "inner_product_param": Message(
        17, 117, {1: ("num_output", "u"), 2: ("bias_term", "b"), 5: ("axis", "u"), 6: ("transpose", "b")}
    ),
    "concat_param": Message(9, 104, {1: ("concat_dim", "u"), 2: ("axis", "u")}),
    "slice_param": Message(31, 126, {1: ("slice_dim", "u"), 2: ("slice_point", "u*"), 3: ("axis", "u")}),
    "eltwise_param": Message(24, 110, {1: ("operation", "PROD,SUM,MAX"), 2: ("coeff", "f*")}),
    "power_param": Message(21, 122, {1: ("power", "f"), 2: ("scale", "f"), 3: ("shift", "f")}),
    "relu_param": Message(30, 123, {1: ("negative_slope", "f")}),
    "elu_param": Message(None, 140, {1: ("alpha", "f")}),
    "batch_norm_param": Message(None, 139, {1: ("use_global_stats", "b"), 3: ("eps", "f")}),
    "scale_param": Message(None, 142, {4: ("bias_term", "b")}),
}
#: Types of the old format by number; what is not here is of no use to a dream.
OLD_TYPES: Final[Mapping[int, str]] = {
    1: "Accuracy",
    3: "Concat",
    4: "Convolution",
    5: "Data",
    6: "Dropout",
    8: "Flatten",
    9: "HDF5Data",
    12: "ImageData",
    14: "InnerProduct",
    15: "LRN",
    17: "Pooling",
    18: "ReLU",
    19: "Sigmoid",
    20: "Softmax",
    21: "SoftmaxWithLoss",
    22: "Split",
    23: "TanH",
    24: "WindowData",
    25: "Eltwise",
    26: "Power",
    29: "MemoryData",
    32: "DummyData",
    33: "Slice",
    35: "AbsVal",
    36: "Silence",
    39: "Deconvolution",
}
#: The same by their names in text, where those are not the new ones in capitals.
OLD_NAMES: Final[Mapping[str, str]] = {
    "INNER_PRODUCT": "InnerProduct",
    "RELU": "ReLU",
    "TANH": "TanH",
    "ABSVAL": "AbsVal",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "HDF5_DATA": "HDF5Data",
    "LRN": "LRN",
}
#: The most layers of a file.
MOST_LAYERS: Final = 5000


def checked(message: str, name: str, kind: str, value: Any) -> Any:
    """A field's value if it is of its kind.

    Raises:
        CaffeError: It is not.
    """
    if kind.startswith("u") and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    if kind.startswith("b") and (isinstance(value, bool) or value in (0, 1)):
        return bool(value)
    if kind.startswith("f") and isinstance(value, int | float) and np.isfinite(value):
        return float(value)
    if kind.isupper() or "," in kind:
        words = kind.split(",")
        if value in words:
            return value
        if isinstance(value, int) and 0 <= value < len(words):
            return words[value]
    raise CaffeError(f"{message}.{name} is {str(value)[:40]}, which cannot be")


def is_list(kind: str) -> bool:
    """Whether a field of this kind may stand several times."""
    return kind.endswith("*")
