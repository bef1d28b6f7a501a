"""Names of classes in the forms that people have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reverie.errors import BadInput, UsageError
from reverie.network.class_file import read_classes


@pytest.mark.parametrize(
    "text",
    [
        "tench, Tinca tinca\ngoldfish\ncock\n",
        "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn01514668 cock\n",
        "\ufefftench, Tinca tinca\r\ngoldfish\r\ncock",
        json.dumps(["tench, Tinca tinca", "goldfish", ["cock"]]),
        json.dumps(
            {
                "1": ["n01443537", "goldfish"],
                "0": ["n01440764", "tench", "Tinca_tinca"],
                "2": ["n01514668", "cock"],
            }
        ),
    ],
)
def test_forms(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c"
    path.write_text(text, encoding="utf-8")
    found = read_classes(str(path))
    assert list(found) == ["tench", "goldfish", "cock"]
    assert found.lookup("tinca tinca") == 0
    if "n0144" in text:
        assert found.lookup("n01443537") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no names"),
        ("[1]", "1 is no name"),
        ("[", "no JSON"),
        ('{"5": "a"}', "from 0 to 0"),
        ("a\n\nb", "class 1 has no name"),
    ],
)
def test_what_is_none(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_classes(str(path))
    for other in (tmp_path / "absent", tmp_path):
        with pytest.raises(BadInput, match="classes"):
            read_classes(str(other))
