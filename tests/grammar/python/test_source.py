"""TQL in Python files: findings have the lines and columns of the file, and interpolated values are reported."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tql.compiler.test_meaning import several
from tql import check, query
from tql_grammar.python.source import check_python
from tql_grammar.python.text import Source

FOUND = [
    ('ds.query("select id from D order by a, b")\n', "TQL301", "b"),
    ("ds.query('select id from D order by a, \\'b\\'')\n", "TQL301", "\\'b\\'"),
    ('ds.query(\n    """\n    select id\n    from D order by a, b\n    """)\n', "TQL301", "b"),
    ('import deeplake\nsend(query="select distinct a from D")\n', "TQL302", "select distinct a from D"),
    ("send(tql=r\"select id from D where t like 'a_b%'\")\n", "TQL313", "'a_b%'"),
    ('TEXT = "select id from D where id in (select a from E)"  # tql\n', "TQL304", "id in (select a from E)"),
    ('ds.query("select id "\n        "from D order by a, b")\n', "TQL301", "b"),
    ("é = 1; ds.query(\"select id from D where t = 'ä' order by a, b\")\n", "TQL301", "b"),
    ('ds.query("select id from D where id > 1 & id < 3")\n', "TQL001", "& id < 3"),
    ("ds.query(f\"select id from D where name = '{name}'\")\n", "TQL510", "name"),
    ('ds.query("select id from D limit " + str(n))\n', "TQL510", "str(n)"),
    ('ds.query("select id from D limit %d" % n)\n', "TQL510", "n"),
    ('ds.query("select id from D limit {}".format(n))\n', "TQL510", "n"),
]


AROUND_VALUES = [
    ("ds.query(f\"select id from D where name = '{name}' order by a, b\")\n", ["TQL510", "TQL301 b"]),
    ("ds.query(f'select distinct {what} from D')\n", ["TQL510", "TQL302 select distinct {what} from D"]),
    (
        "ds.query(f'select id from D where id in (select a from {source}) {tail}')\n",
        ["TQL510", "TQL304 id in (select a from {source})"],
    ),
    ("ds.query(f'select id from D were id = {n}')\n", ["TQL100 id", "TQL510"]),
    ("ds.query(f'select id from {source} where id > 1 && id < {n}')\n", ["TQL001 && id < {n}", "TQL510"]),
    ("ds.query(f'select id from D where id > 1 && {rest}')\n", ["TQL001 && {rest}", "TQL510"]),
    ("ds.query(f'select id from {source} where js = \\'{{}}\\' order by a, b limit {n}')\n", ["TQL510", "TQL301 b"]),
    ("ds.query('select id from ' + source + ' order by a, b')\n", ["TQL510", "TQL301 b"]),
    ("ds.query('select id from D where a = %s order by a, b' % n)\n", ["TQL510", "TQL301 b"]),
    ("ds.query('select id from {} order by a, {key}'.format(s, key=k))\n", ["TQL510"]),
    ("ds.query(f'select id from D {tail}')\n", ["TQL510"]),
    (
        "ds.query(f'select id from D where a = {d[\"}\"]} '\n        # c\n        rf'order by a, b')\n",
        ["TQL510", "TQL301 b"],
    ),
    ("ds.query(f'select cosine_similarity(e, ARRAY[{v}]) as s, a order by a, b')\n", ["TQL510", "TQL301 b"]),
]


@pytest.mark.parametrize(("source", "findings"), AROUND_VALUES)
def test_what_is_found_around_pasted_values(source: str, findings: list[str]) -> None:
    """A finding that holds for any interpolated value is reported at its place; one that depends on the value is not."""
    found = [
        finding.code if finding.code == "TQL510" else f"{finding.code} {source[finding.start : finding.end]}"
        for finding in check_python(source)
    ]

    assert sorted(found) == sorted(findings)


@several
@given(
    words=st.lists(st.sampled_from(["'a'", "{x}", "b", "{y!r:>{w}}", "é", "{{", "}}", "\\n", "order by c"]), max_size=8)
)
def test_characters_of_f_strings(words: list[str]) -> None:
    """The characters are those that Python evaluates, with one entry for each value, at their offsets in the source."""
    written = " ".join(words)
    source = f'f"{written}"'
    node = ast.parse(source, mode="eval").body

    assert isinstance(node, ast.JoinedStr)
    found = Source(source).f_string(node)

    made = eval(source.replace("{y!r:>{w}}", "{x}"), {"x": "\0"})  # noqa: S307 - a text of this test
    assert "".join(character.value or "\0" for character in found) == made
    for character in found:
        shown = source[character.start : character.end]
        assert shown[0] in "{\\}" or shown == character.value


@pytest.mark.parametrize(("source", "code", "place"), FOUND)
def test_what_is_found(source: str, code: str, place: str) -> None:
    """The finding has the offsets of its characters in the file."""
    (finding,) = (finding for finding in check_python(source) if finding.code == code)

    assert source[finding.start : finding.end] == place
    lines = source.split("\n")
    assert lines[finding.line - 1][finding.column - 1 :].startswith(place.split("\n", maxsplit=1)[0])


CLEAN = [
    'session.query("users").filter()\n',
    "session.query(User)\n",
    'ds.query("select id from D")\n',
    'TEXT = "select id from D order by a, b"\n',
    'x.run("select id from D order by a, b")\n',
    "ds.query(text)\n",
    'requests.get(url, params={"query": "select"})\n',
]


@pytest.mark.parametrize("source", CLEAN)
def test_what_is_no_tql_has_no_finding(source: str) -> None:
    """Other methods, other texts and names are left alone."""
    assert check_python(source) == []


@several
@given(
    text=st.text(st.sampled_from(list("abc '\"\\\n\té😀&,()")), max_size=20), quote=st.sampled_from(["'", '"', '"""'])
)
def test_places_are_those_of_the_file(text: str, quote: str) -> None:
    """Each finding of a text is found in the file, whatever escapes write the text; there the character is the same, or its escape."""
    whole = f"select id from D where {text}"
    written = repr(whole) if quote == "'" else f"{quote}{_escaped(whole, quote)}{quote}"
    source = f"ds.query({written})\n"
    expected = [(finding.code, whole[finding.start : finding.start + 1]) for finding in check(whole)]

    found = check_python(source)

    assert sorted(code for code, _ in expected) == sorted(finding.code for finding in found)
    for finding in found:
        shown: Any = source[finding.start]
        assert shown == "\\" or any(shown == character or not character for _, character in expected)


def _escaped(text: str, quote: str) -> str:
    """Return the text of a string literal, without its quotes."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text if len(quote) > 1 else text.replace("\n", "\\n")


HINTS = [
    ("f\"select id from D where name = '{name}'\"", "where name = {name}", "name=name"),
    ('f"select id from D where year >= {self.year!r}"', "where year >= {year}", "year=self.year"),
    ('f"select id from D where a = 1 and b[0] != {x}"', "where b[0] != {x}", "x=x"),
    ("f\"select id from D where id in ({','.join(ids)})\"", "where id in ({ids})", "ids=ids"),
    ("f\"select id from D where id not in ({','.join(map(str, ids))})\"", "where id not in ({ids})", "ids=ids"),
    ("f\"select id from D where id in ({','.join(str(i) for i in self.ids)})\"", "where id in ({ids})", "ids=self.ids"),
    ('"select id from D limit " + str(n)', "limit {n}", "n=n"),
    ('"select id from D limit %d" % n', "limit {n}", "n=n"),
    ('f"select id from D where a = {f(1)[0]}"', "where a = {value}", "value=f(1)[0]"),
]


@pytest.mark.parametrize(("text", "clause", "value"), HINTS)
def test_the_hint_about_a_pasted_value(text: str, clause: str, value: str) -> None:
    """The hint is a call of `tql.query` with the place and the value."""
    (finding,) = [one for one in check_python(f"ds.query({text})\n") if one.code == "TQL510"]

    assert finding.hint == f'pass the value: tql.query("… {clause}", {value})'
    assert query(f"select id from D {clause}", **{value.partition("=")[0]: [1, 2] if " in (" in clause else 3})
