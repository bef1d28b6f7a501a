"""The fused parts of a step against NumPy in float64, and against the torch code that serves elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.api.dreams import dream
from reverie.canvas.detail import DetailCanvas
from reverie.deepdream.direction import step_direction
from reverie.deepdream.state import State
from reverie.native import Unavailable, library
from reverie.native import step as native
from reverie.native.runtime import Runtime
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support import twins
from support.step_cases import of_bands

pytestmark = pytest.mark.skipif(library() is None, reason="the native library is not built")

KERNELS = native.backends()[1:]
CLOSE = 2e-6


@pytest.fixture(autouse=True)
def fastest():
    """Every test begins and ends with the fastest kernels; ``choose`` takes others until it ends."""
    with Runtime.of().use():
        yield


def choose(backend: str | None) -> None:
    """These kernels from now on, in this test."""
    native.CHOSEN.set(backend)


@pytest.fixture
def threads():
    """Sets the number of threads; set back afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def noise(*shape: int, scale: float = 1.0, seed: int = 0) -> torch.Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def assert_near(found: torch.Tensor, expected: twins.Array, tolerance: float = CLOSE) -> None:
    """Relative to the size of what is expected."""
    error = twins.rms(found[0].double().numpy() - expected)
    assert error <= tolerance * max(twins.rms(expected), 1e-12)


# -- bands -----------------------------------------------------------------------------------------


def wrapped_bands(plane: twins.Array, levels: int) -> list[tuple[twins.Array, int, int]]:
    """The pyramid of a plane whose edges meet, by matrices: (band, rows, columns), finest first."""

    def halve(n: int) -> twins.Array:
        matrix = np.zeros(((n + 1) // 2, n))
        for j in range(len(matrix)):
            for tap, weight in enumerate((1, 4, 6, 4, 1)):
                matrix[j, (2 * j + tap - 2) % n] += weight / 16
        return matrix

    bands = []
    for _ in range(levels):
        if min(plane.shape[1:]) < 8:
            break
        small = np.einsum("ij,cjk,lk->cil", *(halve(plane.shape[1]), plane, halve(plane.shape[2])))
        bands.append((plane - wrapped_enlarged(small, *plane.shape[1:]), *plane.shape[1:]))
        plane = small
    return bands


def wrapped_enlarged(plane: twins.Array, height: int, width: int) -> twins.Array:
    def stretch(n: int, m: int) -> twins.Array:
        matrix = np.zeros((m, n))
        for i in range(m):
            place = (i + 0.5) * n / m - 0.5
            before = int(np.floor(place))
            matrix[i, before % n] += 1 - (place - before)
            matrix[i, (before + 1) % n] += place - before
        return matrix

    down, across = stretch(plane.shape[1], height), stretch(plane.shape[2], width)
    return np.einsum("ij,cjk,lk->cil", down, plane, across)


def equal_bands(plane: twins.Array, levels: int, tilt: float, circular: bool) -> twins.Array:
    if not circular:
        return twins.laplacian_normalised(plane, levels, tilt)
    total = None
    for k, (band, height, width) in reversed(list(enumerate(wrapped_bands(plane, levels)))):
        equal = band / twins.rms(band) * 2 ** (tilt * k)
        total = equal if total is None else equal + wrapped_enlarged(total, height, width)
    assert total is not None
    return total


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(8, 70), st.integers(8, 90)),
    count=st.integers(1, 4),
    way=st.sampled_from(KERNELS),
    **of_bands(4, 12, (-1, 1)),
)
def test_bands_are_made_equal(size, channels, levels, tilt, circular, count, seed, way):
    plane = noise(1, channels, *size, scale=1e-6, seed=seed)
    expected = equal_bands(plane[0].double().numpy(), levels, tilt, circular)
    choose(way)
    threads = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        moments = native.laplacian_(plane, levels=levels, tilt=tilt, circular=circular)
    finally:
        torch.set_num_threads(threads)
    assert_near(plane, expected)
    assert moments.mean == pytest.approx(float(expected.mean()), abs=1e-6)
    assert moments.deviation == pytest.approx(float(expected.std()), rel=1e-5)


@pytest.mark.parametrize("circular", [False, True])
def test_bands_that_are_nothing_stay_nothing(circular):
    """A band without energy has no scale; others keep theirs."""
    flat = torch.full((1, 3, 32, 48), 3.0)
    native.laplacian_(flat, levels=4, tilt=0.2, circular=circular)
    assert not flat.any()
    stripes = torch.zeros(1, 1, 32, 32)
    stripes[..., ::2] = 1.0  # gone at half the size
    expected = stripes - 0.5
    native.laplacian_(stripes, levels=1, tilt=0.0, circular=True)
    torch.testing.assert_close(stripes, expected / expected.square().mean().sqrt())


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (40, 5)])
def test_a_picture_too_small_for_a_band_is_left_to_torch(size):
    plane = noise(1, 3, *size)
    kept = plane.clone()
    assert native.laplacian_(plane, levels=4, tilt=0.0, circular=False) is None
    assert torch.equal(plane, kept)
    direction = step_direction(plane, Recipe(), 1.0)
    whole = kept.double() - kept.double().mean((2, 3), keepdim=True)
    expected = whole / whole.std(correction=0).clamp_min(1e-30)
    torch.testing.assert_close(
        (direction.factor * direction.plane + direction.offset).double(), expected, rtol=1e-5, atol=1e-5
    )


def test_the_room_may_be_given_and_need_not():
    plane = noise(1, 3, 61, 83)
    other = plane.clone()
    options = {"levels": 5, "tilt": 0.1, "circular": False}
    need = native.laplacian_room(plane.shape, 5)
    first = native.laplacian_(plane, **options)
    second = native.laplacian_(other, **options, room=torch.full((need,), float("nan")))
    assert torch.equal(plane, other)
    assert first == second


# -- the canvas ------------------------------------------------------------------------------------


def bend(change: twins.Array, base: twins.Array) -> twins.Array:
    room = np.maximum(np.where(change > 0, 1 - base, base), 1e-6)
    return change / np.sqrt(1 + (change / room) ** 2)


def moved(detail, base, mask, soft, clip):
    """(detail, change) after a clip, in NumPy."""
    weight = np.ones_like(base) if mask is None else np.broadcast_to(mask, base.shape)
    if clip and soft:
        detail = np.clip(detail, -2 * base, 2 * (1 - base))
    elif clip:
        inside = np.clip(base + weight * detail, 0, 1) - base
        detail = np.where(weight > 1e-3, inside / np.maximum(weight, 1e-3), detail)
    change = weight * detail
    return detail, bend(change, base) if soft else change


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 60)),
    channels=st.integers(1, 4),
    masked=st.booleans(),
    soft=st.booleans(),
    clip=st.booleans(),
    steps=st.booleans(),
    scale=st.sampled_from([1.0, 0.7]),
    offset=st.sampled_from([0.0, 0.05]),
    seed=st.integers(0, 99),
    way=st.sampled_from(KERNELS),
)
def test_a_move_is_numpys(size, channels, masked, soft, clip, steps, scale, offset, seed, way):
    rng = torch.Generator().manual_seed(seed)
    base = torch.rand(1, channels, *size, generator=rng)
    base[..., 0, 0], base[..., -1, -1] = 0, 1
    mask = torch.rand(1, 1, *size, generator=rng).sub_(0.2).clamp_(0, 1) if masked else None
    detail = noise(1, channels, *size, scale=0.4, seed=seed)
    plane = noise(1, channels, *size, scale=3.0, seed=seed + 1) if steps else None
    base64, detail64 = base[0].double().numpy(), detail[0].double().numpy()
    mask64 = mask[0].double().numpy() if masked else None
    wanted = scale * detail64 + offset + (0.1 * plane[0].double().numpy() if steps else 0)
    wanted, change = moved(wanted, base64, mask64, soft, clip)
    canvas = DetailCanvas(base, mask, soft=soft)
    canvas.detail = detail
    choose(way)
    canvas.move(plane, factor=0.1, offset=offset, scale=scale, clip=clip)
    by_move, canvas._moved = canvas.moved(), None
    picture = canvas.picture()
    assert canvas.moved() == pytest.approx(by_move, rel=1e-6)
    mean = canvas.mean_change()
    # A mask near its least value is divided by: compare what it does to the picture.
    found = canvas.detail if not masked else canvas.detail * mask
    np.testing.assert_allclose(found[0].numpy(), wanted if not masked else wanted * mask64, atol=1e-6)
    np.testing.assert_allclose(picture[0].numpy(), base64 + change, atol=1e-6)
    assert by_move == pytest.approx(twins.rms(change), rel=1e-5)
    assert mean == pytest.approx(float(change.mean()), abs=1e-6)


@pytest.mark.parametrize("way", native.backends())
@pytest.mark.parametrize("masked", [False, True])
def test_a_rectangle_of_the_picture_is_made_alone(way, masked):
    choose(way)
    mask = torch.rand(1, 1, 40, 51) if masked else None
    canvas = DetailCanvas(torch.rand(1, 3, 40, 51), mask, soft=True)
    canvas.detail = noise(1, 3, 40, 51, scale=0.3)
    whole, shown = canvas.picture(), canvas.shown()
    assert shown.shape == whole.shape
    assert shown.new_zeros(2).dtype == whole.dtype
    everything = slice(None)
    for rows, columns in (
        (slice(0, 40), everything),
        (slice(3, 20), slice(7, 51)),
        (slice(39, 40), slice(0, 1)),
    ):
        where = everything, everything, rows, columns
        torch.testing.assert_close(shown[where], whole[where], rtol=0, atol=1e-7)
        assert shown[where].is_contiguous()


def test_the_picture_may_be_written_over_the_detail():
    canvas = DetailCanvas(torch.rand(1, 3, 33, 45, generator=torch.Generator().manual_seed(3)), soft=True)
    canvas.detail = noise(1, 3, 33, 45, scale=0.2)
    expected = canvas.picture()
    assert canvas.picture(out=canvas.detail) is canvas.detail
    assert torch.equal(canvas.detail, expected)


@pytest.mark.parametrize("way", KERNELS)
def test_the_same_bytes_for_any_number_of_threads(way, threads):
    choose(way)
    found = []
    for count in (1, 2, 3, 4):
        threads(count)
        canvas = DetailCanvas(
            torch.rand(1, 3, 301, 333, generator=torch.Generator().manual_seed(1)), soft=True
        )
        direction = step_direction(noise(1, 3, 301, 333), Recipe(), 1.0)
        canvas.move(direction.plane, factor=0.1 * direction.factor, offset=direction.offset, clip=True)
        canvas.within(0.05)
        numbers = (direction.factor, direction.offset, canvas.moved(), canvas.mean_change())
        found.append((canvas.detail.numpy().tobytes(), canvas.picture().numpy().tobytes(), numbers))
    assert found.count(found[0]) == 4


@pytest.mark.parametrize(
    "plane",
    [
        torch.zeros(1, 3, 9, 9, dtype=torch.float64),
        torch.zeros(1, 3, 9, 9).to(memory_format=torch.channels_last),
        torch.zeros(1, 3, 9, 9, requires_grad=True),
    ],
    ids=["float64", "channels_last", "autograd"],
)
def test_what_is_left_to_torch(plane):
    good = torch.zeros(1, 3, 9, 9)
    assert native.serves(good, None)
    assert not native.serves(good, plane)


def test_the_backend_can_be_chosen():
    plane = torch.zeros(1, 3, 9, 9)
    assert native.backend() == native.backends()[-1] != "torch"
    with Runtime.of(backend="torch").use():
        assert native.backend() == "torch"
        assert not native.serves(plane)
        with pytest.raises(Unavailable, match="no avx1024 kernels"), Runtime(1, "avx1024").use():
            pass
        assert native.backend() == "torch"
        with Runtime.of().use():
            assert native.serves(plane)
    assert native.serves(plane)


# -- the whole step --------------------------------------------------------------------------------


class Recited:
    """A session whose gradients are learnt by heart: the same for every canvas."""

    device = "cpu"

    class net:
        channels = 3

    def __init__(self, backend: str | None = None) -> None:
        self.rng = torch.Generator().manual_seed(5)
        self.runtime = Runtime.of(0, backend)

    def goal(self, recipe, octave):
        return None

    def gradient(self, goal, canvas, roll, attention):
        width, height = canvas.size
        rough = torch.randn(1, 3, height, width, generator=self.rng)
        smooth = torch.nn.functional.avg_pool2d(rough, 5, 1, 2)
        return (0.0,), (rough + 20 * smooth) * 1e-7


WAYS = {
    "default": {},
    "seamless": {"seamless": True},
    "hard": {"clip": "step"},
    "at the end": {"clip": "end", "strength": None, "step_size": 0.02},
    "gaussians": {"smoothing": "gaussians", "normalise": "mean"},
    "not centred": {"centre": False, "drift": 0.0},
    "coloured": {"keep_colour": 0.6},
}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_dream_is_that_of_torch(way, masked):
    """Octave by octave and step by step, given the same gradients."""
    recipe = preset("classic", octaves=3, steps=(4,), **WAYS[way])
    photo = twins.photo("chelsea", 90, 121)
    mask = torch.rand(1, 1, 50, 60, generator=torch.Generator().manual_seed(6))
    runs = []
    for done in (None, "torch"):
        session = Recited(done)
        state = State.begin(recipe, photo, session)
        if masked:
            state.canvas.mask_source = mask
            state.canvas.mask = state.canvas.mask_at(90, 121)
        details, distances = [], []
        for frame in dream(recipe, session=session, state=state):
            details.append(state.canvas.detail.double().numpy().copy())
            distances.append(frame.moved)
        runs.append((details, distances, state.finished(recipe).pixels))
    ours, torchs = runs
    assert len(ours[0]) == 12
    assert ours[1][-1] > 0.01
    for found, expected in zip(ours[0], torchs[0], strict=True):
        assert twins.rms(found - expected) <= 1e-5 * twins.rms(expected)
    np.testing.assert_allclose(ours[1], torchs[1], rtol=1e-5)
    np.testing.assert_allclose(ours[2], torchs[2], atol=2e-5)


def test_what_was_kept_does_not_move_on():
    """Steps are made in place, but not in a state that was written down."""
    recipe = preset("classic", octaves=1, steps=(3,))
    session = Recited()
    state = State.begin(recipe, twins.photo("chelsea", 60, 70), session)
    steps = dream(recipe, session=session, state=state)
    next(steps)
    kept = state.state_dict()
    before = kept["detail"].clone()
    twin = State.from_dict(kept, recipe)
    next(steps)
    next(dream(recipe, session=session, state=twin))
    assert torch.equal(kept["detail"], before)
    assert not torch.equal(state.canvas.detail, before)
    assert not torch.equal(twin.canvas.detail, before)


def test_a_look_at_the_picture_changes_nothing():
    recipe = preset("classic", octaves=2, steps=(2,), keep_colour=0.5)
    pixels = []
    for looking in (False, True):
        session = Recited()
        state = State.begin(recipe, twins.photo("coffee", 60, 70), session)
        for frame in dream(recipe, session=session, state=state):
            if looking:
                assert np.isfinite(frame.picture.pixels).all()
        pixels.append(state.finished(recipe).pixels.tobytes())
    assert pixels[0] == pixels[1]
