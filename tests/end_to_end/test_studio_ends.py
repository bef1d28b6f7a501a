"""How a studio ends, and when it does not begin."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reverie.studio.store.database import Database
from reverie.web.serving import bound
from support.commands import Ran
from support.studio import studio

pytestmark = pytest.mark.slow


def test_a_server_that_is_killed_loses_nothing(tmp_path: Path, photographs: Path) -> None:
    data = tmp_path / "data"
    recipe = {"max_size": 128, "octaves": 1, "steps": [40]}
    with studio(data) as one:
        user = one.user()
        photo = user.give((photographs / "chelsea.png").read_bytes())["id"]
        ids = [user.ask(kind="dream", photo=photo, recipe={**recipe, "seed": seed}) for seed in (0, 0, 1)]
        user.wait(ids[0])
        plain = user.made(ids[0])
        user.wait(ids[1], lambda job: (job["share"] or 0) > 0.2)
        children = one.children()
        one.kill()
    for child in children:
        child.wait(20)  # a child whose server is gone ends by itself
    with studio(data) as one:
        user = one.user()
        assert user.wait(ids[1])["state"] == user.wait(ids[2])["state"] == "done"
        assert user.made(ids[1]) == user.made(ids[0]) == plain
        assert len(user.get("/api/pictures")["items"]) == 3
    index = sqlite3.connect(data / "studio.sqlite")
    assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    index.close()


def test_a_second_studio_a_taken_port_and_an_open_address_are_refused(
    reverie: Callable[..., Ran], tmp_path: Path
) -> None:
    def begun(data: str, port: int = 0, *options: str) -> Ran:
        return reverie("studio", "--no-open", "--port", port, "--data", tmp_path / data, *options)

    with closing(Database(tmp_path / "held")), closing(bound("127.0.0.1", 0)) as other:
        other.listen()
        port = other.getsockname()[1]
        begun("held").refused(6, "another studio is at work there")
        begun("other", port).refused(6, f"port {port}", "another program has it")
    begun("other", 0, "--host", "0.0.0.0").refused(2, "--share")
    (tmp_path / "file").write_text("")
    begun("file").refused(2, "is a file")
