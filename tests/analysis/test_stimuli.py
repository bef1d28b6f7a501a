"""Stimuli: the strongest patches against a plain search, their boxes, and what is said of bad photographs."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from reverie.analysis.stimuli import (
    MIDDLE,
    SMALL_FIELD,
    as_input,
    cut,
    look,
    peaks,
    photographs,
    seen_box,
    shown,
    strongest,
)
from reverie.engine.engine import AutogradEngine
from reverie.engine.native import NativeEngine
from reverie.errors import BadInput, ReverieWarning, UsageError
from reverie.media.picture import load_picture
from reverie.native import instruction_sets
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from support.networks import PatchTransformer

UNITS = {"block2a": [5, 0, 23], "block5c": [7, 100], "logits": [281]}


@pytest.fixture(scope="module")
def engine():
    return AutogradEngine(load_net("lite0"))


@pytest.fixture(scope="module")
def folder(photographs, tmp_path_factory):
    """The photographs, a file that is none, a text and a grey picture."""
    place = tmp_path_factory.mktemp("stimuli")
    for path in photographs.iterdir():
        (place / path.name).write_bytes(path.read_bytes())
    (place / "notes.txt").write_text("not searched for")
    (place / ".hidden.png").write_text("not searched for")
    (place / "broken.png").write_bytes(b"")
    Image.fromarray(np.full((90, 130), 128, np.uint8)).save(place / "grey.png")
    return place


@pytest.fixture(scope="module")
def found(engine, folder):
    with pytest.warns(ReverieWarning, match=r"broken.png: .*; left out"):
        return strongest(engine, folder, UNITS, count=3)


def twin(engine, folder, layer, channel):
    """(activation, name, cell) of each photograph by plain loops, strongest first."""
    rows = []
    for path in sorted(folder.glob("*.png")):
        if path.name.startswith(".") or path.name == "broken.png":
            continue
        picture = load_picture(path)
        width, height = picture.size
        factor = min(1.0, 256 / min(width, height))
        picture = picture.resized((round(width * factor), round(height * factor)))
        x = torch.from_numpy(picture.pixels.transpose(2, 0, 1).copy())[None]
        with torch.no_grad():
            map_ = engine.net.forward(x, [layer])[layer].double().numpy()[0, channel]
        best = (-np.inf, None)
        for place in np.ndindex(map_.shape):
            if map_[place] > best[0]:
                best = (map_[place], place[::-1] or None)
        rows.append((best[0], path.name, best[1]))
    return sorted(rows, key=lambda row: -row[0])


@pytest.mark.parametrize(("layer", "channel"), [(k, c) for k, cs in UNITS.items() for c in cs])
def test_the_strongest_are_those_of_a_plain_search(engine, folder, found, layer, channel):
    patches = found.patches[layer][channel]
    assert len(patches) == 3
    for patch, (value, name, cell) in zip(patches, twin(engine, folder, layer, channel), strict=False):
        assert patch.photo.endswith(name)
        assert patch.activation == pytest.approx(value, rel=1e-5, abs=1e-5)
        assert patch.cell == cell


def test_each_photograph_counts_once_and_all_are_answered_for(found):
    assert [p.rsplit("/", 1)[-1] for p in found.photos] == [
        "astronaut.png", "chelsea.png", "coffee.png", "grey.png", "rocket.png",
    ]  # fmt: skip
    assert len(found.failed) == 1
    assert found.failed[0].startswith(str(found.photos[0].rsplit("/", 1)[0]))
    for layer, channels in UNITS.items():
        assert found.responses[layer].shape == (5, len(channels))
        for column, channel in enumerate(sorted(channels)):
            patches = found.patches[layer][channel]
            assert len({p.photo for p in patches}) == len(patches)
            best = np.sort(found.responses[layer][:, column])[::-1][:3]
            assert [p.activation for p in patches] == pytest.approx(best.tolist())


def test_more_patches_than_photographs_are_those_there_are(engine, photographs):
    found = strongest(engine, [photographs / "chelsea.png"], {"stem": [0]}, count=9)
    assert len(found.patches["stem"][0]) == 1


@pytest.mark.skipif(not instruction_sets(), reason="no native library here")
def test_the_native_engine_finds_the_same(engine, photographs, found):
    native = strongest(NativeEngine(engine.net, precision="fp32"), photographs, {"block5c": [7]}, count=3)
    plain = strongest(engine, photographs, {"block5c": [7]}, count=3)
    for mine, other in zip(native.patches["block5c"][7], plain.patches["block5c"][7], strict=True):
        assert (mine.photo, mine.cell, mine.box) == (other.photo, other.cell, other.box)
        assert mine.activation == pytest.approx(other.activation, rel=1e-3)


@pytest.mark.skipif(not instruction_sets(), reason="no native library here")
def test_looking_keeps_nothing_for_a_gradient(engine):
    native = NativeEngine(engine.net)
    found = look(native, torch.rand(1, 3, 64, 64), ["stem"])
    assert not found["stem"].requires_grad
    with pytest.raises(RuntimeError, match="forward before"):
        native.backward(found)


def test_a_patch_is_the_box_of_the_photograph(found, folder):
    patch = next(p for p in found.patches["block2a"][5] if p.photo.endswith("chelsea.png"))
    field = 11
    assert patch.box[2] - patch.box[0] == patch.box[3] - patch.box[1] == field
    ((index, picture),) = cut([patch], side=field)
    assert index == 0
    pixels = np.pad(shown(patch.photo).pixels, ((field, field), (field, field), (0, 0)), constant_values=0.5)
    left, top, right, bottom = (k + field for k in patch.box)
    assert np.array_equal(picture.pixels, pixels[top:bottom, left:right])
    ((_, large),) = cut([patch], side=96)
    assert large.size == (96, 96)


def test_the_cell_that_fired_is_marked(found):
    for layer in ("block2a", "block5c"):
        for patch in found.patches[layer][UNITS[layer][0]]:
            width, height = patch.shown
            stride = {"block2a": 4, "block5c": 16}[layer]
            left, top, right, bottom = patch.marked
            assert left == pytest.approx(patch.cell[0] * width / -(-width // stride), abs=1)
            assert top == pytest.approx(patch.cell[1] * height / -(-height // stride), abs=1)
            assert stride - 2 <= right - left <= stride
            assert stride - 2 <= bottom - top <= stride
    assert found.patches["logits"][281][0].marked is None


def test_patches_are_cut_photograph_by_photograph(found):
    patches = [p for p in found.patches["block5c"][7] for _ in range(2)]
    cuts = dict(cut(patches, side=16))
    assert sorted(cuts) == list(range(6))
    assert np.array_equal(cuts[0].pixels, cuts[1].pixels)


def test_what_lies_beyond_the_edge_is_grey(engine, tmp_path):
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[:8, :8] = 255
    Image.fromarray(pixels).save(tmp_path / "corner.png")
    patch = strongest(engine, tmp_path, {"block3a": [0]}, count=1).patches["block3a"][0][0]
    box = seen_box((0, 0), (10, 10), (80, 80), 35)
    assert box[0] < 0
    assert box[1] < 0
    ((_, picture),) = cut([type(patch)(patch.photo, 0.0, (0, 0), box, (80, 80))], side=35)
    assert np.all(picture.pixels[: -box[1]] == 0.5)
    assert np.all(picture.pixels[-box[1], -box[0] : -box[0] + 8] == 1.0)


@given(st.data())
def test_boxes_are_square_and_hold_their_cell(data):
    width, height = data.draw(st.integers(20, 600)), data.draw(st.integers(20, 600))
    columns, rows = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    cell = data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1))
    field = data.draw(st.one_of(st.none(), st.integers(1, 900)))
    left, top, right, bottom = seen_box(cell, (columns, rows), (width, height), field)
    side = right - left
    assert side == bottom - top >= 1
    x, y = (cell[0] + 0.5) * width / columns, (cell[1] + 0.5) * height / rows
    assert left - 1 <= x <= right + 1
    assert top - 1 <= y <= bottom + 1
    assert side <= min(width, height)
    if field is None or side < field:
        assert 0 <= left <= right <= width
        assert 0 <= top <= bottom <= height
    if field is not None and field <= min(SMALL_FIELD, width, height):
        assert side == field
    elif field is not None:
        assert side == min(width, height, field, max(SMALL_FIELD, round(MIDDLE * field)))


def test_peaks_take_the_first_of_equals_of_maps_tokens_and_vectors():
    map_ = torch.zeros(2, 3, 4, 5)
    map_[0, 1, 2, 3] = map_[0, 1, 3, 1] = 7
    values, where = peaks(map_)
    assert values[0].tolist() == [0, 7, 0]
    assert where[0].tolist() == [0, 13, 0]
    tokens = torch.tensor([[[1.0, 5.0], [3.0, 2.0], [3.0, 5.0]]])  # (1, T, C)
    values, where = peaks(tokens)
    assert values.tolist() == [[3, 5]]
    assert where.tolist() == [[1, 0]]
    assert peaks(torch.tensor([[4.0, -1.0]]))[0].tolist() == [[4, -1]]


def test_networks_of_tokens_vectors_and_one_channel(photographs):
    torch.manual_seed(0)
    tokens = AutogradEngine(wrap_net(PatchTransformer(extra=20), input_size=(32, 48)))
    found = strongest(tokens, photographs, {"encoder": [0, 3], "logits": [1]}, count=2)
    assert all(p.cell is None for p in found.patches["encoder"][3])
    grey = AutogradEngine(wrap_net(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), channels=1))
    found = strongest(grey, photographs, {"1": [2]}, count=2)
    assert len(found.patches["1"][2]) == 2
    five = wrap_net(nn.Conv2d(5, 4, 3), channels=5)
    with pytest.raises(UsageError, match="network takes 5"):
        as_input(load_picture(photographs / "coffee.png"), five)


def test_bad_requests_are_refused(engine, folder, tmp_path):
    with pytest.raises(UsageError, match='layer "block5z"'):
        strongest(engine, folder, {"block5z": [0]})
    with pytest.raises(UsageError, match="block5c has 0 to 111"):
        strongest(engine, folder, {"block5c": [9999]})
    with pytest.raises(UsageError, match="at least one patch"):
        strongest(engine, folder, {"stem": [0]}, count=0)
    with pytest.raises(UsageError, match="no units"):
        strongest(engine, folder, {})
    with pytest.raises(BadInput, match="no pictures"):
        strongest(engine, tmp_path, {"stem": [0]})
    with pytest.raises(BadInput, match="nowhere"):
        photographs(tmp_path / "nowhere")
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.warns(ReverieWarning), pytest.raises(BadInput, match="none of 1 photographs"):
        strongest(engine, tmp_path, {"stem": [0]})


def test_progress_tells_each_photograph(engine, folder):
    told = []
    with pytest.warns(ReverieWarning):
        strongest(engine, folder, {"stem": [0]}, progress=lambda done, count: told.append((done, count)))
    assert told == [(k, 6) for k in range(1, 7)]
