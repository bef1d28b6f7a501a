"""What ``--network`` takes, as text."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.network.description import (
    Description,
    describe,
    picture_settings,
    random_seed,
    with_settings,
)


@pytest.mark.parametrize(
    ("text", "kind", "target", "file"),
    [
        ("lite0", "lite0", "", None),
        ("lite1:a b.pth", "lite1", "a b.pth", "a b.pth"),
        ("torchvision:resnet18", "torchvision", "resnet18", None),
        ("timm:resnet18.a1_in1k", "timm", "resnet18.a1_in1k", None),
        ("timm:resnet18:../w#1.safetensors", "timm", "resnet18:../w#1.safetensors", "../w#1.safetensors"),
        ("hf:timm/resnet18", "hf", "timm/resnet18", None),
        ("caffe:/a/b.caffemodel", "caffe", "/a/b.caffemodel", "/a/b.caffemodel"),
        ("py:dir/net.py:make", "py", "dir/net.py:make", None),
        ("py:dir/net.py:make:w/a:b.pth", "py", "dir/net.py:make:w/a:b.pth", "w/a:b.pth"),
        ("py:package.module:make:w.pth", "py", "package.module:make:w.pth", "w.pth"),
        ("py:package.module:make", "py", "package.module:make", None),
    ],
)
def test_kinds(text: str, kind: str, target: str, file: str | None) -> None:
    found = describe(text)
    assert (found.kind, found.target, found.file, str(found)) == (kind, target, file, text)
    assert found.runs_code == (kind == "py")


def test_settings_are_read_and_written() -> None:
    text = "caffe:a#1.caffemodel#prototxt=d.prototxt&mean=0.5&classes=a%26b%25.txt"
    found = describe(text)
    assert found.target == "a#1.caffemodel"
    assert found.settings == {"prototxt": "d.prototxt", "mean": "0.5", "classes": "a&b%.txt"}
    assert found.files == ("a#1.caffemodel", "d.prototxt", "a&b%.txt")
    assert str(found) == text
    assert with_settings(text, mean="0.1,0.2,0.3", fit=None) == text.replace("mean=0.5", "mean=0.1,0.2,0.3")


@pytest.mark.parametrize(
    "name",
    [
        "caffe:x/y.caffemodel#prototxt=z/d.prototxt",
        "py:x/net.py:make",
        "py:x/net.py:make:y/w.pth",
        "py:package.net:make:y/w.pth",
        "timm:r:x/w.pth",
    ],
)
def test_files_are_renamed(name: str) -> None:
    found = describe(f"{name}{'&' if '#' in name else '#'}classes=x/c.txt&sha256={'0' * 64}")
    bare = found.bare()
    assert all("/" not in file for file in bare.files)
    assert "sha256" not in bare.settings
    assert bare.renamed({file: f"q/{file}" for file in bare.files}).files == tuple(
        f"q/{file}" for file in bare.files
    )
    assert describe(str(bare)) == bare


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lite0:", "after the colon"),
        ("onnx:n.onnx#mean=0.5&stdd=1", 'did you mean "std"'),
        ("onnx:n.onnx#mean=0.5&mean=1", "given twice"),
        ("onnx:n.onnx#mean=", "no number"),
        ("onnx:n.onnx#mean=a,b", "no number"),
        ("onnx:n.onnx#std=0", "above 0"),
        ("onnx:n.onnx#std=nan", "above 0"),
        ("onnx:n.onnx#size=0", "1 to 4096"),
        ("onnx:n.onnx#size=99999", "1 to 4096"),
        ("onnx:n.onnx#size=2x2x2", "320x240"),
        ("onnx:n.onnx#channels=0", "1 to 64"),
        ("onnx:n.onnx#channels=9999999999999999999", "1 to 64"),
        ("onnx:n.onnx#fit=crop", "resize and window"),
    ],
)
def test_settings_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        picture_settings(describe(text))


def test_settings_as_values() -> None:
    found = picture_settings(describe("py:n.py:f#mean=0.1,0.2&std=1/255&size=320x240&channels=2&fit=window"))
    assert found.mean == (0.1, 0.2)
    assert found.std == (1 / 255,)
    assert found.input_size == (240, 320)
    assert (found.channels, found.fit) == (2, "window")
    assert picture_settings(Description("lite0")).mean is None


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("timm:resnet18", None),
        ("timm:resnet18#weights=random", 0),
        ("torchvision:r#weights=random:7", 7),
        ("lite0#weights=random", 0),
    ],
)
def test_random_weights_have_a_seed(text: str, seed: int | None) -> None:
    assert random_seed(describe(text)) == seed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timm:resnet18#weights=mine.pth", "timm:resnet18:mine.safetensors"),
        ("timm:resnet18#weights=random:x", "random:7"),
        ("timm:resnet18:mine.pth#weights=random", "one of them"),
        ("lite0:mine.pth#weights=random", "one of them"),
        ("faces#weights=random", "lite0#weights=random"),
    ],
)
def test_random_weights_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        random_seed(describe(text))
