from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest

from reverie.errors import ReverieWarning
from reverie.media.picture import load_picture
from reverie.media.picture.png_chunks import png_meaning
from support.bad_inputs.corpus import chunk
from support.pictures import read
from support.pngs import RGB, Png, cicp, gama, iccp, png, pngs, srgb, whole
from support.profiles import ADOBE, profile

NEAR = 1.01 / 255


@pytest.mark.parametrize("case", pngs(), ids=str)
def test_a_png_is_what_it_says(tmp_path: Path, case: Png) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(case.data)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = load_picture(path)
    assert [case.warns in str(each.message) for each in said] == [True] * bool(case.warns)
    assert found.depth == (16 if case.data[24] == 16 else 8)
    assert np.abs(found.pixels - case.pixels).max() <= NEAR
    alpha = np.ones(found.pixels.shape[:2]) if case.alpha is None else case.alpha
    given = np.ones(found.pixels.shape[:2]) if found.alpha is None else found.alpha
    assert np.abs(given - alpha).max() < 0.6 / 255


def test_there_are_enough_of_them() -> None:
    found = pngs()
    assert len(found) > 150
    assert len({case.name for case in found}) == len(found)


@pytest.mark.parametrize("bits", [8, 16])
def test_which_of_several_wins(tmp_path: Path, bits: int) -> None:
    """CICP over a profile, that over sRGB, that over gAMA."""
    path = tmp_path / "a.png"
    adobe, linear, plain = iccp(profile(2.2, ADOBE)), gama(1.0), (b"sRGB", b"\0")

    def shown(*chunks: tuple[bytes, bytes]) -> np.ndarray:
        path.write_bytes(png(whole(RGB, bits), bits, 2, *chunks))
        return read(path).pixels

    by_profile = shown(adobe)
    assert np.abs(by_profile - RGB).max() > 5 / 255
    assert (shown(adobe, linear) == by_profile).all()
    assert (shown(adobe, plain) == by_profile).all()
    assert (shown(adobe, plain, linear) == by_profile).all()
    assert np.abs(shown(adobe, cicp(1, 13, 0, 1)) - RGB).max() < NEAR
    assert np.abs(shown(adobe, linear, plain, cicp(1, 8, 0, 1)) - srgb(RGB)).max() < NEAR


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_high_dynamic_range_is_cut_off_at_white_and_said(tmp_path: Path, transfer: int) -> None:
    path = tmp_path / "a.png"
    # 203 candelas are white: ITU-R BT.2408, table 1
    white = {16: 0.5807, 18: 0.75}[transfer]
    levels = np.linspace(0, 1, 64)[None, :, None].repeat(48, 0).repeat(3, 2)
    path.write_bytes(png(whole(levels, 16), 16, 2, cicp(9, transfer, 0, 1)))
    with pytest.warns(ReverieWarning, match="high dynamic range"):
        row = load_picture(path).pixels[0]
    assert np.ptp(row, axis=1).max() < 1e-3  # grey stays grey
    assert (np.diff(row[:, 1]) >= 0).all()
    assert (row[levels[0, :, 0] > white + 0.01] > 0.995).all()
    assert 0.9 < row[levels[0, :, 0] < white][-1, 1] < 1


def test_chunks_with_a_wrong_checksum_or_length_say_nothing() -> None:
    good = png(whole(RGB, 8), 8, 2, gama(1.0))
    at = good.index(b"gAMA")
    assert png_meaning(good).gamma == 1.0
    assert png_meaning(good[: at + 7] + b"\7" + good[at + 8 :]).gamma is None
    assert png_meaning(png(whole(RGB, 8), 8, 2, (b"gAMA", b"\0"))).gamma is None
    behind = good.replace(chunk(*gama(1.0)), b"")
    end = behind.index(b"IEND") - 4
    assert png_meaning(behind[:end] + chunk(*gama(1.0)) + behind[end:]).gamma is None


def test_a_key_of_a_kind_that_has_alpha_says_nothing(tmp_path: Path) -> None:
    both = np.concatenate([RGB, np.full_like(RGB[..., :1], 0.5)], axis=2)
    data = png(whole(both, 8), 8, 6, (b"tRNS", struct.pack(">3H", 0, 0, 0)))
    assert png_meaning(data).transparent is None
