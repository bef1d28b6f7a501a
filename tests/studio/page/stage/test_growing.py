"""A film that plays while it is made asks for pieces as long as there may be more, and no longer."""

from __future__ import annotations

import pytest

from support.studio_page import call, needs_browser

pytestmark = needs_browser

#: A server of which each answer is the next of these statuses, with bytes that begin no film.
ANSWERS = """
  const [statuses] = given; const asked = [];
  window.fetch = (address) => {
    asked.push(address);
    return Promise.resolve(new Response(null, {status: statuses.shift() ?? 500}));
  };
"""


@pytest.mark.slow
def test_a_film_that_is_over_before_it_played_is_asked_for_no_more(window):
    found = call(
        window,
        "stage/growing.js",
        ANSWERS + "const video = document.createElement('video');"
        "return it.feed(video, 'j', new AbortController().signal).then((could) => [could, asked]);",
        [200, 200, 204],
    )
    assert found == [True, ["/api/jobs/j/film?from=0"] * 3]


def test_what_left_it_asks_no_more(window):
    found = call(
        window,
        "stage/growing.js",
        ANSWERS + "const stop = new AbortController(); stop.abort();"
        "return it.feed(document.createElement('video'), 'j', stop.signal).then(() => asked.length);",
        [200, 200],
    )
    assert found == 1
