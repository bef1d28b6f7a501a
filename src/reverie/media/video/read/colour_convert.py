"""A decoded frame to upright RGB: by the stream's own matrix and range, its display matrix undone."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

from reverie.media.video.read.frame import Bytes, Colour

if TYPE_CHECKING:
    from av.sidedata.sidedata import SideData
    from av.video.frame import VideoFrame

# Numbers of ITU-T H.273, by the names of ffprobe.
MATRICES = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
}
PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
TRANSFERS = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    11: "iec61966-2-4",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    18: "arib-std-b67",
}
RANGES = {1: "tv", 2: "pc"}
HDR = ("smpte2084", "arib-std-b67")

_SPACES = {
    "bt709": Colorspace.ITU709,
    "fcc": Colorspace.FCC,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "smpte240m": Colorspace.SMPTE240M,
    "bt2020nc": Colorspace.BT2020,
    "bt2020c": Colorspace.BT2020,
}
# Chroma is interpolated at full width, nothing is rounded early, and every processor gives the same bytes.
_EXACT = (
    Interpolation.BICUBIC
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
)


@dataclass(frozen=True)
class Upright:
    """How a frame is stood up: mirrored left to right if it is to be, then turned.

    Attributes:
        turns: Quarter turns clockwise, 0 to 3.
        mirrored: Whether it is first mirrored.
        skewed: Whether the display matrix asked for more than that, which is left out.
    """

    turns: int = 0
    mirrored: bool = False
    skewed: bool = False

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) after it; its own inverse."""
        return (size[1], size[0]) if self.turns % 2 else size

    def apply(self, array: Bytes) -> Bytes:
        """(H, W, C) as stored -> upright, contiguous."""
        if self.mirrored:
            array = array[:, ::-1]
        return np.ascontiguousarray(np.rot90(array, -self.turns))


def upright_of(frame: VideoFrame) -> Upright:
    """What the frame's display matrix (ISO 14496-12, 8.3.2) asks for, to the nearest quarter turn."""
    data = _display_matrix(frame)
    if data is None:
        return Upright()
    a, b, _, c, d = struct.unpack_from("<5i", data)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    # Rows of the matrix are where the x axis (a, b) and the y axis go; y points down, so (0, 1) is clockwise.
    turns = int(np.round(np.arctan2(b, a) / (np.pi / 2))) % 4
    exact = (a == 0) != (b == 0) and abs(a) == abs(d) and abs(b) == abs(c)
    return Upright(turns, mirrored, not exact)


def _display_matrix(frame: VideoFrame) -> bytes | None:
    for data in cast("Iterable[SideData]", frame.side_data):
        if data.type == Type.DISPLAYMATRIX:
            return bytes(data)
    return None


def colour_of(frame: VideoFrame) -> Colour:
    """What a decoded frame says of its colours."""
    matrix = MATRICES.get(int(frame.colorspace), "unknown")
    if frame.format.is_rgb:
        matrix = "gbr"
    full = frame.format.name.startswith("yuvj") or frame.format.is_rgb
    return Colour(
        matrix=matrix,
        range="pc" if full else RANGES.get(int(frame.color_range), "unknown"),
        primaries=PRIMARIES.get(int(frame.color_primaries), "unknown"),
        transfer=TRANSFERS.get(int(frame.color_trc), "unknown"),
    )


def has_alpha(frame: VideoFrame) -> bool:
    """Whether its format has room for alpha."""
    return frame.format.name == "pal8" or any(part.is_alpha for part in frame.format.components)


class Converter:
    """Decoded frames -> (H, W, 3) RGB and (H, W) alpha or None, all of one size.

    High dynamic range (PQ, HLG) is brought to the ordinary one: paper white (203 cd/m2, ITU-R
    BT.2408) becomes white.

    Args:
        size: (width, height) of what is given, upright.
        colour: Of the stream; what it leaves unsaid is what players take it for.
        upright: How frames are stood up.
        alpha: Whether alpha is given.
    """

    def __init__(self, size: tuple[int, int], colour: Colour, upright: Upright, alpha: bool) -> None:
        self._stored = upright.size(size)
        self._colour = colour
        self._upright = upright
        self._alpha = alpha
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> tuple[Bytes, Bytes | None]:
        matrix, full = self._colour.matrix, self._colour.range == "pc"
        if matrix not in _SPACES:
            matrix = "bt709" if frame.width >= 1280 or frame.height > 576 else "smpte170m"
        out = self._reformatter.reformat(
            frame,
            width=self._stored[0],
            height=self._stored[1],
            format="rgba" if self._alpha else "rgb24",
            src_colorspace=None if frame.format.is_rgb else _SPACES[matrix],
            interpolation=_EXACT,
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            dst_color_trc=ColorTrc.IEC61966_2_1 if self._colour.transfer in HDR else None,
            dst_color_primaries=ColorPrimaries.BT709 if self._colour.transfer in HDR else None,
            threads=1,
        )
        whole = self._upright.apply(out.to_ndarray())  # type: ignore[arg-type]
        if not self._alpha:
            return whole, None
        return np.ascontiguousarray(whole[..., :3]), np.ascontiguousarray(whole[..., 3])
