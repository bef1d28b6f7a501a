"""What is said where torchvision was built for another torch."""

from __future__ import annotations

import pytest

from reverie.network.downloads import missing_extra
from reverie.network.torchvision_fit import misfit


# pairs of releases, from the table in torchvision's README
@pytest.mark.parametrize(("torch", "torchvision"), [("2.6.0", "0.21.0"), ("2.8.0", "0.23.0")])
def test_releases_that_fit_differ_by_their_build_alone(torch: str, torchvision: str) -> None:
    said = misfit(torch + "+cpu", torchvision)
    assert "fit by number" in said
    assert f'--no-deps "torchvision=={torchvision.rpartition(".")[0]}.*"' in said


def test_releases_that_do_not_fit() -> None:
    said = misfit("2.6.0+cpu", "0.23.0")
    assert said.startswith("torchvision 0.23.0 is for torch 2.8, and here is torch 2.6.0+cpu")
    assert 'pip install "torchvision==0.21.*"' in said


@pytest.mark.parametrize(
    ("torch", "torchvision"), [("3.0.0", "0.23.0"), ("2.6.0", "1.0.0"), ("1.13.1", "0.14.1")]
)
def test_releases_that_are_numbered_otherwise(torch: str, torchvision: str) -> None:
    assert not misfit(torch, torchvision)


@pytest.mark.parametrize("kind", ["torchvision", "timm"])
def test_the_error_says_what_to_install(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"torch": "2.6.0+cpu", "torchvision": "0.23.0"}
    monkeypatch.setattr("reverie.network.torchvision_fit._version", versions.__getitem__)
    error = RuntimeError("operator torchvision::nms does not exist")
    said = str(missing_extra(f"{kind}:resnet18", kind, error))
    assert "is for torch 2.8" in said
    assert "reverie[nets]" not in said
    assert "reverie[nets]" in str(missing_extra(f"{kind}:resnet18", kind, ModuleNotFoundError("none")))
