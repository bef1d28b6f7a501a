"""Names of the user's own for networks, and what is wrong in the file that gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import reverie
from reverie.ascent.session import Session
from reverie.cli.complete import networks
from reverie.cli.main import run
from reverie.errors import BadInput, UsageError
from reverie.jobs.document import read_job
from reverie.jobs.foreign_names import beside
from reverie.jobs.provenance.note import of_picture
from reverie.media.picture import Picture
from reverie.network import zoo
from reverie.network.description import EMBEDDED
from reverie.network.named import config_file, known_as, named_networks
from reverie.network.zoo import load_net
from support import caffe

CODE = """
import pathlib, torch
pathlib.Path(__file__).with_name("ran").touch()

def make():
    return torch.nn.Conv2d(3, 8, 3), {"mean": 0.5, "std": 0.25}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in; settings are kept in one below it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    if tmp_path not in config_file().parents:
        pytest.skip("the folder of settings is no environment variable's here")
    config_file().parent.mkdir(parents=True)
    return config_file().parent


def given(text: str) -> None:
    config_file().write_text(text)


def test_the_embedded_networks_are_those_of_the_zoo() -> None:
    assert list(EMBEDDED) == zoo.network_names()


def test_names_stand_for_networks(home: Path) -> None:
    given(
        """
short = "timm:resnet18"

[googlenet]
network = "caffe:bvlc.caffemodel#fit=window"
prototxt = "/a/deploy.prototxt"
classes = "~/words.txt"
mean = [0.5, 0.25, 1]
std = "1/255"
size = [320, 240]
channels = 3
"""
    )
    found = named_networks()
    assert {name: one.line for name, one in found.items()} == {"short": 2, "googlenet": 4}
    assert known_as("short") == "timm:resnet18"
    net = found["googlenet"].network
    assert net.file == str(home / "bvlc.caffemodel")
    assert net.settings["prototxt"] == "/a/deploy.prototxt"
    assert net.settings["classes"] == str(Path.home() / "words.txt")
    assert net.settings["mean"] == "0.5,0.25,1"
    assert (net.settings["size"], net.settings["channels"], net.settings["fit"]) == ("320x240", "3", "window")
    assert known_as("short#fit=window&size=64") == "timm:resnet18#fit=window&size=64"
    assert known_as("googlenet#std=0.5&fit=resize").count("fit=resize") == 1
    assert known_as("lite0#mean=0.5") == "lite0#mean=0.5"
    assert known_as("py:short:make") == "py:short:make"
    assert known_as("nobody") == "nobody"


def test_without_a_file(tmp_path: Path, home: Path) -> None:
    assert named_networks() == {}
    assert known_as("mine") == "mine"
    with pytest.raises(UsageError, match='"mine" is not known'):
        load_net("mine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\na = = 2", "is no TOML: .*line 2"),
        ("\n\nlite0 = 'timm:resnet18'", "line 3, lite0: a network of that name comes along"),
        ("caffe = 'timm:resnet18'", "line 1, caffe: a network of that name comes along"),
        ("'a b' = 'timm:resnet18'", "line 1, a b: no name of a network"),
        ("'net.pth' = 'timm:resnet18'", "no name of a network"),
        ("a = 3", "line 1, a: a network is missing"),
        ("[a]\nmean = 0.5", "line 1, a: a network is missing"),
        (
            "\n[a]\nnetwork = 'tim:resnet18'",
            'line 3, network of a: "tim" is no kind of network; did you mean',
        ),
        ("a = 'b'\nb = 'lite0'", 'line 1, a: "b" is no kind of network'),
        ("[a]\nnetwork = 'lite0'\nmeam = 1", 'line 3, meam of a: "meam" is no setting.*did you mean "mean"'),
        ("[a]\nnetwork = 'lite0'\n\nstd = 0", "line 4, std of a: std: 0 is no number above 0"),
        ("[a]\nnetwork = 'lite0'\nmean = []", "line 3, mean of a: a text, a number or a list"),
        ("[a]\nnetwork = 'lite0'\nmean = true", "line 3, mean of a: a text, a number or a list"),
        ("[a]\nnetwork = 'lite0'\nmean = {x = 1}", "line 3, mean of a: a text, a number or a list"),
        ("[a]\nnetwork = 'lite0'\nfit = 'crop'", "line 3, fit of a: fit: crop"),
        ("[a]\nnetwork = 'lite0#mean=1'\nmean = 2", "line 2, network of a: mean is given twice"),
        (
            "[b]\nnetwork='lite0'\n[a]\nsize = '9x9'\nnetwork = 'x:'",
            "line 5, network of a: .*after the colon",
        ),
        ("a = {network = 'lite0', size = 0}", "line 1, size of a: size: 0 is none of 1 to 4096"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_field(home: Path, text: str, said: str) -> None:
    given(text)
    with pytest.raises(UsageError, match=said) as caught:
        known_as("mine")
    assert str(caught.value).startswith(str(config_file()))
    assert "\n" not in str(caught.value)
    assert load_net("lite0").name == "lite0"  # which needs no name


def test_a_file_that_cannot_be_read(home: Path) -> None:
    config_file().mkdir()
    with pytest.raises(BadInput, match=r"networks\.toml: "):
        known_as("mine")
    config_file().rmdir()
    config_file().write_bytes(b"a = '\xff'")
    with pytest.raises(BadInput, match=r"networks\.toml: "):
        known_as("mine")


def test_code_is_never_reached_through_a_name(home: Path) -> None:
    given("mine = 'py:net.py:make'")
    (home / "net.py").write_text(CODE)
    recipe = reverie.preset("classic", objective=["output"], network="mine", steps=[1])
    with pytest.raises(UsageError, match=r'p.png: network "py:.*net.py:make" runs code, and nothing was run'):
        beside(recipe, "p.png")
    with pytest.raises(UsageError, match="runs code"):
        read_job({"kind": "dream", "recipe": {"network": "mine"}, "photo": "a.png", "output": "b.png"}, "j")
    with pytest.raises(UsageError, match="runs code"):
        Session(recipe)
    assert not (home / "ran").exists()
    assert load_net("mine").channels_of("output") == 8  # the user said so
    assert (home / "ran").exists()


def test_a_result_says_what_the_name_stood_for(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make = caffe.Maker()
    make.conv("conv", "data", 4, 3)
    (home / "small.caffemodel").write_bytes(caffe.model_bytes(make.layers))
    given("[mine]\nnetwork = 'caffe:small.caffemodel'\nstd = 0.5")
    Picture(np.random.default_rng(0).random((40, 48, 3), np.float32)).save("me.png")
    words = ["--network", "mine", "--layer", "conv", "--steps", "1", "--octaves", "1", "--mean", "0.25"]
    assert run(["dream", "me.png", "-o", "d.png", "--preset", "classic", *words]) == 0
    assert of_picture("d.png").recipe.network == "caffe:small.caffemodel#std=0.5&mean=0.25"
    assert run(["rerun", "d.png", "-o", "e.png"]) == 0, capfd.readouterr().err
    assert Path("e.png").read_bytes() == Path("d.png").read_bytes()


def test_names_are_listed_and_offered(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given("mine = 'timm:resnet18'")
    assert networks("mi") == ["mine"]
    assert run(["networks", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["named"] == [{"name": "mine", "network": "timm:resnet18"}]
    with pytest.raises(UsageError, match='did you mean "mine"'):
        load_net("mime")
    given("mine = ")
    assert networks("mi") == []
    assert run(["networks"]) == 2
