"""What a directory says of its picture, in words; a layout without one clear meaning is refused here.

Nothing is decoded for it. The numbers are those of TIFF 6.0 and of the supplements that its readers share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from reverie.errors import BadInput
from reverie.media.picture.detect_format import check_size
from reverie.media.picture.tiff.streams import PACK_BITS, STREAMS

REMEDY = "save it as grey or RGB of 8 or 16 bits a channel"


class Colours(IntEnum):
    """PhotometricInterpretation, as far as it is read."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    CMYK = 5
    YCBCR = 6
    CIELAB = 8
    ICCLAB = 9


_OTHER_COLOURS = {
    4: "a transparency mask",
    10: "ITU Lab colours",
    32803: "a camera sensor's samples",
    32844: "LogL light",
    32845: "LogLuv light",
    34892: "a camera sensor's samples",
    51177: "a map of depth",
    52527: "a mask of what is in the picture",
}
_CHANNELS = {Colours.RGB: 3, Colours.CMYK: 4, Colours.YCBCR: 3, Colours.CIELAB: 3, Colours.ICCLAB: 3}

JPEG, OLD_JPEG, JPEG_2000, WEBP = (7,), (6,), (34712,), (50001, 34927)
_CCITT = (2, 3, 4)
_CODINGS = (1, *_CCITT, *STREAMS, *OLD_JPEG, *JPEG, *JPEG_2000, *WEBP)
_CODING_NAMES = {
    32766: "NeXT", 32809: "ThunderScan", 32908: "PixarFilm", 32909: "PixarLog", 33003: "Aperio JPEG 2000",
    33005: "Aperio JPEG 2000", 34661: "JBIG", 34676: "SGI Log", 34677: "SGI Log 24", 34718: "MDI",
    34887: "LERC", 34892: "lossy JPEG of a camera raw", 34933: "PNG", 34934: "JPEG XR", 50002: "JPEG XL",
    52546: "JPEG XL",
}  # fmt: skip
_UNSIGNED, _SIGNED, _FLOAT, _VOID = 1, 2, 3, 4
_KINDS = {_SIGNED: "signed whole numbers", 5: "complex numbers", 6: "complex numbers"}
_ASSOCIATED, _UNASSOCIATED, _COREL = 1, 2, 999
_MOST_CHANNELS = 16
_TILE = 1 << 22  # pixels a tile may have even where the picture has fewer


@dataclass(frozen=True)
class Layout:
    """A picture's samples, before they are decoded.

    Attributes:
        width: Pixels, as they lie in the file.
        height: Pixels.
        channels: Samples a pixel, those that are not used included.
        colours: What the first of them mean.
        bits: Of a sample.
        floats: Whether samples are floating point, from 0 to 1.
        planes: Whether each channel lies on its own.
        alpha: Which channel is the transparency, or None.
        associated: Whether colours are multiplied by it already.
        coding: Compression's number.
        subsampled: How many pixels across and down share a colour (YCbCr that no JPEG holds).
    """

    width: int
    height: int
    channels: int
    colours: Colours
    bits: int
    floats: bool
    planes: bool
    alpha: int | None
    associated: bool
    coding: int
    subsampled: tuple[int, int] = (1, 1)

    @property
    def coloured(self) -> int:
        """How many channels hold colour."""
        if self.colours is Colours.YCBCR and self.channels == 1:
            return 1
        return _CHANNELS.get(self.colours, 1)


def layout_of(page: Any, name: str, max_pixels: int) -> Layout:
    """What a page of tifffile says of its picture.

    Args:
        page: A ``TiffPage``.
        name: What to call the file in an error.
        max_pixels: The most pixels it may have.

    Raises:
        BadInput: Its size is out of bounds, or its layout has no meaning that programs agree on.
    """
    width, height = _whole(page, "imagewidth", name), _whole(page, "imagelength", name)
    check_size(width, height, name, max_pixels)
    if page.imagedepth != 1:
        raise BadInput(f"{name}: a volume of {page.imagedepth} layers; save one of them as its own file")
    coding = _coding(page, name)
    bits, floats = _samples(page, name)
    channels = _whole(page, "samplesperpixel", name)
    if channels > _MOST_CHANNELS:
        raise BadInput(f"{name}: {channels} channels are no picture; {REMEDY}")
    colours = _colours(page, channels, coding, name)
    alpha, associated = _extra(page, colours, channels, name)
    _check_storage(page, width, height, name)
    layout = Layout(
        width, height, channels, colours, bits, floats, page.planarconfig == 2 and channels > 1,
        alpha, associated, coding, _subsampling(page, colours, channels, coding, name),
    )  # fmt: skip
    _check_combination(page, layout, name)
    return layout


def _whole(page: Any, attribute: str, name: str) -> int:
    value = getattr(page, attribute)
    if not isinstance(value, int):
        raise BadInput(f"{name}: the file is damaged (its {attribute} is {str(value)[:40]}); get it again")
    return int(value)


def _coding(page: Any, name: str) -> int:
    coding = _whole(page, "compression", name)
    if coding not in _CODINGS:
        called = _CODING_NAMES.get(coding, f"number {coding}")
        raise BadInput(f"{name}: its compression ({called}) is not read; save it with LZW or Deflate")
    predictor = _whole(page, "predictor", name)
    if coding in STREAMS and coding != PACK_BITS:
        if predictor not in (1, 2, 3):
            raise BadInput(f"{name}: its predictor (number {predictor}) is not read; save it without")
    elif predictor != 1:
        if coding == PACK_BITS:
            raise BadInput(f"{name}: PackBits with a predictor has no agreed meaning; save it with LZW")
        page.predictor = 1  # no reader heeds it in these; tifffile would
    return coding


def _samples(page: Any, name: str) -> tuple[int, bool]:
    """(bits, whether floating point) of a sample."""
    bits, kind = page.bitspersample, page.sampleformat
    if not isinstance(bits, int):
        said = ", ".join(str(each) for each in tuple(bits)[:8])
        raise BadInput(f"{name}: its channels have different bits ({said}); {REMEDY}")
    kinds = page.tags.valueof(339)
    if isinstance(kinds, tuple) and len({int(each) for each in kinds[: page.samplesperpixel]}) > 1:
        raise BadInput(f"{name}: its channels are numbers of different kinds; {REMEDY}")
    kind = int(kind)
    if kind in _KINDS:
        raise BadInput(f"{name}: its samples are {_KINDS[kind]}, which say no colours; {REMEDY}")
    if kind == _FLOAT:
        if bits not in (16, 24, 32, 64):
            raise BadInput(f"{name}: floating point of {bits} bits is not read; {REMEDY}")
        if page.predictor == 2:
            raise BadInput(f"{name}: floating point with a predictor of whole numbers; save it without")
        if bits == 24 and page.predictor != 1:
            raise BadInput(f"{name}: floating point of 24 bits with a predictor is not read; {REMEDY}")
        return bits, True
    if kind not in (_UNSIGNED, _VOID):
        raise BadInput(f"{name}: its samples are of an unknown kind (number {kind}); {REMEDY}")
    if not (1 <= bits <= 16 or bits in (32, 64)):  # programs differ in how 24 bits lie
        raise BadInput(f"{name}: samples of {bits} bits are not read; {REMEDY}")
    if page.predictor == 3:
        raise BadInput(f"{name}: whole numbers with a predictor of floating point; save it without")
    if page.predictor == 2 and bits not in (8, 16, 32, 64):
        raise BadInput(f"{name}: a predictor with samples of {bits} bits is not read; save it without")
    return bits, False


def _colours(page: Any, channels: int, coding: int, name: str) -> Colours:
    number = _whole(page, "photometric", name)
    if 262 not in page.tags and number == 0 and coding not in _CCITT:  # of a fax it goes without saying
        raise BadInput(f"{name}: it does not say what its samples mean, nor which of them is white; {REMEDY}")
    if number not in set(Colours):
        what = _OTHER_COLOURS.get(number, f"colours of an unknown kind (number {number})")
        raise BadInput(f"{name}: it holds {what}; {REMEDY}")
    colours = Colours(number)
    if colours is Colours.CMYK and page.tags.valueof(332, 1) != 1:
        raise BadInput(f"{name}: its inks are not cyan, magenta, yellow and black; {REMEDY}")
    return colours


def _extra(page: Any, colours: Colours, channels: int, name: str) -> tuple[int | None, bool]:
    """(which channel is the transparency, whether colours are multiplied by it)."""
    needed = _CHANNELS.get(colours, 1)
    if colours is Colours.YCBCR and channels == 1:
        needed = 1
    if channels < needed:
        raise BadInput(
            f"{name}: the file is damaged (it has {channels} channels for {needed} colours); get it again"
        )
    count = channels - needed
    said = page.extrasamples
    given = [int(each) for each in (said if isinstance(said, tuple) else (said,))][:count]
    if not given and count == 1 and colours is Colours.RGB:
        given = [_UNASSOCIATED]  # programs that forget to say so mean this
    for index, kind in enumerate(given):
        if kind in (_ASSOCIATED, _UNASSOCIATED, _COREL):
            return needed + index, kind == _ASSOCIATED
    grey = colours in (Colours.WHITE_IS_ZERO, Colours.BLACK_IS_ZERO)
    if (grey and count > 1) or (count and not given):
        raise BadInput(f"{name}: {channels} channels, and it does not say what they mean; {REMEDY}")
    return None, False


def _subsampling(page: Any, colours: Colours, channels: int, coding: int, name: str) -> tuple[int, int]:
    """Pixels across and down that share a colour, where no JPEG decoder undoes it."""
    if colours is not Colours.YCBCR or channels == 1 or coding in (*JPEG, *OLD_JPEG):
        return 1, 1
    said = page.tags.valueof(530)
    if isinstance(said, tuple) and len(said) == 2:
        return int(said[0]), int(said[1])
    if coding != 1:
        raise BadInput(f"{name}: it does not say how pixels share their YCbCr colours; {REMEDY}")
    rows = min(page.rowsperstrip, page.imagelength)
    if page.is_tiled or page.databytecounts[0] >= rows * page.imagewidth * 3:
        page.subsampling = (1, 1)  # there is a colour for each, whatever the default
        return 1, 1
    return 2, 2  # the default of TIFF 6.0


def _check_storage(page: Any, width: int, height: int, name: str) -> None:
    if page.planarconfig not in (1, 2):
        raise BadInput(f"{name}: the file is damaged (planar configuration); get it again")
    if page.is_tiled:
        across, down = _whole(page, "tilewidth", name), _whole(page, "tilelength", name)
        if page.tiledepth != 1 or across < 1 or down < 1:
            raise BadInput(f"{name}: the file is damaged (its tiles have no size); get it again")
        if across * down > max(_TILE, 2 * width * height):
            raise BadInput(f"{name}: its tiles of {across} x {down} are far too large; save it in strips")
    elif _whole(page, "rowsperstrip", name) < 1:
        raise BadInput(f"{name}: the file is damaged (its strips have no rows); get it again")


def _check_combination(page: Any, layout: Layout, name: str) -> None:
    """Refuse what each part allows and all of them together do not."""
    colours, bits, coding = layout.colours, layout.bits, layout.coding
    if layout.associated and colours in (Colours.WHITE_IS_ZERO, Colours.PALETTE, Colours.CMYK, Colours.YCBCR):
        raise BadInput(f"{name}: colours of this kind, multiplied by alpha, have no agreed meaning; {REMEDY}")
    if layout.associated and colours in (Colours.CIELAB, Colours.ICCLAB):
        raise BadInput(f"{name}: Lab colours, multiplied by alpha, have no agreed meaning; {REMEDY}")
    if colours is Colours.PALETTE and (layout.floats or bits > 16):
        raise BadInput(f"{name}: a palette of {bits} bits is not read; {REMEDY}")
    if colours in (Colours.CIELAB, Colours.ICCLAB) and (layout.floats or bits not in (8, 16)):
        raise BadInput(f"{name}: Lab colours of {bits} bits are not read; {REMEDY}")
    if colours is Colours.YCBCR and (layout.floats or bits not in (8, 16)):
        raise BadInput(f"{name}: YCbCr colours of {bits} bits are not read; {REMEDY}")
    if colours is Colours.YCBCR and layout.channels not in (1, 3):
        raise BadInput(f"{name}: YCbCr colours with more channels are not read; {REMEDY}")
    if coding in _CCITT and (bits != 1 or layout.channels != 1):
        raise BadInput(f"{name}: the file is damaged (a fax of more than black and white); get it again")
    if coding in (*JPEG, *OLD_JPEG) and (layout.floats or bits not in (8, 12, 16)):
        raise BadInput(f"{name}: JPEG of {bits} bits is not read; {REMEDY}")
    if coding in WEBP and (bits != 8 or layout.channels not in (3, 4) or layout.planes):
        raise BadInput(f"{name}: the file is damaged (WebP of other than RGB); get it again")
    if coding in (*WEBP, *JPEG_2000) and colours not in (
        Colours.RGB,
        Colours.WHITE_IS_ZERO,
        Colours.BLACK_IS_ZERO,
    ):
        raise BadInput(f"{name}: WebP or JPEG 2000 of other colours than grey or RGB is not read; {REMEDY}")
    if layout.subsampled != (1, 1):
        across, down = layout.subsampled
        if layout.planes or across not in (1, 2, 4) or down not in (1, 2, 4) or page.is_tiled or bits != 8:
            raise BadInput(f"{name}: YCbCr colours shared by pixels in this way are not read; {REMEDY}")
        if page.predictor != 1:
            raise BadInput(f"{name}: YCbCr colours with a predictor are not read; {REMEDY}")
