"""Hundreds of TIFFs, each with the picture it must be read as, or the words it must be refused with."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from support.bad_inputs.corpus import photo
from support.tiffs import Tiff, Values

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 71, 45  # odd, so that rows of few bits end within a byte
RGB = photo(WIDTH, HEIGHT) / 255.0
GREY = RGB[..., :1]
ALPHA = np.linspace(0, 1, WIDTH)[None].repeat(HEIGHT, 0)[..., None]
ORDERS = ("<", ">")
BY_TILES = (None, (32, 16))
NEAR = 1.01 / 255


@dataclass(frozen=True)
class Case:
    """One TIFF.

    Attributes:
        name: What it is, in a few words.
        make: Its bytes.
        pixels: (H, W, 3) in [0, 1], what it must be read as; None where it must be refused.
        alpha: (H, W), or None for opaque.
        near: How far a sample, times its alpha, may be off.
        says: Words of the refusal.
    """

    name: str
    make: Callable[[], bytes]
    pixels: Floats | None
    alpha: Floats | None = None
    near: float = NEAR
    says: str = ""

    def __str__(self) -> str:
        return self.name


def _case(name: str, tiff: Tiff, pixels: Floats, alpha: Floats | None = None, near: float = NEAR) -> Case:
    full = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    return Case(name, tiff.write, full, None if alpha is None else alpha[..., 0], near)


def whole(values: Floats, bits: int) -> NDArray[Any]:
    """[0, 1] as whole numbers of these bits."""
    kind = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32 if bits <= 32 else np.uint64
    if bits == 64:  # beyond what float64 tells apart
        return np.rint(values * 255).astype(np.uint64) * np.uint64(0x0101010101010101)
    return np.rint(values * (2.0**bits - 1)).astype(kind)


def _back(samples: NDArray[Any], bits: int) -> Floats:
    return samples.astype(np.float64) / (2.0**bits - 1)


def _named(*parts: Any) -> str:
    names = {None: "strips", "<": "little", ">": "big", True: "planes", False: "chunky", (32, 16): "tiles"}
    return "-".join(names[p] if isinstance(p, bool | tuple | None) or p in ORDERS else str(p) for p in parts)


def greys() -> Iterator[Case]:
    for white, bits, order, tile in itertools.product(
        (False, True), (*range(1, 17), 32, 64), ORDERS, BY_TILES
    ):
        samples = whole(GREY, bits)
        stored = (2**bits - 1) - samples if white else samples
        tiff = Tiff(stored, bits, 0 if white else 1, order, tile=tile)
        yield _case(
            _named("white-is-zero" if white else "grey", bits, order, tile), tiff, _back(samples, bits)
        )


def colours() -> Iterator[Case]:
    for bits, planes, order, tile in itertools.product(
        (1, 2, 4, 5, 6, 8, 10, 12, 14, 16, 32, 64), (False, True), ORDERS, BY_TILES
    ):
        samples = whole(RGB, bits)
        tiff = Tiff(samples, bits, 2, order, planes=planes, tile=tile)
        yield _case(_named("rgb", bits, order, planes, tile), tiff, _back(samples, bits))


def floats() -> Iterator[Case]:
    for bits, coloured, order, planes, predictor in itertools.product(
        (16, 24, 32, 64), (False, True), ORDERS, (False, True), (1, 3)
    ):
        if (bits == 24 and predictor == 3) or (planes and not coloured):
            continue
        values = (RGB if coloured else GREY).astype(f"f{max(4, bits // 8) if bits != 16 else 2}")
        tiff = Tiff(
            values, bits, 2 if coloured else 1, order, planes=planes, kind=3,
            predictor=predictor, coding=8 if predictor == 3 else 1,
        )  # fmt: skip
        name = _named("float", bits, "rgb" if coloured else "grey", order, planes, f"predictor{predictor}")
        yield _case(name, tiff, values.astype(np.float64))


def transparencies() -> Iterator[Case]:
    for coloured, extra, bits, planes, order in itertools.product(
        (False, True), (0, 1, 2, None), (8, 12, 16, 32, 0), (False, True), ORDERS
    ):
        if extra is None and not coloured:
            continue
        base = RGB if coloured else GREY
        stored = np.concatenate([base * ALPHA if extra == 1 else base, ALPHA], axis=2)
        samples = whole(stored, bits) if bits else stored.astype(np.float32)
        tiff = Tiff(
            samples, bits or 32, 2 if coloured else 1, order, planes=planes,
            kind=None if bits else 3, extra=() if extra is None else (extra,),
        )  # fmt: skip
        said = {0: "unspecified", 1: "associated", 2: "unassociated", None: "unsaid"}[extra]
        name = _named("rgb" if coloured else "grey", said, bits or "float", planes, order)
        near = 1.6 / 255 if bits == 8 and extra == 1 else NEAR  # rounded, and divided without
        yield _case(name, tiff, base, None if extra == 0 else ALPHA, near)
    several = np.concatenate([RGB, GREY, ALPHA], axis=2)
    for bits, (extra, alpha) in itertools.product((8, 16), (((0, 2), ALPHA), ((0, 0), None))):
        yield _case(
            f"rgb-extras-{extra}-{bits}", Tiff(whole(several, bits), bits, 2, extra=extra), RGB, alpha
        )


def codings() -> Iterator[Case]:
    for coding, predictor, bits, coloured, order, tile in itertools.product(
        (1, 5, 8, 32946, 32773, 34925, 50000), (1, 2), (8, 16, 32), (False, True), ORDERS, BY_TILES
    ):
        if predictor == 2 and coding in (1, 32773):
            continue
        samples = whole(RGB if coloured else GREY, bits)
        tiff = Tiff(samples, bits, 2 if coloured else 1, order, tile=tile, coding=coding, predictor=predictor)
        name = _named(
            f"coding{coding}", f"predictor{predictor}", bits, "rgb" if coloured else "grey", order, tile
        )
        yield _case(name, tiff, _back(samples, bits))
    for coding, bits, planes in itertools.product((5, 8, 32773, 50000), (2, 4, 12, 14), (False, True)):
        samples = whole(RGB, bits)
        tiff = Tiff(samples, bits, 2, coding=coding, planes=planes)
        yield _case(_named(f"coding{coding}", bits, planes), tiff, _back(samples, bits))


def palettes() -> Iterator[Case]:
    for bits, order, tile, shallow in itertools.product((1, 2, 4, 8, 16), ORDERS, BY_TILES, (False, True)):
        count = 2**bits
        table = np.random.default_rng(bits).integers(0, 256, (count, 3))
        table[0] = 255
        indices = (np.arange(HEIGHT * WIDTH) * 7 % count).reshape(HEIGHT, WIDTH, 1)
        stored = (table if shallow else table * 257).T.reshape(-1).tolist()
        tiff = Tiff(indices, bits, 3, order, tile=tile, tags={320: ("H", stored)})
        name = _named("palette", bits, "of8" if shallow else "of16", order, tile)
        yield _case(name, tiff, table[indices[..., 0]] / 255)
    table = np.stack([np.arange(256)] * 3, axis=1) * 257
    samples = np.concatenate([whole(GREY, 8), whole(ALPHA, 8)], axis=2)
    tiff = Tiff(samples, 8, 3, extra=(2,), tags={320: ("H", table.T.reshape(-1).tolist())})
    yield _case("palette-alpha", tiff, GREY, ALPHA)


def inks() -> Iterator[Case]:
    black = 1 - RGB.max(axis=2, keepdims=True)
    cmyk = np.concatenate([1 - RGB / np.maximum(1 - black, 1e-9), black], axis=2).clip(0, 1)
    for bits, planes, order, tile, extra in itertools.product(
        (8, 12, 16, 32), (False, True), ORDERS, BY_TILES, ((), (2,), (0,))
    ):
        stored = np.concatenate([cmyk, ALPHA], axis=2) if extra else cmyk
        tiff = Tiff(whole(stored, bits), bits, 5, order, planes=planes, tile=tile, extra=extra)
        name = _named("cmyk", bits, planes, order, tile, "".join(map(str, extra)) or "plain")
        yield _case(name, tiff, RGB, ALPHA if extra == (2,) else None, 2.01 / 255)


def lumas() -> Iterator[Case]:
    """YCbCr that no JPEG holds; colours shared by pixels are of a picture that has them in blocks."""
    for (across, down), order, coding in itertools.product(
        ((1, 1), (2, 1), (1, 2), (2, 2), (4, 2), (4, 4)), ORDERS, (1, 5, 8)
    ):
        blocks = RGB[::4, ::4].repeat(4, axis=0).repeat(4, axis=1)[:HEIGHT, :WIDTH]
        ycc = whole(_ycbcr(blocks), 8)
        rows = 16
        parts = [_units(ycc[top : top + rows], across, down) for top in range(0, HEIGHT, rows)]
        packed = [{1: bytes, 5: _lzw, 8: _deflate}[coding](part) for part in parts]
        tags: dict[int, Values | None] = {530: ("H", [across, down])}
        tiff = Tiff(ycc, 8, 6, order, coding=coding, rows=rows, tags=tags, packed=tuple(packed))
        yield _case(f"ycbcr-{across}x{down}-{coding}-{_named(order)}", tiff, blocks, None, 2.5 / 255)
    tiff = Tiff(whole(_ycbcr(RGB), 8), 8, 6)
    yield _case("ycbcr-unsaid-1x1", tiff, RGB, None, 2.5 / 255)
    halved = tuple(_units(whole(_ycbcr(blocks), 8)[top : top + 16], 2, 2) for top in range(0, HEIGHT, 16))
    tiff = Tiff(whole(_ycbcr(blocks), 8), 8, 6, packed=halved)
    yield _case("ycbcr-unsaid-2x2", tiff, blocks, None, 2.5 / 255)
    for bits, planes, order in itertools.product((8, 16), (False, True), ORDERS):
        tiff = Tiff(whole(_ycbcr(RGB), bits), bits, 6, order, planes=planes, tags={530: ("H", [1, 1])})
        yield _case(_named("ycbcr", bits, planes, order), tiff, RGB, None, 2.5 / 255)


def _ycbcr(rgb: Floats) -> Floats:
    luma = rgb @ (0.299, 0.587, 0.114)
    blue, red = (rgb[..., 2] - luma) / 1.772, (rgb[..., 0] - luma) / 1.402
    return np.stack([luma, blue + 128 / 255, red + 128 / 255], axis=-1).clip(0, 1)


def _units(ycc: NDArray[Any], across: int, down: int) -> bytes:
    height, width = ycc.shape[:2]
    padded = np.pad(ycc, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
    out = bytearray()
    for top in range(0, len(padded), down):
        for left in range(0, padded.shape[1], across):
            unit = padded[top : top + down, left : left + across]
            out += unit[..., 0].tobytes() + unit[0, 0, 1:].tobytes()
    return bytes(out)


def _lzw(raw: bytes) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.lzw_encode(raw))


def _deflate(raw: bytes) -> bytes:
    import zlib

    return zlib.compress(raw)


def labs() -> Iterator[Case]:
    """Lab of the white of D50, signed and with its zero in the middle."""
    rgb = 0.15 + 0.7 * RGB
    lab = _lab_d50(rgb)
    for photometric, bits, planes, order in itertools.product((8, 9), (8, 16), (False, True), ORDERS):
        if bits == 8:
            light, other = lab[..., :1] * 2.55, lab[..., 1:] + (0 if photometric == 8 else 128)
        else:
            scale = 655.35 if photometric == 8 else 652.8
            light, other = lab[..., :1] * scale, (lab[..., 1:] + (0 if photometric == 8 else 128)) * 256
        stored = np.rint(np.concatenate([light, other], axis=2)).astype(int) & (2**bits - 1)
        tiff = Tiff(stored, bits, photometric, order, planes=planes)
        near = 5 / 255 if bits == 8 else NEAR
        yield _case(_named(f"lab{photometric}", bits, planes, order), tiff, rgb, None, near)


def _lab_d50(rgb: Floats) -> Floats:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
    xyz = linear @ np.array(matrix).T / (0.9642, 1.0, 0.8249)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def turned() -> Iterator[Case]:
    """Bits turned around within bytes, pictures on their side, and BigTIFF."""
    for bits, coding, coloured in itertools.product((1, 2, 4, 8, 12, 16), (1, 5, 8, 32773), (False, True)):
        samples = whole(RGB if coloured else GREY, bits)
        tiff = Tiff(samples, bits, 2 if coloured else 1, coding=coding, fill=2)
        name = f"fill2-{bits}-coding{coding}-{'rgb' if coloured else 'grey'}"
        yield _case(name, tiff, _back(samples, bits))
    for orientation, bits in itertools.product(range(1, 9), (8, 16, 12)):
        samples = whole(_laid(RGB, orientation), bits)
        tiff = Tiff(samples, bits, 2, tags={274: ("H", [orientation])})
        yield _case(f"orientation{orientation}-{bits}", tiff, RGB)
    for bits, order, tile, planes in itertools.product((8, 12, 16, 32), ORDERS, BY_TILES, (False, True)):
        samples = whole(RGB, bits)
        tiff = Tiff(samples, bits, 2, order, big=True, tile=tile, planes=planes, coding=8)
        yield _case(_named("bigtiff", bits, order, tile, planes), tiff, _back(samples, bits))
    for kind, bits in itertools.product((1, 4), (8, 12, 16, 32)):
        samples = whole(RGB, bits)
        yield _case(f"kind{kind}-{bits}", Tiff(samples, bits, 2, kind=kind), _back(samples, bits))


def _laid(picture: Floats, orientation: int) -> Floats:
    """The picture as it lies in a file of this orientation."""
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.swapaxes(picture, 0, 1) if orientation >= 5 else picture


def by_pillow() -> Iterator[Case]:
    """Faxes and JPEG by libtiff."""
    photo8 = Image.fromarray((RGB * 255).round().astype(np.uint8))
    bit = photo8.convert("1")
    for name in ("tiff_ccitt", "group3", "group4"):
        yield _by_pillow(name, bit, np.asarray(bit.convert("RGB")) / 255, NEAR, compression=name)
    for mode in ("L", "RGB", "CMYK"):
        image = photo8.convert(mode)
        want = np.asarray(image.convert("RGB")) / 255
        yield _by_pillow(f"jpeg-{mode}", image, want, 8 / 255, compression="jpeg", quality=95)
        yield _by_pillow(f"lzw-{mode}", image, want, NEAR, compression="tiff_lzw")
        yield _by_pillow(f"packbits-{mode}", image, want, NEAR, compression="packbits")
    for mode in ("LA", "RGBA", "P"):
        image = photo8.convert(mode)
        yield _by_pillow(f"deflate-{mode}", image, np.asarray(image.convert("RGB")) / 255, NEAR,
                         compression="tiff_adobe_deflate")  # fmt: skip


def _by_pillow(name: str, image: Image.Image, want: Floats, near: float, **options: Any) -> Case:
    def make() -> bytes:
        out = io.BytesIO()
        image.save(out, "TIFF", **options)
        return out.getvalue()

    return Case(f"pillow-{name}", make, want, None, near)


def by_tifffile() -> Iterator[Case]:
    """What another program's library writes."""
    for coding, bits, coloured, tile in itertools.product(
        ("lzw", "zlib", "lzma", "zstd", "packbits", "jpeg", "jpeg2000", "webp"),
        (8, 16),
        (False, True),
        BY_TILES,
    ):
        if (coding in ("jpeg", "webp") and bits == 16) or (coding == "webp" and not coloured):
            continue
        if (
            coding == "jpeg" and tile and coloured
        ):  # it fills tiles up with black, which runs into the picture
            continue
        samples = whole(RGB if coloured else GREY[..., 0], bits)
        want = _back(samples if coloured else samples[..., None], bits)
        options: dict[str, Any] = {"compression": coding, "photometric": "rgb" if coloured else "minisblack"}
        if coding == "jpeg":
            options["compressionargs"] = {"level": 95}
        if coding == "webp":
            options["compressionargs"] = {"lossless": True}
        if tile:
            options["tile"] = (16, 32)
        near = 8 / 255 if coding == "jpeg" else NEAR
        name = f"tifffile-{coding}-{bits}-{'rgb' if coloured else 'grey'}-{_named(tile)}"
        yield _by_tifffile(name, samples, want, near, options)


def _by_tifffile(
    name: str, samples: NDArray[Any], want: Floats, near: float, options: dict[str, Any]
) -> Case:
    def make() -> bytes:
        import tifffile

        out = io.BytesIO()
        tifffile.imwrite(out, samples, metadata=None, **options)
        return out.getvalue()

    return Case(name, make, np.broadcast_to(want, (*want.shape[:2], 3)), None, near)


def refused() -> Iterator[Case]:
    """Layouts of no one meaning, and what is not read: each with words of its refusal."""
    grey, rgb = whole(GREY, 8), whole(RGB, 8)
    deep = whole(RGB, 16)
    table: list[tuple[str, Tiff, str]] = [
        *((f"signed-{bits}", Tiff((GREY * 100).astype(np.int64), bits, 1, kind=2), "signed")
          for bits in (8, 16, 32)),
        *((f"complex-{bits}", Tiff(GREY.astype(complex), bits, 1, kind=6), "complex") for bits in (64, 128)),
        ("complex-whole", Tiff(whole(GREY, 32), 32, 1, kind=5), "complex"),
        ("kind-9", Tiff(rgb, kind=9), "unknown kind"),
        ("float-255", Tiff((RGB * 255).astype(np.float32), 32, kind=3), "reach from 0 to 255"),
        ("float-nan", Tiff(np.full((HEIGHT, WIDTH, 3), np.nan), 32, kind=3), "NaN or infinite"),
        ("float-infinite", Tiff(np.full((HEIGHT, WIDTH, 3), np.inf), 64, kind=3), "NaN or infinite"),
        ("mask", Tiff(whole(GREY, 1), 1, 4), "transparency mask"),
        *((f"photometric-{number}", Tiff(rgb, 8, number), says) for number, says in (
            (10, "ITU Lab"), (32844, "LogL"), (32845, "LogLuv"), (51177, "depth"), (77, "unknown kind"))),
        ("unsaid", Tiff(rgb, tags={262: None}), "does not say what"),
        ("unsaid-grey", Tiff(grey, tags={262: None}), "nor which of them is white"),
        ("grey-of-4", Tiff(whole(np.concatenate([RGB, ALPHA], 2), 8), 8, 1, extra=(0, 0, 0)), "does not say"),
        ("mixed-bits", Tiff(rgb, tags={258: ("H", [5, 6, 5])}), "different bits"),
        ("mixed-kinds", Tiff(rgb, tags={339: ("H", [1, 2, 1])}), "different kinds"),
        ("white-is-zero-associated", Tiff(whole(np.concatenate([GREY, ALPHA], 2), 8), 8, 0, extra=(1,)),
         "multiplied by alpha"),
        ("no-cmyk", Tiff(whole(np.concatenate([RGB, GREY], 2), 8), 8, 5, tags={332: ("H", [2])}), "inks"),
        ("ycbcr-unsaid", Tiff(rgb, 8, 6, coding=8), "how pixels share"),
        ("volume", Tiff(grey, 8, 1, tags={32997: ("I", [4])}), "volume"),
        *((f"bits-{bits}-{order}", Tiff(whole(GREY, bits), bits, 1, order), f"{bits} bits")
          for bits in (17, 24) for order in ORDERS),
        ("bits-40", Tiff(grey, 8, 1, tags={258: ("H", [40])}), "40 bits"),
        ("float-of-8", Tiff(grey, 8, 1, kind=3), "floating point of 8 bits"),
        ("predictor-float", Tiff(deep, 16, 2, predictor=2, coding=8, tags={317: ("H", [3])}), "predictor"),
        ("predictor-9", Tiff(rgb, coding=8, tags={317: ("H", [9])}), "predictor"),
        ("predictor-packbits", Tiff(rgb, coding=32773, predictor=2), "PackBits with a predictor"),
        ("channels", Tiff(np.zeros((HEIGHT, WIDTH, 40), np.uint8), 8, 1), "40 channels"),
        *((f"coding-{number}", Tiff(rgb, tags={259: ("H", [number])}), says) for number, says in (
            (32809, "ThunderScan"), (34661, "JBIG"), (34676, "SGI Log"), (34887, "LERC"), (50002, "JPEG XL"),
            (34933, "PNG"), (12345, "number 12345"))),
        *((f"raw-{number}", Tiff(grey, 8, number), "a camera raw") for number in (32803, 34892)),
        ("palette-short", Tiff(grey, 8, 3, tags={320: ("H", [0] * 30)}), "palette is too short"),
        ("palette-none", Tiff(grey, 8, 3), "palette is too short"),
        ("fax-of-8", Tiff(grey, 8, 1, tags={259: ("H", [4])}), "fax"),
    ]  # fmt: skip
    for name, tiff, says in table:
        yield Case(f"refused-{name}", tiff.write, None, says=says)


def mixed(seed: int = 0, count: int = 400) -> Iterator[Case]:
    """Everything with everything, drawn at random."""
    random = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:
        return values[int(random.integers(len(values)))]

    for index in range(count):
        coloured, extra = one_of(False, True), one_of((), (), (0,), (1,), (2,))
        floats = one_of(False, False, False, True)
        bits = one_of(16, 32, 64) if floats else one_of(1, 2, 3, 4, 6, 8, 8, 10, 12, 14, 16, 16, 32)
        coding = one_of(*(1, 5, 8, 32946, 32773, 34925, 50000))
        predictor = 1
        if coding not in (1, 32773) and random.random() < 0.5:
            predictor = 3 if floats else 2 if bits in (8, 16, 32) else 1
        base = RGB if coloured else GREY
        stored = np.concatenate([base * ALPHA if extra == (1,) else base, ALPHA], axis=2) if extra else base
        samples = stored.astype(f"f{bits // 8}") if floats else whole(stored, bits)
        tiff = Tiff(
            samples, bits, 2 if coloured else 1, one_of(*ORDERS), one_of(False, True), one_of(False, True),
            one_of(None, (16, 16), (32, 48), (80, 64)), one_of(1, 7, 16, 45, 64), coding, predictor,
            one_of(1, 1, 2), 3 if floats else one_of(None, 1, 4), extra,
        )  # fmt: skip
        shown = stored if floats else _back(samples, bits)
        colours, alpha = shown[..., : base.shape[2]], shown[..., -1:]
        few = not floats and bits <= 8
        near = (2.0 / (2**bits - 1) if few else 2 / 255) if extra == (1,) else NEAR
        if extra == (1,):  # of few bits, what was multiplied is known roughly
            colours = np.where(alpha > 0, colours / np.maximum(alpha, 1e-9), 0).clip(0, 1)
        yield _case(f"mixed-{seed}-{index}", tiff, colours, alpha if extra in ((1,), (2,)) else None, near)


FAMILIES = (
    greys, colours, floats, transparencies, codings, palettes, inks, lumas, labs, turned, by_pillow,
    by_tifffile, mixed, refused,
)  # fmt: skip


def cases() -> list[Case]:
    """All of them."""
    return [case for family in FAMILIES for case in family()]
