"""A gallery of thousands: quick to open, and quick to scroll."""

from __future__ import annotations

import io
import json
import sqlite3
import time

import pytest
from PIL import Image

from reverie.studio.store.database import CACHE, INDEX, Database
from support.browser import Browser
from support.studio import studio
from support.studio_page import Page, call, needs_browser

pytestmark = needs_browser
COUNT = 5000
#: Milliseconds from the beginning of the page to the first small picture.
OPENED = """
const shown = performance.getEntriesByType('resource').filter((one) => one.name.includes('/thumb'));
return Math.min(...shown.map((one) => one.responseEnd));
"""
#: Scrolls to the oldest of so many; the longest task meanwhile, the most cells there were, how far it went.
SCROLL = """
const count = arguments[0], long = [], grid = document.querySelector('.grid');
const noted = (list) => long.push(...list.getEntries().map((one) => one.duration));
new PerformanceObserver(noted).observe({type: 'longtask'});
let most = 0, turns = 0;
const over = () => grid.querySelector('li:last-child')?.ariaPosInSet === String(count);
return new Promise((done) => {
  const turn = () => {
    grid.scrollTop += 2500;
    most = Math.max(most, grid.querySelectorAll('li').length);
    turns += 1;
    if (!over() && turns < 1000) setTimeout(turn, 16);
    else setTimeout(() => done([Math.max(0, ...long), most, grid.scrollTop]), 300);
  };
  turn();
});
"""


def fill(data, count):
    """A data folder with so many pictures, as the studio itself would have written them."""
    Database(data).close()
    rows, now = [], time.time()
    for index in range(count):
        image = Image.new("RGB", (96, 64), ((index * 37) % 256, (index * 91) % 256, (index * 13) % 256))
        small = io.BytesIO()
        image.save(small, "webp")
        id = f"picture-{index:05d}-{'x' * 8}"
        (data / CACHE / f"thumb-{id}.webp").write_bytes(small.getvalue())
        named = (f"{index}.png", f"{index}.png", f"number {index}")
        size = (96, 64, 1000)
        rows.append((id, "local", f"job-{index}", "dream", *named, None, *size, now - count + index))
    index = sqlite3.connect(data / INDEX)
    index.executemany(
        "INSERT INTO pictures "
        "(id, owner, job, kind, name, file, label, photo, width, height, bytes, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    index.commit()
    index.close()


@pytest.mark.soak  # for the browser's sake: on two cores it has stood still for an hour in the kernel
def test_five_thousand_pictures_open_in_a_second_and_scroll_without_a_halt(tmp_path):
    fill(tmp_path / "data", COUNT)
    with studio(tmp_path / "data") as running, Browser(width=1280, height=860) as window:
        page = Page(window, running.address)
        page.open("gallery")  # modules are in the browser's cache from here on
        page.sees("document.querySelectorAll('.grid img').length > 20")
        page.window.run("location.reload()")
        page.sees("document.querySelectorAll('.grid img').length > 20")
        page.sees("document.querySelector('.grid img').complete")
        opened = window.run(OPENED)
        longest, most, top = window.run(SCROLL, COUNT)
        figures = {"opened ms": opened, "longest task ms": longest, "cells": most, "scrolled px": top}
        print(json.dumps(figures))
        assert top > 100_000, "to the oldest one"
        page.sees(f"document.querySelector('.grid li:last-child').ariaPosInSet === '{COUNT}'")
        assert opened < 1000
        assert longest < 100
        assert most < 150, "only what is in sight is in the page"
        assert page.errors() == []


@pytest.mark.parametrize("count", [0, 1, 7, 5000])
@pytest.mark.parametrize("top", [0, 333, 90_000])
def test_what_is_in_sight_is_in_the_page_and_little_else(window, count, top):
    given = {"count": count, "width": 1000, "height": 600, "top": top, "least": 160, "gap": 10}
    sight = call(window, "gallery/window.js", "return it.inSight(given[0])", given)
    columns, side = sight["columns"], sight["side"]
    assert columns == 5
    assert columns * side + (columns - 1) * 10 <= 1000 < (columns + 1) * (side + 10) + side
    shown = set(range(sight["from"], sight["to"]))
    for index in range(count):
        y = index // columns * sight["row"]
        if y + side > top and y < top + 600:
            assert index in shown
    assert len(shown) <= columns * (600 // sight["row"] + 6)
