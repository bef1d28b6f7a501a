"""What is seen between keyframes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.live.dreamer.glide import Bytes, Glide, Keyframe, seen
from reverie.live.dreamer.live_camera import LiveCamera
from reverie.live.dreamer.protocol import MoveCamera
from reverie.ops.warp import Similarity

SIZE = (192, 108)
ZOOM, TURN, RIGHT, DOWN = 1.1, 4.0, 0.02, -0.01


def field(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """A smooth picture that goes on without end, at places from its middle: (..., 3) in bytes."""
    chance = np.random.default_rng(seed)
    waves = chance.uniform(-0.15, 0.15, (6, 2, 3))
    phases = chance.uniform(0, 6.28, (6, 3))
    value = sum(
        np.sin(x[..., None] * wave[0] + y[..., None] * wave[1] + phase)
        for wave, phase in zip(waves, phases, strict=True)
    )
    return np.asarray(127.5 + 18 * value)


def places(size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    width, height = size
    y, x = np.mgrid[:height, :width].astype(float)
    return x - (width - 1) / 2, y - (height - 1) / 2


def steady_camera() -> LiveCamera:
    camera = LiveCamera(SIZE, 25.0)
    camera.ask(MoveCamera.model_validate({"zoom": ZOOM, "turn": TURN, "pan_x": RIGHT, "pan_y": DOWN}))
    camera.between(0, 500)  # by now it moves evenly
    return camera


def way_of(frames: int) -> np.ndarray:
    """The twin: from a place of a frame to the one that it shows of a frame so many earlier, as a matrix."""
    angle = math.radians(TURN / 25)
    grows = ZOOM ** (1 / 25)
    step = np.array(
        [
            [math.cos(angle) / grows, math.sin(angle) / grows, RIGHT * SIZE[0] / 25],
            [-math.sin(angle) / grows, math.cos(angle) / grows, DOWN * SIZE[1] / 25],
            [0, 0, 1],
        ]
    )
    return np.linalg.matrix_power(step, frames)


def expected(frames: int, seed: int) -> np.ndarray:
    """What a keyframe shows so many frames after its own."""
    x, y = places()
    u, v, _ = np.einsum("ij,jhw->ihw", way_of(frames), np.stack([x, y, np.ones_like(x)]))
    return field(u, v, seed)


def keyframe(frame: int, seed: int, begins: int, length: int) -> Keyframe:
    return Keyframe(np.rint(field(*places(), seed)).astype(np.uint8), frame, begins, length)


def inner(picture: np.ndarray) -> np.ndarray:
    return np.asarray(picture[12:-12, 12:-12])


@pytest.mark.parametrize("frames", [0, 1, 7, 25])
def test_a_keyframe_is_seen_where_its_twin_says(frames: int) -> None:
    glide = Glide(keyframe(500, 1, 499, 1), steady_camera().between)
    drawn = glide.moment(500 + frames).drawn()
    assert np.abs(inner(drawn) - inner(expected(frames, 1))).max() < 1.5


def test_what_fades_in_is_mixed_in_its_share() -> None:
    glide = Glide(keyframe(500, 1, 499, 1), steady_camera().between)
    glide.enter(keyframe(505, 2, 508, 10))
    for frame, share in ((507, 0.0), (508, 0.0), (511, 0.3), (516, 0.8), (518, 1.0), (530, 1.0)):
        drawn = glide.moment(frame).drawn()
        mixed = expected(frame - 500, 1) * (1 - share) + expected(frame - 505, 2) * share
        assert np.abs(inner(drawn) - inner(mixed)).max() < 2, frame


def test_no_frame_is_a_jump() -> None:
    """Each is as far from the one before as camera and fade make it, where keyframes change too."""
    camera = steady_camera()
    glide = Glide(keyframe(500, 1, 499, 1), camera.between)
    steps, last = [], glide.moment(500).drawn().astype(float)
    for frame in range(501, 560):
        if (frame - 501) % 12 == 0:
            # As it is dreamt: over what will be seen there, with a little that is new.
            view = expected(frame - 500, 1) + 10 * np.sin(frame) * (field(*places(), 3) / 127.5 - 1)
            rgb = np.clip(np.rint(view), 0, 255).astype(np.uint8)
            glide.enter(Keyframe(rgb, frame, frame, 12))
        drawn = glide.moment(frame).drawn().astype(float)
        steps.append(np.abs(inner(drawn) - inner(last)).mean())
        last = drawn
    assert max(steps) < 1.35 * np.median(steps)
    assert min(steps) > 0.6 * np.median(steps)


def test_a_keyframe_waits_for_the_last_one() -> None:
    glide = Glide(keyframe(0, 1, 0, 10), LiveCamera(SIZE, 25.0).between)
    assert glide.free == 10
    with pytest.raises(ValueError, match="the last is there at 10"):
        glide.enter(keyframe(5, 2, 9, 10))
    glide.enter(keyframe(5, 2, 10, 4))
    assert glide.free == 14


@given(st.integers(0, 100), st.integers(1, 40), st.integers(0, 200))
@settings(max_examples=50)
def test_a_share_only_grows(begins: int, length: int, frame: int) -> None:
    one = Keyframe(np.zeros((1, 1, 3), np.uint8), 0, begins, length)
    here, there = one.share(frame), one.share(frame + 1)
    assert 0 <= here <= there <= 1
    assert there - here <= 1 / length + 1e-9


def test_a_view_that_stays_is_the_picture_itself() -> None:
    picture: Bytes = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    assert (seen(picture, Similarity()) == picture).all()


def test_beyond_the_edges_it_is_mirrored() -> None:
    picture: Bytes = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    moved = seen(picture, Similarity(1 + 0j, complex(5, 0)))
    assert (moved[:, :55] == picture[:, 5:]).all()
    assert (moved[:, 55:] == picture[:, 58:53:-1]).all()


def test_natively_it_is_what_opencv_shows() -> None:
    glide = Glide(keyframe(500, 1, 499, 1), steady_camera().between)
    glide.enter(keyframe(505, 2, 508, 10))
    moment = glide.moment(513)
    assert np.abs(moment.drawn().astype(int) - moment.drawn_by_opencv()).max() <= 2
    assert moment.same(glide.moment(513))
    assert not moment.same(glide.moment(514))


def test_a_view_that_turns_far_is_drawn_too() -> None:
    """Upside down, which is for OpenCV."""
    picture: Bytes = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    glide = Glide(Keyframe(picture, 0, -1, 1), lambda first, last: Similarity(-1 + 0j, 0j))
    assert (glide.moment(3).drawn() == picture[::-1, ::-1]).all()


@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 110), st.integers(1, 10))
def test_a_keyframe_that_hurries_is_there_without_a_jump(
    begins: int, length: int, frame: int, frames: int
) -> None:
    picture = np.zeros((1, 1, 3), np.uint8)
    glide = Glide(Keyframe(picture, 0, -1, 1), lambda first, last: Similarity())
    glide.enter(Keyframe(picture, begins, begins, length))

    def share(at: int) -> float:
        return glide._above.share(at)

    before, free = share(frame), glide.free
    glide.hurry(frame, frames)
    assert share(frame) == pytest.approx(before)
    assert glide.free <= min(free, max(frame, begins) + frames) or glide.free == free <= frame
    assert share(glide.free) == 1
    assert glide._above.begins >= min(begins, frame)
    steps = [share(at + 1) - share(at) for at in range(frame, frame + 60)]
    assert all(0 <= step <= max(1 / length, 1 / frames) + 1e-9 for step in steps)
