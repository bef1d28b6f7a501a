"""Machines that work together have the same versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reverie.errors import ResourceError
from reverie.jobs.cluster.machines import check_alike, this_machine


def test_this_machine_is_like_itself() -> None:
    here = this_machine()
    assert here.cores >= 1
    check_alike(here, [here, replace(here, name="other", kernels="torch", python="3.12.0")])


@pytest.mark.parametrize("what", ["reverie", "torch"])
def test_another_version_is_named(what: str) -> None:
    here = this_machine()
    with pytest.raises(ResourceError, match=rf"machine far: has {what} 0\.0\.0, and this one "):
        check_alike(here, [here, replace(here, **{"name": "far", what: "0.0.0"})])
