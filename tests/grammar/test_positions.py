"""Lines, columns and bytes: each conversion is that of Python's own encoding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tql_grammar.positions import byte_column, characters_in, line_start, locate

TEXTS = st.text("aé\n\U0001d518\ud800 ", max_size=30)


@given(TEXTS, st.data())
def test_a_place_is_that_of_the_lines_before_it(text: str, data: st.DataObject) -> None:
    """Lines end at newlines, and the bytes of a column lead back to its characters."""
    offset = data.draw(st.integers(0, len(text)))
    before = text[:offset].split("\n")

    assert locate(text, offset) == (len(before), len(before[-1]) + 1)
    assert line_start(text, offset) == offset - len(before[-1])
    assert byte_column(text, offset) == len(before[-1].encode("utf-8", "surrogatepass"))
    line = text.split("\n")[len(before) - 1]
    inside = characters_in(line, byte_column(text, offset))
    assert inside == (len(before[-1]) if len(before[-1]) < len(line) else None)
