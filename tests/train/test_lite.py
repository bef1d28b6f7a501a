"""The embedded network tuned: a head that is the best there is, and a file that is the network it was."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

import reverie
from reverie.network.efficientnet_lite import Conv, state_shapes
from reverie.train.augment import plain
from reverie.train.fit import TrainState, rounds
from reverie.train.lite import SHRINK, TUNED, LiteLearner, regression
from reverie.train.pictures import find_pictures, read_data
from reverie.train.settings import make_settings
from support.training import KINDS, folder_of_kinds

SETTINGS = make_settings(method="lite0", size=32, steps=2, batch=4)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_data(find_pictures(folder_of_kinds(tmp_path_factory.mktemp("k") / "p", 6)), None, SETTINGS)


def test_the_head_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 8))
    y = (x[:, :3] + 0.8 * rng.normal(size=(90, 3))).argmax(1)
    weight, bias, _ = regression(torch.tensor(x, dtype=torch.float32), torch.tensor(y), 3)
    scaled = (x - x.mean(0)) / x.std(0, ddof=1)
    twin = LogisticRegression(C=1 / (2 * SHRINK * len(x)), max_iter=1000, tol=1e-8).fit(scaled, y)
    ours = torch.softmax(torch.tensor(x, dtype=torch.float32) @ weight.T + bias, 1).numpy()
    assert np.abs(ours - twin.predict_proba(scaled)).max() < 5e-3


@pytest.mark.slow
def test_only_the_last_stages_change_and_the_file_is_the_network(data, tmp_path):
    learner = LiteLearner(KINDS, SETTINGS)
    before = {name: tensor.clone() for name, tensor in learner.lite.state_dict().items()}
    state = TrainState.begin(learner, SETTINGS)
    list(rounds(state, data, SETTINGS))
    assert [one.step for one in state.history] == [0, 1, 2]
    assert changed(learner, before) == {*TUNED, "weight", "bias"}
    check_the_file(learner, data, tmp_path / "mine.safetensors")


@pytest.mark.slow
def test_against_changes_all_stages_learn_and_the_file_is_the_network(data, tmp_path):
    settings = make_settings(method="lite0", size=32, steps=3, batch=4, push=2.5)
    learner = LiteLearner(KINDS, settings)
    before = {name: tensor.clone() for name, tensor in learner.lite.state_dict().items()}
    list(rounds(TrainState.begin(learner, settings), data, settings))
    assert changed(learner, before) == {*learner.lite.stages, "weight", "bias"}
    strided = [m for m in learner.lite.modules() if isinstance(m, Conv) and m.stride == 2]
    assert len(strided) == 5
    for conv in strided:
        assert not conv.weight[..., 0, :].any()
        assert not conv.weight[..., 0].any()
    check_the_file(learner, data, tmp_path / "mine.safetensors")


def changed(learner, before):
    """The stages whose weights are others than before."""
    after = learner.lite.state_dict().items()
    return {name.split(".")[1] for name, tensor in after if not torch.equal(tensor, before[name])}


def check_the_file(learner, data, path):
    """Assert that a learner's file says what the learner says."""
    path.write_bytes(learner.packed())
    net = reverie.load_net(str(path))
    x = plain(data.held_out.pictures)
    with torch.no_grad():
        assert torch.allclose(net.forward(x, "logits")["logits"], learner.logits(x), atol=1e-3)
    assert list(net.classes) == list(KINDS)
    assert net.layer("logit_map").channels == 3
    assert set(state_shapes("lite0", 3)) == set(learner.published)


def test_untrained_it_says_what_the_published_network_says(tmp_path):
    learner = LiteLearner(KINDS, SETTINGS)
    (tmp_path / "m.safetensors").write_bytes(learner.packed())
    ours, theirs = reverie.load_net(str(tmp_path / "m.safetensors")), reverie.load_net("lite0")
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    a, b = (net.forward(x, "head")["head"] for net in (ours, theirs))
    assert torch.allclose(a, b, atol=1e-4)
