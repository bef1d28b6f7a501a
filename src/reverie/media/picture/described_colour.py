"""Colours that a file describes by numbers, without a profile: brought to sRGB.

Such are the gamma and chromaticities of PNG (PNG third edition, 11.3.2), and the code points for primaries
and transfer that PNG, AVIF and films share (ITU-T H.273, 8.1 and 8.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reverie.media.picture.colour_profile import Floats, encode_srgb

_D65 = (0.3127, 0.3290)
#: x and y of red, green, blue and white.
_SRGB = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65)
_PRIMARIES = {
    1: _SRGB,
    4: (0.670, 0.330, 0.210, 0.710, 0.140, 0.080, 0.310, 0.316),
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),
}
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_PAPER = 203.0  # candelas a square metre of white in a picture of high dynamic range (ITU-R BT.2408)
_PQ, _HLG = 16, 18
_ROWS = 256  # converted at a time, so that the temporaries stay small


@dataclass(frozen=True)
class DescribedColour:
    """How samples of [0, 1] become light.

    Attributes:
        light: Samples (..., 3) to linear light of the file's own primaries, where white is 1.
        matrix: (3, 3), from there to linear sRGB.
        high: Name of a transfer for high dynamic range, whose light may go far beyond 1.
    """

    light: Callable[[Floats], Floats]
    matrix: NDArray[np.float64]
    high: str = ""

    def to_srgb(self, pixels: Floats) -> Floats:
        """(H, W, 3) in [0, 1] as sRGB in [0, 1]; what is brighter or more colourful is clipped."""
        out = np.empty_like(pixels)
        for row in range(0, len(pixels), _ROWS):
            light = self.light(pixels[row : row + _ROWS])
            out[row : row + _ROWS] = encode_srgb(light @ self.matrix.T.astype(np.float32))
        return out


def by_gamma(gamma: float | None, chromaticities: tuple[float, ...] | None) -> DescribedColour | None:
    """The colours of a PNG's gAMA and cHRM, or None where they are sRGB's but for rounding.

    Args:
        gamma: The power by which light was written, such as 0.45455; sRGB's curve where None.
        chromaticities: x and y of red, green, blue and white; sRGB's where None.

    Raises:
        ValueError: They describe no colours.
    """
    usual = gamma is None or abs(gamma - 1 / 2.2) < 0.01 / 2.2
    same = chromaticities is None or max(_differences(chromaticities)) < 0.003
    if usual and same:
        return None
    if gamma is not None and not 0.1 <= gamma <= 10:
        raise ValueError(f"a gamma of {gamma}")
    matrix = np.eye(3) if chromaticities is None or same else _matrix(chromaticities)
    return DescribedColour(_srgb_light if usual or gamma is None else _power(1 / gamma), matrix)


def by_code_points(primaries: int, transfer: int) -> DescribedColour | None:
    """The colours of H.273's code points, or None where they are sRGB.

    Raises:
        ValueError: They are reserved, unspecified, or of a kind that no still picture has.
    """
    if primaries not in _PRIMARIES or transfer not in _LIGHT:
        raise ValueError(f"primaries {primaries} and transfer {transfer}")
    if (primaries, transfer) == (1, 13):
        return None
    matrix = np.eye(3) if primaries == 1 else _matrix(_PRIMARIES[primaries])
    high = {_PQ: "PQ", _HLG: "HLG"}.get(transfer, "")
    return DescribedColour(_LIGHT[transfer], matrix, high)


def _differences(chromaticities: tuple[float, ...]) -> list[float]:
    return [abs(a - b) for a, b in zip(chromaticities, _SRGB, strict=True)]


# -- primaries ----------------------------------------------------------------------------------------------


def _matrix(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    """Linear RGB of these primaries to linear sRGB, white to white (Bradford)."""
    white, srgb_white = _xyz(*chromaticities[6:]), _xyz(*_D65)
    gain = (_BRADFORD @ srgb_white) / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(gain) @ _BRADFORD
    return np.asarray(np.linalg.inv(_to_xyz(_SRGB)) @ adapted @ _to_xyz(chromaticities))


def _to_xyz(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    columns = np.stack([_xyz(*chromaticities[at : at + 2]) for at in (0, 2, 4)], axis=1)
    if not np.isfinite(columns).all() or abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError("primaries that make no colours")
    return columns * np.linalg.solve(columns, _xyz(*chromaticities[6:]))


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    if y <= 0:
        raise ValueError("a chromaticity without light")
    return np.array([x / y, 1.0, (1 - x - y) / y])


# -- transfers ----------------------------------------------------------------------------------------------


def _power(exponent: float) -> Callable[[Floats], Floats]:
    return lambda samples: np.power(samples, np.float32(exponent))


def _srgb_light(samples: Floats) -> Floats:
    """IEC 61966-2-1."""
    return np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def _bt709_light(samples: Floats) -> Floats:
    """ITU-R BT.709 and BT.2020: the inverse of what cameras apply."""
    high = ((samples + 0.09929682680944) / 1.09929682680944) ** (1 / 0.45)
    return np.where(samples < 4.5 * 0.018053968510807, samples / 4.5, high).astype(np.float32)


def _smpte_240_light(samples: Floats) -> Floats:
    high = ((samples + 0.1115) / 1.1115) ** (1 / 0.45)
    return np.where(samples < 0.0913, samples / 4.0, high).astype(np.float32)


def _pq_light(samples: Floats) -> Floats:
    """SMPTE ST 2084; its 10,000 candelas are brought to where paper white is 1."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = np.power(samples.astype(np.float64), 1 / m2)
    light = np.power(np.maximum(root - c1, 0) / (c2 - c3 * root), 1 / m1)
    return np.asarray(light * (10_000 / _PAPER), np.float32)


def _hlg_light(samples: Floats) -> Floats:
    """ITU-R BT.2100 on a display of 1,000 candelas, where paper white is 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(samples <= 0.5, samples**2 / 3, (np.exp((samples - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    shown = scene * np.power(np.maximum(luminance, 0), 0.2)[..., None]
    return np.asarray(shown * (1000 / _PAPER), np.float32)


_LIGHT: dict[int, Callable[[Floats], Floats]] = {
    **dict.fromkeys((1, 6, 14, 15), _bt709_light),
    4: _power(2.2),
    5: _power(2.8),
    7: _smpte_240_light,
    8: _power(1.0),
    13: _srgb_light,
    _PQ: _pq_light,
    17: lambda samples: np.asarray(samples**2.6 * (52.37 / 48.0), np.float32),
    _HLG: _hlg_light,
}
