"""How a show is run: for whom, and with which secrets, which nothing shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.errors import BadInput, UsageError
from reverie.live.settings import LiveSettings, moderator_token, usual_folder, with_key
from reverie.live.show import Show

TWITCH = "rtmp://live.twitch.tv/app"


def test_the_key_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("live_1_abc?x=1\n")
    assert with_key(TWITCH, None, {"REVERIE_RTMP_KEY": " live_2 "}) == f"{TWITCH}/live_2"
    assert with_key(f"{TWITCH}/", file, {"REVERIE_RTMP_KEY": "live_2"}) == f"{TWITCH}/live_1_abc?x=1"
    assert with_key(TWITCH, None, {}) == TWITCH
    assert with_key(None, None, {"REVERIE_RTMP_KEY": "live_2"}) is None


@pytest.mark.parametrize("key", ["two words", "a\nb", "a\0b"])
def test_a_key_is_one_word_and_is_not_said(tmp_path: Path, key: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(key.encode())
    with pytest.raises(UsageError, match="is not one word") as error:
        with_key(TWITCH, file, {})
    assert key not in str(error.value)
    with pytest.raises(UsageError, match="REVERIE_RTMP_KEY"):
        with_key(TWITCH, None, {"REVERIE_RTMP_KEY": key})


def test_where_the_key_is_for_has_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--rtmp has to say where"):
        with_key(None, tmp_path / "key", {})
    with pytest.raises(UsageError, match="an address such as rtmp://"):
        with_key("http://example.org", None, {})
    with pytest.raises(BadInput, match=r"--rtmp-key-file .*: no such file"):
        with_key(TWITCH, tmp_path / "none", {})
    large = tmp_path / "large"
    large.write_bytes(b"x" * 5000)
    with pytest.raises(BadInput, match="too long"):
        with_key(TWITCH, large, {})


def test_the_moderators_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("open sesame\n")
    assert moderator_token(file, {"REVERIE_LIVE_TOKEN": "another one"}) == "open sesame"
    assert moderator_token(None, {"REVERIE_LIVE_TOKEN": "another one"}) == "another one"
    assert moderator_token(None, {}) == ""
    with pytest.raises(UsageError, match="too short") as error:
        moderator_token(None, {"REVERIE_LIVE_TOKEN": "short"})
    assert "short;" in str(error.value)


def test_others_come_in_where_that_is_said() -> None:
    LiveSettings(Show(), Path()).check()
    LiveSettings(Show(), Path(), host="0.0.0.0", shared=True).check()
    with pytest.raises(UsageError, match="--share lets them in"):
        LiveSettings(Show(), Path(), host="0.0.0.0").check()


def test_settings_do_not_show_what_is_secret() -> None:
    settings = LiveSettings(Show(), Path(), rtmp=f"{TWITCH}/live_secret", token="moderators")
    assert "live_secret" not in repr(settings)
    assert "moderators" not in repr(settings)


def test_the_usual_folder_is_the_users_own() -> None:
    assert usual_folder().is_absolute()
    assert usual_folder().parts[-2:] == ("reverie", "live")
