"""A network as the judge: confidences against the plain network, gradients against autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.errors import UsageError
from reverie.evolve import NetScore, evolve, make_encoding
from reverie.evolve.genome import child_rng
from reverie.native import Isa, instruction_sets
from reverie.network.network import Network
from reverie.network.zoo import load_net
from support.slow import mostly_slow


@pytest.fixture(scope="module")
def lite0() -> Network:
    return load_net("lite0")


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    cppn, graphs = make_encoding("cppn"), []
    for i in range(6):
        graph = cppn.start(child_rng(0, 0, i))
        for j in range(8 * i):
            graph = cppn.mutate(graph, child_rng(0, 1 + j, i))
        graphs.append(graph)
    return torch.from_numpy(cppn.render(graphs, 96, eight_bit=True)).permute(0, 3, 1, 2)


def reference(net: Network, pictures: torch.Tensor) -> torch.Tensor:
    exact = net.to(dtype=torch.float64)
    return exact.forward(pictures.double(), ["logits"])["logits"].softmax(1)


@mostly_slow("engine", ["auto", "torch", "plain"])
def test_confidences_are_the_plain_networks(lite0: Network, pictures: torch.Tensor, engine: str) -> None:
    score = NetScore(lite0, engine=engine)
    found = score(pictures)
    assert found.shape == (6, 1000) == (6, score.classes)
    assert not found.requires_grad
    with torch.no_grad():
        assert (found - reference(lite0, pictures)).abs().max() < 1e-4
    assert found.sum(1).tolist() == pytest.approx([1.0] * 6, abs=1e-5)


@pytest.mark.skipif(Isa.AVX512_BF16 not in instruction_sets(), reason="no bf16 on this machine")
def test_bf16_is_near(lite0: Network, pictures: torch.Tensor) -> None:
    exact, near = (NetScore(lite0, precision=p)(pictures) for p in ("fp32", "bf16"))
    assert 0 < (exact - near).abs().max() < 0.1


def test_no_batch_changes_a_confidence(lite0: Network, pictures: torch.Tensor) -> None:
    score = NetScore(lite0)
    together = score(pictures)
    for i in range(6):
        np.testing.assert_array_equal(score(pictures[i : i + 1])[0].numpy(), together[i].numpy())


@pytest.mark.slow
@mostly_slow("engine", ["auto", "plain"])
def test_the_gradient_is_autograds(lite0: Network, pictures: torch.Tensor, engine: str) -> None:
    classes = torch.tensor([1, 5, 10, 100, 500, 999])
    found = NetScore(lite0, engine=engine).gradient(pictures, classes)
    exact = lite0.to(dtype=torch.float64)
    leaf = pictures.double().requires_grad_(True)
    logs = exact.forward(leaf, ["logits"])["logits"].log_softmax(1)
    (wanted,) = torch.autograd.grad(logs[torch.arange(6), classes].sum(), leaf)
    cosines = torch.nn.functional.cosine_similarity(found.flatten(1).double(), wanted.flatten(1))
    assert found.shape == pictures.shape
    assert cosines.min() > 0.999


def test_a_network_without_classes_is_no_judge(lite0: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "layers", {"stem": None})
    with pytest.raises(UsageError, match="no classes"):
        NetScore(lite0)


@pytest.mark.slow
def test_a_few_generations_of_imagenet(lite0: Network) -> None:
    score = NetScore(lite0)
    search = evolve(
        score, make_encoding("cppn"), size=64, population=20, children=20, generations=3, batch=10
    )
    logs = []
    for generation in search:
        assert not logs or (np.log(generation.state.archive.confidence) >= logs[-1]).all()
        logs.append(np.log(generation.state.archive.confidence))
    assert (logs[-1] - logs[0]).mean() > 0.2


@pytest.mark.slow
def test_gradient_fooling_needs_few_evaluations(lite0: Network) -> None:
    score = NetScore(lite0)
    encoding = make_encoding("gradient", side=96, climb=score.gradient)
    search = evolve(
        score, encoding, size=96, population=4, children=8, generations=6, classes=(1, 207, 555), seed=2
    )
    last = list(search)[-1]
    assert last.evaluations == 4 + 6 * 8 * 11
    assert last.over[1] >= 2
