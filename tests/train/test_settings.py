"""Settings of a training: defaults of each method, and what cannot be."""

import pytest

from reverie.errors import UsageError
from reverie.train.settings import OWN, make_settings


@pytest.mark.parametrize("method", OWN)
def test_each_method_has_defaults_of_its_own_that_can_be_changed(method):
    assert make_settings(method=method).model_dump().items() >= OWN[method].items()
    assert make_settings(method=method, steps=7).steps == 7


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"size": 30}, "size: 30 is no multiple of 4"),
        ({"size": 132}, "size: 132"),
        ({"method": "lite0", "size": 16}, "size: 16"),
        ({"share": 1.0}, "share"),
        ({"steps": 0}, "steps"),
        ({"method": "dream"}, "method"),
        ({"rate": float("nan")}, "rate"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_said_by_name(given, word):
    with pytest.raises(UsageError, match=word):
        make_settings(**given)
