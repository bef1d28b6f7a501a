"""Every quantity that the text form knows has a score, and one that nobody scores is named."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.network.zoo import load_net
from reverie.objective.quantity import FUNCTIONS, PENALTIES, AtLayer
from reverie.scoring.bind import bind
from reverie.scoring.binder import _MAKERS


def test_every_quantity_of_the_text_form_has_a_score():
    known = {*FUNCTIONS.values(), *PENALTIES.values()}
    assert known - {ob.Unnatural} == set(_MAKERS)  # that one is bound after the others, as deep as they read


def test_errors_list_functions_by_what_they_read():
    with pytest.raises(UsageError) as caught:
        ob.parse("xyz(3)")
    names = str(caught.value).partition("functions are ")[2].split(", ")
    assert names == list(FUNCTIONS)
    files = dict.fromkeys(FUNCTIONS[name].__module__.rpartition(".")[2] for name in names)
    assert list(files) == ["activations", "classes", "code", "likeness", "pairwise", "regularizers"]


def test_a_quantity_without_a_score_is_a_fault_of_the_program():
    @dataclass(frozen=True)
    class Unheard(AtLayer):
        pass

    with pytest.raises(TypeError, match="no way to bind Unheard"):
        bind(ob.Objective.of(Unheard("stem")), load_net("lite0"))
