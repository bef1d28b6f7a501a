"""A checkpoint goes on to the same bytes, and what is no checkpoint is refused."""

import pytest
import torch

from reverie.errors import BadInput
from reverie.train import checkpoint
from reverie.train.fit import TrainState, rounds
from reverie.train.make import make_learner
from reverie.train.pictures import find_pictures, read_data
from reverie.train.settings import make_settings
from support.training import QUICK, folder_of_kinds

SETTINGS = make_settings(**{**QUICK, "steps": 20})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_data(find_pictures(folder_of_kinds(tmp_path_factory.mktemp("k") / "p")), None, SETTINGS)


def begun(data):
    return TrainState.begin(make_learner(data, SETTINGS), SETTINGS)


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 7, 15])
def test_it_goes_on_to_the_same_bytes(data, tmp_path, after):
    whole = begun(data)
    list(rounds(whole, data, SETTINGS))
    first = begun(data)
    for step in rounds(first, data, SETTINGS):
        if step == after:
            break
    path = tmp_path / "x.training"
    checkpoint.save(path, first, SETTINGS, data.sha256, 1)
    second = begun(data)
    note, tensors = checkpoint.read(path)
    assert (note.settings, note.data, note.threads) == (SETTINGS, data.sha256, 1)
    checkpoint.restore(path, second, note, tensors)
    assert list(rounds(second, data, SETTINGS)) == list(range(after + 1, 21))
    assert second.history == whole.history
    assert second.finish() == whole.finish()
    assert second.learner.packed() == whole.learner.packed()


@pytest.mark.slow
def test_damage_is_refused_or_changes_nothing_of_the_format(data, tmp_path):
    path, state = tmp_path / "x.training", begun(data)
    for _ in rounds(state, data, SETTINGS):
        break
    checkpoint.save(path, state, SETTINGS, data.sha256, 1)
    kept, rng = path.read_bytes(), torch.Generator().manual_seed(0)
    refused = 0
    for _ in range(200):
        place, value = (
            torch.randint(0, 4000, (1,), generator=rng).item(),
            torch.randint(256, (1,), generator=rng).item(),
        )
        path.write_bytes(kept[:place] + bytes([value]) + kept[place + 1 :])
        try:
            note, tensors = checkpoint.read(path)
            checkpoint.restore(path, begun(data), note, tensors)
        except BadInput as error:
            refused += "--overwrite begins again" in str(error)
    assert refused > 50


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x04.", b"{" * 100, b"\x08" + bytes(7) + b'{"a":1}']
)
def test_what_is_no_checkpoint(tmp_path, content):
    path = tmp_path / "x.training"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="no checkpoint of a training"):
        checkpoint.read(path)
