"""What made a film, read from it."""

from __future__ import annotations

import pytest

from reverie.errors import BadInput
from reverie.media.video.write.metadata import read_metadata


def test_metadata_of_others_is_none_of_ours(tmp_path):
    from support import films

    for kind in ("mp4", "mkv", "gif", "apng"):
        path = films.film(tmp_path / f"z.{kind}", count=3, metadata={"comment": "holiday"})
        assert read_metadata(path) is None
    assert read_metadata(tmp_path) is None
    (tmp_path / "z.txt").write_text("no film")
    with pytest.raises(BadInput):
        read_metadata(tmp_path / "z.txt")
    with pytest.raises(BadInput):
        read_metadata(tmp_path / "nothing.mp4")
