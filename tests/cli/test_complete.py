"""What the shell completes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reverie.cli import complete
from reverie.engine.select import ENGINES
from support.commands import environment


def test_completion_knows_the_engines():
    assert complete.ENGINES == ENGINES
    assert complete.engines("n") == ["native"]


def test_completion_knows_the_networks_layers() -> None:
    from reverie.network.efficientnet_lite import lite_layers

    for name in ("lite0", "lite1", "lite2"):
        assert complete.layer_names(name) == [n for n in lite_layers(name) if n != "logit_map"]
    assert complete.layers("block5") == ["block5a", "block5b", "block5c"]
    assert complete.channels("ste") == ["stem:"]
    assert "golden retriever" in complete.classes("Golden ret")
    assert complete.units("block5c") == ["block5c", "block5c:"]
    assert "tabby" in complete.units("tab")
    assert complete.presets("goo") == ["google2015"]
    assert complete.networks("lite") == ["lite0", "lite1", "lite2"]
    assert complete.networks("ca") == ["caffe:"]


@pytest.mark.slow
def test_completion_answers_the_shell(tmp_path: Path) -> None:
    asked = {
        "_REVERIE_COMPLETE": "complete_bash",
        "COMP_WORDS": "reverie dream --layer block5",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [sys.executable, "-m", "reverie"], env=environment() | asked, capture_output=True, text=True
    )
    assert done.stdout.split() == ["block5a", "block5b", "block5c"]
