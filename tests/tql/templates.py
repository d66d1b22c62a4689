"""t-strings for the tests: those of Python 3.14 where it runs, and parts with the same attributes before."""

from __future__ import annotations

import string
import sys
from typing import Any, NamedTuple

import tql
from tql import Query


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
