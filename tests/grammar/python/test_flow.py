"""Paths through Python files, compared with what Python itself does."""

from __future__ import annotations

import re
from textwrap import dedent, indent
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.tql.compiler.test_meaning import several
from tql_grammar.python.source import locate_queries
from tql_grammar.python.values import HOLE

NAMES = ("a", "b")
names = st.sampled_from(NAMES)
texts = st.sampled_from(["'x '", "'''y\n  z'''", "''", "'{} w'", "'%s v'", "'  u '"])
simple = st.one_of(texts, names, st.sampled_from(["str(1)", "unknown"]))
expressions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("f'<{{{}}}>'".format, st.sampled_from([*NAMES, "N", "unknown", "N:>3", "a!r"])),
        st.builds("({} if flags[0] else {})".format, inner, inner),
        st.builds("{}.strip()".format, inner),
        st.builds("{}.replace('x', {})".format, inner, inner),
        st.builds("' '.join([{}, {}])".format, inner, inner),
        st.builds("' '.join({}.split())".format, texts),
        st.builds("dedent({})".format, inner),
        st.builds("'[{{}}] {{0}}'.replace('{{0}}', '{{}}').format({}, {})".format, inner, inner),
        st.builds("('%s|%s' % ({}, {}))".format, inner, inner),
        st.builds("helper({})".format, inner),
    ),
    max_leaves=4,
)
assignments = st.one_of(
    st.builds("{} = {}".format, names, expressions),
    st.builds("{} += {}".format, names, expressions),
    st.builds("parts.append({})".format, expressions),
    st.just("a, b = b, a"),
    st.just("a = ' '.join(parts)"),
)
blocks = st.lists(assignments, min_size=1, max_size=3).map("\n".join)
statements = st.one_of(
    assignments,
    st.builds(
        lambda flag, one, two: f"if flags[{flag}]:\n{indent(one, '    ')}\nelse:\n{indent(two, '    ')}",
        st.integers(0, 1),
        blocks,
        blocks,
    ),
    st.builds(lambda body: f"for i in range(flags[1] * 2):\n{indent(body, '    ')}", blocks),
    st.builds(lambda body: f"for i in ('i ', a, 'j '):\n    a += i\n{indent(body, '    ')}", blocks),
    st.builds(lambda body: f"for i, b in enumerate(['p', a]):\n{indent(body, '    ')}", blocks),
    st.builds("a = ' '.join(i + {} for i in ('i', 'j'))".format, expressions),
    st.builds(lambda body: f"try:\n{indent(body, '    ')}\nexcept ValueError:\n    pass", blocks),
)


@several
@given(
    body=st.lists(statements, max_size=5).map("\n".join),
    flags=st.lists(st.booleans(), min_size=2, max_size=2),
    text=expressions,
)
def test_the_text_that_python_passes_is_found(body: str, flags: list[bool], text: str) -> None:
    """The text that a program passes to `query` is one of those that are located, where an interpolated value is any text."""
    source = (
        "N = 7\nparts = ['p']\na, b = 'a', 'b'\ndef helper(x):\n    return 'h' + str(x)\n"
        f"{_without_multiline(body)}\nds.query('select ' + {text})  # tql\n"
    )
    passed: list[str] = []
    recorder: Any = type("Recorder", (), {"query": staticmethod(passed.append)})
    exec(source, {"ds": recorder, "flags": flags, "unknown": "?", "dedent": dedent})  # noqa: S102 - a program of this test

    located = [query.text.written for query in locate_queries(source) if query.verdict.read]

    patterns = ["".join("[\\s\\S]*" if one == HOLE else re.escape(one) for one in written) for written in located]
    assert any(re.fullmatch(pattern, passed[0]) for pattern in patterns), (source, passed, located)


def _without_multiline(body: str) -> str:
    """Return a program whose texts of several lines have their newline as an escape, since `indent` would change them."""
    return re.sub(r"'''y\n\s*z'''", r"'''y\\n  z'''", body)
