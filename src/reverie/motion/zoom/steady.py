"""What keeps an endless picture steady: brightness, contrast, colour and sharpness held where they began.

A picture that feeds on its own output drifts: each dream adds contrast, each warp takes sharpness away, and
after a minute all is dark, grey or saturated. Here the energy of every band of a Laplacian pyramid (Burt &
Adelson 1983) is held at a reference, for brightness and colour apart, as histograms of subbands are held in
texture synthesis (Heeger & Bergen 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.canvas.fast import fast_enlarge, mixture
from reverie.native import frames
from reverie.native import step as native
from reverie.ops.colour import LUMA, bent, luma
from reverie.ops.filters import enlarge, laplacian_bands, low_pass_cells, low_passed

#: Bands stop where the coarser picture's short side would be below this (pixels).
COARSEST = 6
#: The most bands.
MOST_BANDS = 9
#: A band grows or shrinks by no more than this factor in one frame ...
MOST_GAIN = 1.25
#: ... and where there is next to nothing (RMS), it is left alone.
NOTHING = 1e-4
#: Where the bend towards black and white begins, from each end of the range.
KNEE = 0.05
#: Bounds within which a picture's own brightness, contrast and colour (RMS of the bands) are kept.
BRIGHT, DEVIATION, CONTRAST, COLOUR = (0.36, 0.5), (0.18, 0.22), (0.18, 0.22), (0.06, 0.085)
#: The most that a picture's mean colour may be off grey (RMS over the channels).
MOST_CAST = 0.035
#: Shares of the bands, from the finest to what remains, in between as many as there are.
BRIGHT_BANDS = (0.036, 0.048, 0.058, 0.064, 0.068, 0.072, 0.090)
COLOUR_BANDS = (0.007, 0.013, 0.022, 0.030, 0.038, 0.046, 0.060)


@dataclass(frozen=True)
class SteadyReference:
    """Where a picture is held: means of the channels, and the RMS of each band of brightness and colour.

    Bands are finest first, then what remains (its deviation).
    """

    mean: tuple[float, ...]  # of each channel
    deviation: float  # of brightness
    bright: tuple[float, ...]
    colour: tuple[float, ...]

    @staticmethod
    def of(picture: Tensor) -> SteadyReference:
        """What a picture (1, C, H, W) is like."""
        bright, colour = _split(picture)
        mean = tuple(picture.mean((0, 2, 3)).tolist())
        deviation = float(bright.std(correction=0))
        return SteadyReference(mean, deviation, _energies(_bands(bright)), _energies(_bands(colour)))

    def healthy(self, vivid: float = 1.0) -> SteadyReference:
        """The nearest one that can be looked at for an hour: neither dark nor glaring, grey nor gaudy.

        Mean and contrast stay the picture's own within bounds; the shares of the bands are those of a dream
        with the falloff of natural pictures, in which colour is coarser than brightness. Bounds of colour are
        multiplied by ``vivid``.
        """
        mean = torch.tensor(self.mean)
        bright = float(luma(mean.view(1, -1, 1, 1)))
        cast = mean - bright
        cast *= min(1.0, MOST_CAST / max(1e-6, float(cast.square().mean().sqrt())))
        middle = min(max(bright, BRIGHT[0]), BRIGHT[1])
        return SteadyReference(
            tuple((middle + cast).tolist()),
            min(max(self.deviation, DEVIATION[0]), DEVIATION[1]),
            _profile(self.bright, BRIGHT_BANDS, CONTRAST),
            _profile(self.colour, COLOUR_BANDS, (COLOUR[0] * vivid, COLOUR[1] * vivid)),
        )

    def finer(self, factor: float) -> SteadyReference:
        """The same with the RMS of the two finest bands, of brightness and of colour, times ``factor``."""
        bright, colour = (
            tuple(energy * (factor if band < 2 else 1.0) for band, energy in enumerate(bands))
            for bands in (self.bright, self.colour)
        )
        return replace(self, bright=bright, colour=colour)

    def as_dict(self) -> dict[str, Any]:
        """Plain lists of numbers."""
        return {
            "mean": list(self.mean),
            "deviation": self.deviation,
            "bright": list(self.bright),
            "colour": list(self.colour),
        }

    @staticmethod
    def from_dict(kept: dict[str, Any]) -> SteadyReference:
        """What ``as_dict`` described."""
        return SteadyReference(
            tuple(kept["mean"]), kept["deviation"], tuple(kept["bright"]), tuple(kept["colour"])
        )


def hold(picture: Tensor, reference: SteadyReference, *, circular: bool = False) -> Tensor:
    """A picture brought to a reference: means, and the energy of each band of brightness and colour.

    Args:
        picture: (1, C, H, W), nearly in [0, 1].
        reference: Of a picture of this size.
        circular: Opposite edges meet.

    Returns:
        (1, C, H, W) in [0, 1]; what would lie beyond black and white is bent back softly.
    """
    if native.serves(picture) and len(picture) == 1:
        return frames.hold(picture, _aims(reference, picture.shape[1]), circular=circular)
    bright, colour = _split(picture)
    bright = _held(bright, reference.bright, circular)
    middle, deviation = bright.mean(), float(bright.std(correction=0))
    gain = _gain(deviation, reference.deviation)
    result = _held(colour, reference.colour, circular) + (bright - middle) * gain
    now = result.mean((2, 3), keepdim=True)
    wanted = torch.tensor(reference.mean).to(result).view(1, -1, 1, 1)
    return bent(result + (wanted - now), KNEE)


def evened(change: Tensor, amount: float, *, circular: bool = False) -> Tensor:
    """A change of a picture with its strength (RMS nearby) made more equal over the picture.

    What a network is excited by already gets the most of each step; left alone it would take over, and what
    lies between turn to mud. The change keeps its energy.

    Args:
        change: (1, C, H, W).
        amount: 0 leaves it, 1 makes it as strong everywhere.
        circular: Opposite edges meet.
    """
    if amount <= 0:
        return change
    height, width = change.shape[2:]
    cells, sigma = _nearby(height, width)
    whole = float(change.square().mean())
    squares = F.interpolate(change.square().mean(1, keepdim=True), size=cells, mode="area")
    gain = _evening(low_passed(squares, sigma, circular=circular), whole, amount)
    result = change * enlarge(gain, height, width, circular=circular)
    return result * math.sqrt(whole / max(1e-20, float(result.square().mean())))


def evened_onto(source: Tensor, change: Tensor, amount: float, *, circular: bool = False) -> Tensor:
    """A source (1, C, H, W) and a change of it, ``evened``, within 0 and 1."""
    height, width = int(change.shape[2]), int(change.shape[3])
    cells, sigma = _nearby(height, width)
    swift = native.serves(source, change) and len(change) == 1 and cells <= (height, width)
    if amount <= 0 or not swift:
        return (source + evened(change, amount, circular=circular)).clamp_(0, 1)
    whole = float(torch.linalg.vector_norm(change)) ** 2 / change.numel()
    squares = low_passed(frames.cell_squares(change, *cells), sigma, circular=circular)
    gain = fast_enlarge(_evening(squares, whole, amount).contiguous(), cells[0], width, circular=circular)
    down = mixture(cells[0], height, "wrapped" if circular else "linear")
    square = frames.gained_square(change, gain, down)
    return frames.add_gained(change, gain, down, math.sqrt(whole / max(1e-20, square)), source)


def _nearby(height: int, width: int) -> tuple[tuple[int, int], float]:
    """The (height, width) of the cells that strength nearby is told on, and the sigma of its blur there."""
    return low_pass_cells(height, width, min(height, width) / 16)


def _evening(squares: Tensor, whole: float, amount: float) -> Tensor:
    """What brings mean squares nearby towards the whole's."""
    return (squares.clamp_min(1e-4 * whole + 1e-20) / (whole + 1e-20)) ** (-amount / 2)


def _aims(reference: SteadyReference, channels: int) -> frames.Held:
    """A reference for the kernels."""
    return frames.Held(
        weights=LUMA if channels == 3 else (1 / channels,) * channels,
        mean=reference.mean,
        deviation=reference.deviation,
        bright=reference.bright,
        colour=reference.colour,
        most_bands=MOST_BANDS,
        least_side=2 * COARSEST,
        most_gain=MOST_GAIN,
        nothing=NOTHING,
        knee=KNEE,
    )


def _split(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Brightness (1, 1, H, W), and the colour around it (1, C, H, W)."""
    bright = luma(picture)
    return bright, picture - bright


def _bands(plane: Tensor, circular: bool = False) -> list[Tensor]:
    return laplacian_bands(plane, MOST_BANDS, 2 * COARSEST, circular=circular)


def _profile(
    own: tuple[float, ...], shares: tuple[float, ...], bounds: tuple[float, float]
) -> tuple[float, ...]:
    """Bands with given shares, and the energy of one's own within bounds."""
    places = [i * (len(shares) - 1) / max(1, len(own) - 1) for i in range(len(own))]
    wanted = [
        shares[int(x)] + (shares[min(int(x) + 1, len(shares) - 1)] - shares[int(x)]) * (x % 1) for x in places
    ]
    energy = min(max(math.hypot(*own), bounds[0]), bounds[1])
    return tuple(energy / math.hypot(*wanted) * share for share in wanted)


def _energies(bands: list[Tensor]) -> tuple[float, ...]:
    rest = bands[-1] - bands[-1].mean((2, 3), keepdim=True)
    return tuple(math.sqrt(float(b.square().mean())) for b in [*bands[:-1], rest])


def _held(plane: Tensor, wanted: tuple[float, ...], circular: bool) -> Tensor:
    """A plane with the energy of each of its bands brought to what is wanted."""
    bands = _bands(plane, circular)
    result: Tensor | None = None
    for band, now, aim in zip(reversed(bands), reversed(_energies(bands)), reversed(wanted), strict=True):
        gain = _gain(now, aim)
        if result is None:
            middle = band.mean((2, 3), keepdim=True)
            result = middle + (band - middle) * gain
        else:
            result = band * gain + enlarge(result, *band.shape[2:], circular=circular)
    assert result is not None
    return result


def _gain(now: float, aim: float) -> float:
    """What brings an energy to what is aimed at, within bounds."""
    return min(MOST_GAIN, max(1 / MOST_GAIN, aim / now)) if now > NOTHING else 1.0
