"""States of loops as bytes, and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.errors import BadInput
from reverie.media.video.write.serialise import pack, unpack

# What a state may hold.
leaves = st.none() | st.booleans() | st.integers() | st.text() | st.fractions() | st.floats(allow_nan=False)
documents = st.dictionaries(
    st.text().filter(lambda name: name != "~"),
    st.recursive(
        leaves,
        lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda name: name != "~"), inner),
        max_leaves=8,
    ),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(documents)
def test_a_state_comes_back(document):
    assert unpack(pack(document)) == document


def test_tensors_and_arrays_come_back():
    shared = torch.arange(6.0)
    state = {
        "bytes": torch.Generator().get_state(),
        "half": torch.randn(2, 3).to(torch.bfloat16),
        "turned": torch.randn(3, 4).T,
        "one": shared,
        "same": shared,
        "nothing": torch.zeros(0, 3),
        "scalar": torch.tensor(2.5),
        "array": np.arange(4, dtype=np.int16).reshape(2, 2),
        "number": np.float64(0.1),
        "list": [np.array(3.0), {"deep": torch.ones(1)}],
    }
    found = unpack(pack(state))
    assert found["number"] == 0.1
    assert isinstance(found["array"], np.ndarray)
    assert found["array"].dtype == np.int16
    assert (found["array"] == state["array"]).all()
    assert found["list"][0] == 3.0
    for name in ("bytes", "half", "turned", "one", "same", "nothing", "scalar"):
        assert torch.equal(found[name], state[name])
        assert found[name].dtype == state[name].dtype
    state["one"][0] = 99  # what is packed is a copy
    assert found["one"][0] == 0
    assert pack(found) == pack(unpack(pack(found)))


@pytest.mark.parametrize("strange", [{1: 2}, {"a": object()}, {"~": 1}, {"a": {2: 3}}])
def test_a_strange_state_is_refused(strange):
    with pytest.raises(TypeError):
        pack(strange)


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 100, pack({"a": 1})[:-3]])
def test_a_damaged_state_is_bad_input(data):
    with pytest.raises(BadInput, match="damaged"):
        unpack(data)
