"""t-strings for the tests: those of Python 3.14 where it runs, and parts with the same attributes before."""

from __future__ import annotations

import string
import sys
from typing import Any, NamedTuple

import tql
from tql import Query
from tql_grammar.syntax.lexer import tokens

TEXTS = [
    "select id, a + 1 as b from \"hub://o/d\" where t = 'x' and a in (1, 2) order by b desc limit 5 offset 2",
    "select distinct g from d",
    "select top 3 id from d",
    "select * from d where not (a between 1 and 5) or t like 'x%' and m is not null",
    "select g[0] as g, sum(v) as s from d group by g",
    "select id from (select id, js['k'] as k from d) where k = 3",
    "(select id from a) union all (select id from b)",
    "select a.id from x as a join y as b on a.id = b.id where b.v > -1.5",
    "select id from d sample by max_weight(a > 3: 2, true: 1) replace false limit 10",
    "select shape(e)[0] as n, e[0:2] as p, x[1] from d where any(tags = 3) and contains(t, 'w')",
    "select * from d limit 10 percent",
    "select id::text as t from d",
]
# The places of the tokens of each text.
PLACES = [(text, token.start, token.end) for text in TEXTS for token in tokens(text) if token.start < token.end]


class Interpolation(NamedTuple):
    """A hole of a t-string, as `string.templatelib` has it."""

    value: object
    expression: str
    conversion: str | None = None
    format_spec: str = ""


class Template(NamedTuple):
    """A t-string, as `string.templatelib` has it."""

    strings: tuple[str, ...]
    interpolations: tuple[Interpolation, ...]


def template(text: str, **values: Any) -> Any:
    """Return the t-string of a text: under Python 3.14 by its own syntax."""
    if sys.version_info >= (3, 14):
        return eval(f"t{text!r}", dict(values))  # noqa: S307 - syntax that older versions do not read
    strings, holes = [""], []
    for before, name, spec, conversion in string.Formatter().parse(text):
        strings[-1] += before
        if name is not None:
            holes.append(Interpolation(eval(name, dict(values)), name, conversion, spec or ""))  # noqa: S307 - as a t-string does
            strings.append("")
    return Template(tuple(strings), tuple(holes))


def both(text: str, **values: Any) -> list[Query]:
    """Return the queries of a text with named holes, and of the t-string with the same parts."""
    return [tql.query(text, **values), tql.query(template(text, **values))]
