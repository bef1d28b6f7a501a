"""The folder of an evolution."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.jobs.fooling.folder import Folder, in_lines


@pytest.mark.slow
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_in_lines_says_the_same(value):
    assert json.loads(in_lines(value)) == value
    assert json.loads(in_lines(value, 10)) == value


def test_a_folder_says_its_name():
    assert str(Folder("some/where")) == os.path.join("some", "where")
