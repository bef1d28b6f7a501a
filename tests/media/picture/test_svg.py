from __future__ import annotations

import base64
import io
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput, ReverieWarning
from reverie.media.picture import load_picture, svg
from support.bad_inputs import corpus
from support.forked import in_child

MATPLOTLIB = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"
  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="460.8pt" height="345.6pt"
 viewBox="0 0 460.8 345.6" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata>
  <rdf:RDF xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cc="http://creativecommons.org/ns#"
   xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
   <cc:Work>
    <dc:type rdf:resource="http://purl.org/dc/dcmitype/StillImage"/>
   </cc:Work>
  </rdf:RDF>
 </metadata>
 <defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>
 <g id="figure_1">
  <path d="M 0 345.6 L 460.8 345.6 L 460.8 0 L 0 0 z" style="fill: #ffffff"/>
  <defs><clipPath id="p0"><rect x="57" y="41" width="357" height="266"/></clipPath>
   <path id="glyph" d="M 0 0 L 40 0 L 40 40 L 0 40 z"/></defs>
  <g clip-path="url(#p0)"><use xlink:href="#glyph" x="200" y="150" style="fill: #0000ff"/></g>
 </g>
</svg>
"""
needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="no resource limits there")


def write(folder: Path, text: str) -> Path:
    path = folder / "drawing.svg"
    path.write_text(text, encoding="utf-8")
    return path


def pixels(folder: Path, text: str, **options: Any) -> np.ndarray:
    picture = load_picture(write(folder, text), **options)
    return np.rint(picture.pixels * 255).astype(int)


def test_a_plot_of_matplotlib_is_drawn(tmp_path: Path) -> None:
    picture = load_picture(write(tmp_path, MATPLOTLIB), svg_width=461)
    assert picture.size == (461, 345)  # of 345.75; the rest of a row is no row
    assert picture.alpha is None
    assert picture.source is not None
    assert picture.source.format == "svg"
    assert picture.pixels[5, 5].tolist() == [1.0, 1.0, 1.0]
    assert picture.pixels[170, 220].tolist() == [0.0, 0.0, 1.0]


def test_width_is_chosen_and_transparency_kept(tmp_path: Path) -> None:
    picture = load_picture(write(tmp_path, corpus.svg(corpus.RECT)), svg_width=128)
    assert picture.size == (128, 96)
    assert picture.alpha is not None
    assert picture.alpha[:, 2].min() == 1.0
    assert picture.alpha[:, 125].max() == 0.0
    assert picture.pixels[10, 10].tolist() == [1.0, 0.0, 0.0]


def test_without_a_size_it_is_1024_wide_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(ReverieWarning, match="states no size; drawn 1024 pixels wide"):
        picture = load_picture(write(tmp_path, corpus.svg(corpus.RECT, attributes='viewBox="0 0 64 48"')))
    assert picture.size == (1024, 768)
    with pytest.warns(ReverieWarning, match="states no size"):
        load_picture(write(tmp_path, corpus.svg(corpus.RECT, attributes="")))


def test_pictures_inside_the_drawing_are_drawn(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (0, 255, 0)).save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    body = f'<image href="data:image/png;base64,{data}" width="64" height="48"/>'
    assert pixels(tmp_path, corpus.svg(body), svg_width=64)[24, 32].tolist() == [0, 255, 0]


def test_text_is_drawn_where_there_are_fonts(tmp_path: Path) -> None:
    body = (
        '<rect width="64" height="48" fill="white"/>'
        '<text x="4" y="40" font-size="40" font-family="Certainly Missing">M</text>'
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        dark = pixels(tmp_path, corpus.svg(body), svg_width=64).min()
    if any("no fonts" in str(w.message) for w in said):
        assert dark == 255
    else:
        assert dark < 64


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    text = corpus.svg(f"<desc>é</desc>{corpus.RECT}", prolog=f'<?xml version="1.0" encoding="{declared}"?>\n')
    path = tmp_path / "drawing.svg"
    path.write_bytes(text.encode(encoding))
    assert load_picture(path, svg_width=64).pixels[2, 2].tolist() == [1.0, 0.0, 0.0]


ROWS = [case for case in corpus.BAD if case.row in (13, 14, 15, 16)]


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_refused_before_any_rasteriser_is_looked_for(
    tmp_path: Path, case: corpus.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: object, **__: object) -> None:
        raise AssertionError("the rasteriser was looked for")

    path = case.make(tmp_path)
    monkeypatch.setattr(subprocess, "run", looked)
    monkeypatch.setattr("importlib.util.find_spec", looked)
    with pytest.raises(BadInput, match=case.says) as caught:
        load_picture(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@needs_limits
@pytest.mark.parametrize("reference", ["canary.png", "../canary.png", "{folder}/canary.png", "{http}"])
def test_no_file_and_no_address_is_opened(tmp_path: Path, reference: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    for place in (tmp_path, folder):
        Image.new("RGB", (8, 8), (1, 254, 3)).save(place / "canary.png")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/canary.png"
        href = reference.format(folder=tmp_path.as_posix(), http=address)
        path = write(folder, corpus.svg(f'<image href="{href}" width="64" height="48"/>'))

        def opens() -> int:
            opened: list[str] = []

            def audit(event: str, arguments: tuple[Any, ...]) -> None:
                if event in ("open", "socket.connect", "socket.getaddrinfo"):
                    opened.append(str(arguments[:2]))

            sys.addaudithook(audit)  # which stays to the end of its process
            with pytest.raises(BadInput, match="external reference"):
                load_picture(path)
            assert any("drawing.svg" in entry for entry in opened)  # the hook does hear
            return sum("canary" in entry or "127.0.0.1" in entry for entry in opened)

        assert in_child(opens) == 0
        with pytest.raises(TimeoutError):
            server.accept()


@needs_limits
def test_even_an_unchecked_drawing_opens_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (0, 255, 0)).save(tmp_path / "canary.png")
    body = f'<image href="{tmp_path.as_posix()}/canary.png" width="64" height="48"/>'
    unchecked = svg.Drawing(corpus.svg(body), (64, 48), sized=True, has_text=False)
    png, _ = svg._draw_in_child(unchecked, "x.svg", 64, 10**6)
    with Image.open(io.BytesIO(png)) as image:
        assert image.getchannel("A").getextrema() == (0, 0)  # nothing was drawn


def test_a_standard_doctype_within_a_comment_changes_nothing(tmp_path: Path) -> None:
    prolog = MATPLOTLIB[MATPLOTLIB.index("<!DOC") : MATPLOTLIB.index("<svg")]
    assert pixels(tmp_path, corpus.svg(corpus.RECT, prolog=f"<!-- a -->{prolog}")).max() == 255
    drawing = svg.check_svg(corpus.svg("", prolog=f"<!--{prolog}-->").encode(), "x.svg", max_pixels=10**6)
    assert "DOCTYPE" in drawing.text


@pytest.mark.parametrize("depth", [svg.MAX_DEPTH - 2, svg.MAX_DEPTH])
def test_depth_up_to_the_limit_is_drawn(tmp_path: Path, depth: int) -> None:
    text = corpus.svg("<g>" * depth + corpus.RECT + "</g>" * depth)
    if depth < svg.MAX_DEPTH - 1:
        assert pixels(tmp_path, text, svg_width=64)[2, 2].tolist() == [255, 0, 0]
    else:
        with pytest.raises(BadInput, match="nested more than"):
            load_picture(write(tmp_path, text))


@needs_limits
def test_an_abort_of_the_rasteriser_is_only_a_bad_input() -> None:
    deep = corpus.svg("<g>" * 60_000 + "</g>" * 60_000)
    with pytest.raises(BadInput, match="cannot be drawn"):
        svg._draw_in_child(svg.Drawing(deep, None, True, False), "x.svg", 64, 10**6)


@needs_limits
def test_memory_of_the_child_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "MEMORY", 600_000_000)
    vast = corpus.svg(corpus.RECT, attributes='width="64" height="64"')
    drawing = svg.Drawing(vast, (64, 64), True, False)
    assert svg._draw_in_child(drawing, "x.svg", 64, 1)[0].startswith(b"\x89PNG")
    with pytest.raises(BadInput, match="cannot be drawn"):
        svg._draw_in_child(drawing, "x.svg", 20_000, 1)


def test_time_of_the_child_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "TIMEOUT", 0.001)
    with pytest.raises(BadInput, match="seconds to draw"):
        load_picture(write(tmp_path, corpus.svg(corpus.RECT)))


def test_without_the_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r'pip install "reverie\[svg\]"'):
        load_picture(write(tmp_path, corpus.svg(corpus.RECT)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"<svg {corpus.SVG}><rect", "cut short"),
        ('<?xml version="1.0"?><html/>', "outermost element"),
        ("<svg/>", "outermost element"),
        (corpus.svg(corpus.RECT, attributes='width="0" height="9"'), "no area"),
        (corpus.svg(corpus.RECT, attributes='width="1e999" height="9"'), "no area"),
        (corpus.svg(corpus.RECT, attributes='width="1000in" height="1000in"'), "96000 x 96000"),
        (corpus.svg(corpus.RECT, attributes='width="9000" height="9"'), "aspect limit"),
        (corpus.svg("", prolog='<?xml version="1.0" encoding="utf-7"?>'), "save it in UTF-8"),
        (corpus.svg("&undefined;"), "refused|damaged"),
    ],
)
def test_other_drawings_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        load_picture(write(tmp_path, text))


def test_a_drawing_may_be_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="over the limit of 100"):
        load_picture(write(tmp_path, corpus.svg(corpus.RECT)))


def test_max_pixels_bounds_drawings_too(tmp_path: Path) -> None:
    path = write(tmp_path, corpus.svg(corpus.RECT))
    with pytest.raises(BadInput, match="200 x 150 pixels are over the limit of 20000"):
        load_picture(path, svg_width=200, max_pixels=20_000)
