"""The flash guard against a twin that counts flashes in another way, and against strobes of many kinds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverie.motion.flashing.guard import FlashGuard, FlashReport
from support import flash_twin as twin
from support.slow import mostly_slow

BLACK, WHITE, RED, BLUE = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)
Colour = tuple[int, int, int]


def flat(colour: Colour, size: tuple[int, int] = twin.SIZE) -> np.ndarray:
    return np.full((size[1], size[0], 3), colour, np.uint8)


def strobe(
    hertz: float,
    rate: float = 25,
    seconds: float = 1.6,
    colours: tuple[Colour, Colour] = (BLACK, WHITE),
    part: tuple[slice, slice] = (slice(None), slice(None)),
) -> tuple[list[np.ndarray], list[float]]:
    """A part of the frame that changes between two colours; the rest stays grey."""
    frames, times = [], [k / rate for k in range(round(seconds * rate))]
    for time in times:
        frame = flat((90, 90, 90))
        frame[part] = colours[int(2 * hertz * time + 1e-9) % 2]
        frames.append(frame)
    return frames, times


def guarded(
    frames: Iterable[np.ndarray], times: Sequence[float], **options: bool
) -> tuple[list[np.ndarray], FlashReport]:
    frames = list(frames)
    height, width = frames[0].shape[:2]
    guard = FlashGuard((width, height), 25, **options)
    shown = [guard(frame, time) for frame, time in zip(frames, times, strict=True)]
    return shown, guard.report()


def untouched(shown: list[np.ndarray], frames: list[np.ndarray]) -> bool:
    return all(one is other for one, other in zip(shown, frames, strict=True))


def count(frames: list[np.ndarray], times: Sequence[float]) -> tuple[int, int, int]:
    return twin.general(frames, times), twin.red(frames, times), twin.red_of_22(frames, times)


# -- strobes ------------------------------------------------------------------------------------------


@mostly_slow(("hertz", "rate"), [(5, 23.976), (10, 25), (5, 30), (10, 50), (12.5, 25)])
def test_a_strobe_is_damped_below_the_limit(hertz: float, rate: float) -> None:
    frames, times = strobe(hertz, rate)
    shown, report = guarded(frames, times)
    assert twin.general(frames, times) > 3
    assert twin.general(shown, times) <= 3
    assert report.flashing
    assert report.safe
    assert report.general == pytest.approx(min(hertz, rate / 2), abs=0.6)
    assert report.general_left <= 3
    assert report.damped > len(frames) / 4


@pytest.mark.slow
def test_what_is_left_of_a_strobe_after_a_second_is_below_what_counts() -> None:
    frames, times = strobe(10, seconds=4)
    shown, _ = guarded(frames, times)
    light = twin.light(np.stack(shown))[25:, 0, 0, 1]
    assert np.abs(np.diff(light)).max() < 0.1
    # It does not hang in the dark or the bright either: it settles in the middle.
    assert 0.2 < light[-10:].mean() < 0.8


@pytest.mark.parametrize("hertz", [0.5, 1, 2, 3])
@pytest.mark.parametrize("rate", [24, 25, 30, 60])
def test_three_flashes_a_second_pass_bit_for_bit(hertz: float, rate: float) -> None:
    frames, times = strobe(hertz, rate)
    shown, report = guarded(frames, times)
    assert untouched(shown, frames)
    assert not report.flashing
    assert report.damped == 0
    assert report.words() == ""


@pytest.mark.slow
def test_changes_below_a_tenth_and_between_two_brights_do_not_count() -> None:
    for pair in (((100, 100, 100), (124, 124, 124)), ((232, 232, 232), (255, 255, 255))):
        frames, times = strobe(10, colours=pair)
        assert twin.general(frames, times) == 0
        shown, report = guarded(frames, times)
        assert untouched(shown, frames)
        assert report.general == 0


@pytest.mark.slow
@pytest.mark.parametrize("colours", [(BLACK, RED), (BLUE, RED), ((120, 0, 0), (60, 60, 60))])
def test_a_red_strobe_is_damped_also_where_its_light_hardly_changes(colours: tuple[Colour, Colour]) -> None:
    frames, times = strobe(8, colours=colours)
    shown, report = guarded(frames, times)
    assert max(twin.red(frames, times), twin.red_of_22(frames, times)) > 3
    assert max(count(shown, times)) <= 3
    assert report.red > 3
    assert report.red_left <= 3
    if colours[0] == (120, 0, 0):
        assert twin.general(frames, times) == report.general == 0


@pytest.mark.slow
def test_a_flash_needs_more_than_a_quarter_of_a_field() -> None:
    wide, high = twin.FIELD
    side = int(np.sqrt(wide * high / 4))  # 18 px: just below a quarter
    small, times = strobe(8, part=(slice(30, 30 + side), slice(40, 40 + side)))
    shown, report = guarded(small, times)
    assert untouched(shown, small)
    assert report.general <= 3
    larger, _ = strobe(8, part=(slice(30, 32 + side), slice(40, 42 + side)))
    shown, report = guarded(larger, times)
    assert twin.general(larger, times) > 3
    assert twin.general(shown, times) <= 3
    # Several small ones in one field count together.
    spots, _ = strobe(8, part=(slice(30, 46), slice(40, 80)))
    for frame in spots:
        frame[:, 50:60] = 90
    assert twin.general(spots, times) > 3
    assert twin.general(guarded(spots, times)[0], times) <= 3


def test_what_does_not_flash_stays_as_it_is_beside_what_does() -> None:
    frames, times = strobe(8, part=(slice(None), slice(0, 40)))
    rng = np.random.default_rng(0)
    for frame in frames:
        frame[:, 80:] = rng.integers(0, 60, (96, 48, 3), np.uint8)
    shown, report = guarded(frames, times)
    assert report.damped > 0
    assert all(np.array_equal(a[:, 80:], b[:, 80:]) for a, b in zip(shown, frames, strict=True))


@pytest.mark.slow
def test_flashes_that_come_each_time_elsewhere_count_together() -> None:
    frames, times = [], [k / 25 for k in range(60)]
    for k in range(60):
        frame = flat(BLACK)
        if k % 2:
            # Each place is lit in one frame of five, twice a second and a half: no place flashes too often.
            slot = k // 2 % 5
            frame[32:64, 30 + 16 * slot : 46 + 16 * slot] = 255
        frames.append(frame)
    assert twin.general(frames, times) <= 3
    shown, report = guarded(frames, times)
    assert report.general > 3
    assert report.general_left <= 3
    assert not untouched(shown, frames)


@pytest.mark.slow
def test_a_checkerboard_counts_unless_it_is_finer_than_a_tenth_of_a_degree() -> None:
    size = (1024, 576)
    y, x = np.mgrid[:576, :1024]
    for square, flashes in ((1, False), (40, True)):
        board = ((y // square + x // square) % 2)[..., None].astype(np.uint8) * np.uint8([255, 255, 255])
        guard = FlashGuard(size, 25)
        for k in range(12):
            guard(board if k % 2 else 255 - board)
        assert guard.report().flashing is flashes


@pytest.mark.slow
def test_turns_that_add_up_from_frame_to_frame_are_held_though_no_place_flashed_before() -> None:
    """A hundred frames a second: each turn is two frames of 15 % of every field, elsewhere each time."""
    frame = flat(WHITE)
    frames, times = [frame.copy() for _ in range(5)], [0.01 * k for k in range(5)]
    column = np.arange(frame.shape[1]) % 40
    for turn in range(9):
        first, colour = 13 * (turn // 2 % 3), WHITE if turn % 2 else BLACK
        for left in (first, first + 6):
            frame = frame.copy()
            frame[:, (column >= left) & (column < left + 6)] = colour
            frames.append(frame)
            times.append(times[-1] + (0.06 if left == first else 0.01))
    shown, report = guarded(frames, times)
    assert report.general > 3
    assert report.safe
    assert twin.together(shown, times) <= 3


# -- any film -----------------------------------------------------------------------------------------


@st.composite
def films(draw: st.DrawFn) -> tuple[list[np.ndarray], list[float]]:
    """Frames of a few flat rectangles each, at even or uneven times."""
    count = draw(st.integers(8, 26))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    palette = draw(
        st.lists(
            st.sampled_from([BLACK, WHITE, RED, BLUE, (200, 30, 30), (128, 128, 128), (255, 255, 0)]),
            min_size=2,
            max_size=4,
        )
    )
    steps = rng.choice([0.01, 0.02, 0.04, 0.11], count) if draw(st.booleans()) else np.full(count, 0.04)
    frames = []
    for _ in range(count):
        frame = frames[-1].copy() if frames and rng.random() < 0.2 else flat((60, 60, 60))
        for _ in range(rng.integers(1, 4)):
            left, top = rng.integers(0, 90), rng.integers(0, 60)
            frame[top : top + rng.integers(20, 96), left : left + rng.integers(20, 128)] = palette[
                rng.integers(len(palette))
            ]
        frames.append(frame)
    return frames, np.cumsum(steps).tolist()


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(films(), st.booleans())
def test_no_film_comes_out_with_more_than_three(
    film: tuple[list[np.ndarray], list[float]], floats: bool
) -> None:
    frames, times = film
    if floats:
        frames = [frame.astype(np.float32) / 255 for frame in frames]
    shown, report = guarded(frames, times)
    assert twin.together(shown, times) <= 3
    assert twin.of_fields(shown, times, 0.3) <= 3
    assert report.safe
    assert all(frame.dtype == frames[0].dtype for frame in shown)
    again, second = guarded(shown, times)
    assert untouched(again, shown)
    assert second.general == report.general_left
    assert second.red == report.red_left


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(films(), st.integers(1, 25))
def test_a_guard_goes_on_from_its_state_with_the_same_bytes(
    film: tuple[list[np.ndarray], list[float]], cut: int
) -> None:
    frames, times = film
    cut = min(cut, len(frames) - 1)
    whole, report = guarded(frames, times)
    first = FlashGuard(twin.SIZE, 25)
    begun = [first(*pair) for pair in zip(frames[:cut], times[:cut], strict=True)]
    kept = first.state_dict()
    first(frames[cut], times[cut])  # what goes on must not reach into what was kept
    second = FlashGuard.from_dict(kept)
    rest = [second(*pair) for pair in zip(frames[cut:], times[cut:], strict=True)]
    assert all(np.array_equal(a, b) for a, b in zip(whole, begun + rest, strict=True))
    assert second.report() == report


@pytest.mark.slow
def test_a_moving_photograph_passes_untouched() -> None:
    data = pytest.importorskip("skimage.data")
    photo = cv2.resize(data.chelsea(), (640, 426), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(2)
    guard = FlashGuard((320, 180), 25)
    for k in range(50):
        # Zooming 1.25 times a second, turning, panning; with grain, and its contrast stretched as dreams do.
        matrix = cv2.getRotationMatrix2D((320, 213), 0.4 * k, 1.25 ** (k / 25))
        matrix[:, 2] -= (160 + k, 123)
        frame = cv2.warpAffine(photo, matrix, (320, 180), flags=cv2.INTER_CUBIC).astype(np.float32)
        frame = (frame - 110) * 1.6 + 110 + rng.normal(0, 8, frame.shape)
        frame = np.clip(frame, 0, 255).astype(np.uint8)
        assert guard(frame, Fraction(k, 25)) is frame
    assert not guard.report().flashing


# -- its manners ----------------------------------------------------------------------------------------


def test_allowed_flashes_pass_and_are_said() -> None:
    frames, times = strobe(10)
    shown, report = guarded(frames, times, allow=True)
    assert untouched(shown, frames)
    assert report.damped == 0
    assert report.general == report.general_left == 10
    assert not report.safe
    assert "10 flashes a second" in report.words()
    assert "seizures" in report.words()


def test_a_report_says_what_was_done() -> None:
    _, report = guarded(*strobe(10))
    assert f"damped in {report.damped} of {report.frames} frames" in report.words()
    assert report.as_dict()["flashing"] is True
    assert set(report.as_dict()) == {
        *("frames", "general", "red", "general_left", "red_left", "damped", "flashing", "safe")
    }


@pytest.mark.slow
def test_light_comes_back_when_a_strobe_is_over() -> None:
    frames, times = strobe(10, seconds=3)
    photo = np.random.default_rng(3).integers(0, 255, (96, 128, 3), np.uint8)
    still = [photo if time > 1 else frame for frame, time in zip(frames, times, strict=True)]
    shown, _ = guarded(still, times)
    assert shown[-1] is still[-1]
    back = next(k for k in range(26, 75) if shown[k] is still[k])
    assert times[back] < 1 + 1.7
    assert twin.general(shown, times) <= 3


def test_frames_are_not_kept_and_not_changed() -> None:
    frames, times = strobe(10)
    guard = FlashGuard(twin.SIZE, 25)
    kept = [frame.copy() for frame in frames]
    expected, _ = guarded(frames, times)
    buffer = np.empty_like(frames[0])
    for frame, time, right in zip(kept, times, expected, strict=True):
        buffer[:] = frame
        assert np.array_equal(guard(buffer, time), right)
        buffer[:] = 77
    assert all(np.array_equal(a, b) for a, b in zip(frames, kept, strict=True))


def test_times_may_be_left_out() -> None:
    frames, _ = strobe(10)
    guard = FlashGuard(twin.SIZE, Fraction(25))
    shown = [guard(frame) for frame in frames]
    expected, _ = guarded(frames, [k / 25 for k in range(len(frames))])
    assert all(np.array_equal(a, b) for a, b in zip(shown, expected, strict=True))


@pytest.mark.parametrize(
    ("frame", "time"),
    [
        (np.zeros((96, 127, 3), np.uint8), 1.0),
        (np.zeros((96, 128), np.uint8), 1.0),
        (np.zeros((96, 128, 3), np.float64), 1.0),
        (np.zeros((96, 128, 3), np.float32), 1.0),
        (flat(BLACK), 0.0),
        (flat(BLACK), float("nan")),
        (flat(BLACK), float("inf")),
    ],
)
def test_other_frames_and_times_are_refused(frame: np.ndarray, time: float) -> None:
    guard = FlashGuard(twin.SIZE, 25)
    guard(flat(BLACK), 0.0)
    with pytest.raises(ValueError, match="a frame"):
        guard(frame, time)
    guard(flat(WHITE), 1.0)  # and nothing was lost


@pytest.mark.slow
def test_every_corner_of_the_frame_is_watched() -> None:
    for top, left in itertools.product((0, 64), (0, 86)):
        frames, times = strobe(8, part=(slice(top, top + 32), slice(left, left + 42)), seconds=1.6)
        shown, report = guarded(frames, times)
        assert report.general > 3
        assert twin.general(shown, times) <= 3
