"""Results in notebooks: well-formed HTML without scripts, pages, vectors as bars, and images as PNG that Pillow reads."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.tql.compiler.test_meaning import several
from tql_client.protocol.wire import Answer
from tql_client.results.html_table import MAX_OPENED, MOST_PAGES, MOST_PIXELS, PAGE
from tql_client.results.result import Meta, Result

TAGS = {
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "pre",
    "p",
    "svg",
    "title",
    "path",
    "span",
}
EMPTY = {"path", "img"}
ATTRIBUTES = {"style", "width", "height", "role", "fill", "d", "alt", "title", "src"}


class Page(HTMLParser):
    """Requires known tags and attributes, closed in their order, and collects the texts."""

    def __init__(self, shown: str) -> None:
        """Read HTML."""
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(shown)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        assert tag in TAGS | EMPTY
        assert {name for name, _ in attrs} <= ATTRIBUTES
        self.tags.append(tag)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag."""
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect a text."""
        self.texts.append(data)


def html_of(**columns: Any) -> str:
    """Return a result with these columns as HTML."""
    return Result(Answer(tuple(columns), columns), Meta("select"))._repr_html_()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


@several
@given(values=st.lists(json_values, max_size=45), name=st.text(min_size=1))
def test_every_value_is_text(values: list[Any], name: str) -> None:
    """Whatever the values are, the HTML is well-formed, has a cell for each of them, and no tag that a value brought."""
    page = Page(html_of(**{name: values}))
    assert page.tags.count("td") == len(values)
    assert page.tags.count("table") == max(1, -(-len(values) // PAGE))


def test_hostile_texts() -> None:
    """Markup in names and values is shown as text, also in what a click opens and in titles."""
    mark = '<script>alert(1)</script><img src=x onerror="x">"\''
    page = Page(html_of(**{mark: [mark, mark * 9, {mark: mark * 9}, [mark] * 20]}))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert mark * 9 in page.texts


def test_pages() -> None:
    """The first 20 rows are shown, clicks open those up to 200, and the last line says how many there are."""
    count = PAGE * MOST_PAGES
    for number, caption in (
        (0, "0 rows"),
        (1, "1 row"),
        (count, f"{count} rows"),
        (5000, f"5,000 rows, {count} shown"),
    ):
        page = Page(html_of(id=np.arange(number)))
        assert caption in page.texts
        assert page.tags.count("td") == min(number, count)
    page = Page(html_of(id=np.arange(45)))
    assert [text for text in page.texts if text.startswith("rows ")] == ["rows 21 to 40", "rows 41 to 45"]


@pytest.mark.parametrize("values", [np.ones((2, 384), np.float32), [[1.0] * 384] * 2])
def test_vectors(values: Any) -> None:
    """A vector is drawn, with its length; so are NaN and infinities, and a short list is written."""
    page = Page(html_of(e=values))
    assert page.tags.count("svg") == 2
    assert page.texts.count(" 384 numbers") == 2
    assert "svg" not in Page(html_of(e=[[1, 2, 3]])).tags
    odd = html_of(e=[[float("nan"), float("inf"), -float("inf"), 0.0, 1.0, -2.0, 0.0, 0.0, 3.0]])
    assert "nan" not in re.findall(r' d="(.*?)"', odd)[0]


def test_what_a_click_opens() -> None:
    """Long texts and long JSON open with a click; very long ones are cut."""
    text = "word " * 40
    page = Page(html_of(text=[text, "short"], meta=[{"key": text}, {"key": 1}]))
    assert page.tags.count("details") == 2
    assert text in page.texts
    assert max(map(len, Page(html_of(text=["x" * 10**6])).texts)) == MAX_OPENED + 1


@pytest.mark.parametrize(
    ("height", "width", "channels"), [(5, 7, 1), (7, 5, 3), (300, 200, 3), (200, 300, 4), (1, 1, 3)]
)
def test_images(height: int, width: int, channels: int) -> None:
    """The picture of an image has its pixels; of a large one, every second or third."""
    pixels = np.random.default_rng(3).integers(0, 256, (2, height, width, channels), dtype=np.uint8)
    shown = html_of(image=pixels)
    assert f"{width} x {height} pixels" in shown
    for image, encoded in zip(pixels, re.findall(r'src="data:image/png;base64,(.*?)"', shown), strict=True):
        read = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))
        step = -(-max(height, width) // MOST_PIXELS)
        small = image[::step, ::step]
        assert (read.reshape(small.shape) == small).all()


def test_images_of_different_sizes() -> None:
    """The engine returns those as a list of arrays."""
    shown = html_of(image=[np.zeros((4, 6, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)])
    assert Page(shown).tags.count("img") == 2
