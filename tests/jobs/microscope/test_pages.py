"""The map of a network."""

import pytest

from reverie.jobs.microscope.pages import depth_map


def test_the_map_is_whole_and_bounded():
    rooms = [{"channels": c, "stride": s} for c, s in ((32, 2), (24, 4), (112, 16), (1280, None))]
    blocks = depth_map(rooms)
    assert sum(block["width"] for block in blocks) == pytest.approx(100, abs=0.01)
    assert [block["height"] for block in blocks] == [100.0, 70.7, 35.4, 8.0]
    assert blocks[3]["width"] > blocks[2]["width"] > blocks[0]["width"] > blocks[1]["width"]
