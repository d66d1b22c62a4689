"""t-strings in Python files, and the holes of `tql.query`, which are values and not pasted."""

from __future__ import annotations

import ast
import sys

import pytest

from tql_grammar.python.source import check_python, explain_python
from tql_grammar.python.tstrings import without_t_strings

HEAD = "import tql\nfrom tql import query\n"
# A call, and its findings with their places.
CALLS = [
    ('tql.query(t"select id where name = {name} limit {n}")', []),
    ('query(t"select id where name = {name} order by a, b")', ["TQL301 b"]),
    ("tql.query(T'select distinct {what} from D')", ["TQL302 select distinct {what} from D"]),
    ('tql.query(rt"select id were id = {n}")', ["TQL100 id"]),
    ('tql.query(t"select id from {source} where id > 1 && id < {n}")', ["TQL001 && id < {n}"]),
    ('text = tR"""select id\nfrom {source}\norder by a, b"""\ntql.query(text)', ["TQL301 b"]),
    ('name = "id limit 3"\nquery(t"select {name} from D")', []),
    ('query(t"select id " t"where a = {a} order by a, b")', ["TQL301 b"]),
    ('tql.query("select id where name = {name} order by a, b", name=name)', ["TQL301 b"]),
    ("tql.query(\"select id where js['{{'] = {x}\", x=1)", []),
    ('tql.query(f"select id where name = {name}")', ["TQL510 name"]),
    ("tql.query(\"select id where name like '%{name}%' limit {n}\", name=name, n=3)", ["TQL100 {name}"]),
    ("query(t\"select id where name = '{name}' and kind = '{kind}'\")", ["TQL100 {name}", "TQL100 {kind}"]),
    ("query('select id from \"{source}\" where a = {a}', source=url, a=1)", ["TQL100 {source}"]),
    ("text = 'select id -- {note}'\nquery(text, note=1)", ["TQL100 {note}"]),
    ('tql.query("select id where name = " + name)', ["TQL510 name"]),
    ('é = t"x"; query(t"select id where t = \'ä\' order by a, b")', ["TQL301 b"]),
    ('# t"select a order by a, b"\nx = "t\'select a order by a, b\'"', []),
]


def shown(source: str) -> list[str]:
    """Return the findings of a file: the code, and the text at the place, for errors and warnings."""
    return [
        f"{finding.code} {source[finding.start : finding.end]}"
        for finding in check_python(source)
        if finding.severity != "info"
    ]


@pytest.mark.parametrize(("call", "findings"), CALLS)
def test_templates(call: str, findings: list[str]) -> None:
    """Each Python reads t-strings; their values are holes of any value, and only f-strings and pasted texts are injections."""
    assert shown(HEAD + call + "\n") == findings


def test_the_reason() -> None:
    """`--explain-python` names the call and its origin."""
    assert "read, the argument of `query`: `tql` comes from `tql`" in explain_python(HEAD + 'tql.query(t"select {a}")')


@pytest.mark.parametrize(
    "source",
    [
        't"a"',
        "rt'a{b}'",
        'x = t"""a\nb"""',
        "print(t'{a}', f'{a}', 't', tr'{b}')",
        "t = 1; t; rt = t",
        't ("a")',
        "# t'a'",
    ],
)
def test_a_file_without_t_strings(source: str) -> None:
    """The text has the same length, is Python, and differs at the prefixes only, which are those that Python 3.14 knows."""
    text, templates = without_t_strings(source)

    assert [index for index, (one, other) in enumerate(zip(source, text, strict=True)) if one != other] == sorted(
        start + source[start : start + 2].lower().index("t") for start in templates
    )
    if not source.startswith("t ("):
        ast.parse(text)
    if sys.version_info >= (3, 14):
        assert sum(type(node).__name__ == "TemplateStr" for node in ast.walk(ast.parse(source))) == len(templates)


@pytest.mark.parametrize("source", ['t"a', "x = (t'a'", "t'''a"])
def test_a_file_that_is_not_python(source: str) -> None:
    """The parser reports it, at its place."""
    with pytest.raises(SyntaxError):
        check_python(f"import tql\n{source}\n")
