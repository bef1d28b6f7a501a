from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from reverie.errors import ReverieWarning
from reverie.media.picture import load_picture
from reverie.media.picture.colour_profile import to_srgb, to_srgb_deep
from support.bad_inputs import corpus
from support.pictures import PHOTO, integers, read
from support.profiles import ADOBE, SRGB, profile


def test_eight_bits_of_a_profile_become_srgb(tmp_path: Path) -> None:
    grey = np.full((32, 32, 3), 120, np.uint8)
    grey[16:] = [200, 100, 100]
    Image.fromarray(grey).save(tmp_path / "a.png", icc_profile=profile(2.2, ADOBE))
    back = integers(read(tmp_path / "a.png").pixels)
    assert np.abs(back[0, 0] - 120).max() <= 2
    assert back[20, 20, 0] > 214  # Adobe RGB's red is wider than sRGB's


def test_srgb_itself_changes_no_value(tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    x = np.linspace(0, 1, 256)  # as many sRGB profiles have it: a coarse table, so not quite sRGB
    light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    coarse = profile(1.0, SRGB, table=[round(v * 65535) for v in light])
    Image.fromarray(noise).save(tmp_path / "b.png", icc_profile=coarse)
    assert (integers(read(tmp_path / "b.png").pixels) == noise).all()
    Image.fromarray(noise).save(tmp_path / "a.png", icc_profile=icc)
    assert (integers(read(tmp_path / "a.png").pixels) == noise).all()
    deep = np.random.default_rng(0).integers(0, 65536, (64, 64, 3), dtype=np.uint16)
    assert (np.rint(to_srgb_deep(deep, icc) * 65535) == deep).all()


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_deep_profiles_agree_with_littlecms(gamma: float) -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    icc = profile(gamma, ADOBE)
    theirs = np.asarray(to_srgb(Image.fromarray(small), icc)).astype(float)
    ours = to_srgb_deep(small.astype(np.uint16) * 257, icc) * 255
    assert np.abs(ours - theirs).mean() < 0.5
    assert np.abs(ours - theirs).max() < 3
    assert np.abs(ours - small).max() > 10  # and the profile is not nothing


def test_grey_profiles_deep_and_shallow_agree(tmp_path: Path) -> None:
    icc = profile(1.8, space=b"GRAY")
    ramp = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (40, 1))
    Image.fromarray(ramp).save(tmp_path / "a.png", icc_profile=icc)
    Image.fromarray(ramp.astype(np.uint16) * 257).save(tmp_path / "b.png", icc_profile=icc)
    shallow, deep = read(tmp_path / "a.png"), read(tmp_path / "b.png")
    assert deep.depth == 16
    assert np.abs(shallow.pixels - deep.pixels).max() < 2.5 / 255
    linear = to_srgb_deep(np.full((1, 1), 32896, np.uint16), profile(1.0, space=b"GRAY"))
    assert abs(linear[0, 0] - 0.7366) < 1e-3  # half the light, as sRGB writes it


@pytest.mark.parametrize("kind", ["8", "16"])
@pytest.mark.parametrize("icc", [b"nonsense" * 40, profile(2.2, space=b"GRAY"), b"\0" * 200])
def test_a_broken_profile_is_ignored_with_a_warning(tmp_path: Path, kind: str, icc: bytes) -> None:
    path = tmp_path / "a.png"
    if kind == "8":
        Image.fromarray(PHOTO).save(path, icc_profile=icc)
    else:
        data = corpus.deep_png(tmp_path).read_bytes()
        body = b"icc\0\0" + zlib.compress(icc)
        path.write_bytes(data[:33] + corpus.chunk(b"iCCP", body) + data[33:])
    with pytest.warns(ReverieWarning, match="profile is ignored"):
        back = load_picture(path)
    assert np.abs(integers(back.pixels) - PHOTO).max() == 0
