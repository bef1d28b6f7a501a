"""Learning without labels: labels change nothing, what goes on is what never stopped, kinds are found."""

import pytest
import torch

import reverie
from reverie.train import checkpoint
from reverie.train.fit import TrainState, confusion, rounds, scores
from reverie.train.make import make_learner
from reverie.train.pictures import Data, Labelled, find_pictures, read_data
from reverie.train.settings import make_settings
from support.training import KINDS, folder_of_kinds

SETTINGS = make_settings(method="unsupervised", size=25, steps=60, batch=100)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_data(find_pictures(folder_of_kinds(tmp_path_factory.mktemp("k") / "p", 20)), None, SETTINGS)


def learnt(data, settings=SETTINGS):
    state = TrainState.begin(make_learner(data, settings), settings)
    list(rounds(state, data, settings))
    state.finish()
    return state


@pytest.fixture(scope="module")
def whole(data):
    return learnt(data)


@pytest.mark.slow
def test_kinds_are_found(data, whole):
    counts = confusion(scores(whole.learner, data.held_out), data.held_out.labels, 3)
    assert int(counts.diagonal().sum()) >= 0.7 * len(data.held_out)
    assert len(whole.learner.facts(data)) == 3
    assert all(area > 0.8 for _, area in whole.learner.best_units(data.learnt))


@pytest.mark.slow
def test_labels_change_nothing_but_names(data, whole):
    mixed = data.learnt.labels[torch.randperm(len(data.learnt), generator=torch.Generator().manual_seed(0))]
    other = learnt(Data(data.kinds, Labelled(data.learnt.pictures, mixed), data.held_out))
    assert torch.equal(other.learner.net.units, whole.learner.net.units)
    assert torch.equal(other.learner.net.cells, whole.learner.net.cells)


@pytest.mark.slow
@pytest.mark.parametrize("after", [7, 41])
def test_it_goes_on_to_the_same_bytes(data, whole, tmp_path, after):
    first = TrainState.begin(make_learner(data, SETTINGS), SETTINGS)
    for step in rounds(first, data, SETTINGS):
        if step == after:
            break
    path = tmp_path / "x.training"
    checkpoint.save(path, first, SETTINGS, data.sha256, 1)
    second = TrainState.begin(make_learner(data, SETTINGS), SETTINGS)
    checkpoint.restore(path, second, *checkpoint.read(path))
    list(rounds(second, data, SETTINGS))
    second.finish()
    assert second.learner.packed() == whole.learner.packed()


def test_the_file_is_a_network_whose_units_bear_the_kinds_names(data, whole, tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(whole.learner.packed())
    net = reverie.load_net(str(path))
    assert set(KINDS) <= set(net.classes)
    x = data.held_out.pictures[:, :3].float().mean(1, keepdim=True) / 255
    x = torch.where(data.held_out.pictures[:, 3:] == 0, torch.ones(()), x)
    with torch.no_grad():
        told = net.forward(x, "logits")["logits"]
    expected = whole.learner.answers(x.expand(-1, 3, -1, -1))
    assert torch.allclose(told, expected, atol=1e-5)


def test_one_kind_without_labels_is_enough(tmp_path):
    folder = folder_of_kinds(tmp_path / "p", 12, ("disc",)) / "disc"
    settings = make_settings(method="unsupervised", size=25, steps=9, batch=20)
    alone = read_data(find_pictures(folder), None, settings)
    assert alone.kinds == ("disc",)
    made = learnt(alone, settings)
    assert made.learner.facts(alone) == ["One kind of pictures and no labels: accuracy says nothing here"]
    assert made.learner.packed()
