"""Hints about values that a Python file pastes into query texts: the call of `tql.query` that takes the value."""

from __future__ import annotations

import keyword
import re

VECTOR = re.compile(r"ARRAY\[\s*\Z", re.IGNORECASE)
# The text before a value in a place where `tql.query` takes it: a comparison, a list of IN, LIMIT and OFFSET.
COMPARED = re.compile(r"(?P<left>[\w.]+(?:\[[^\[\]]*\])?\s*(?:[=!]?=|<>|[<>]=?)\s*)'?\Z")
LISTED = re.compile(r"(?P<left>[\w.]+\s+(?:not\s+)?in\s*\(\s*)'?\Z", re.IGNORECASE)
COUNTED = re.compile(r"\b(?P<left>(?:limit|offset)\s+)\Z", re.IGNORECASE)
PLACES = ((COMPARED, "where ", ""), (LISTED, "where ", ")"), (COUNTED, "", ""))
# An expression in braces, with its conversion and format; what makes text of a value; and the last name of an expression.
BRACES = re.compile(r"\{(?P<inside>.*?)=?(?:![rsa])?(?::[^{}]*)?\}")
TO_TEXT = re.compile(
    r".*\.join\((?P<inside>.*)\)|(?:str|repr|int|float|map|tuple|list)\((?:\w+,\s*)?(?P<value>[^(),]*)\)"
)
EACH = re.compile(r"[(\[]?.*\bfor\b.*\bin\s+(?P<inside>[\w.]+)[)\]]?")
NAME = re.compile(r"(?P<name>[A-Za-z_]\w*)\Z")


def advice(before: str, written: str) -> str:
    """
    Return the hint about an interpolated value.

    Args:
        before: the text of the query before it.
        written: the expression, as the file has it.
    """
    if VECTOR.search(before):
        return 'pass the vector as a value: select("id").similarity("embedding", vector).order_by("score").limit(10)'
    for place, clause, end in PLACES:
        found = place.search(before)
        if found is not None:
            value = _value(written)
            last = NAME.search(value)
            name = last["name"] if last and not keyword.iskeyword(last["name"]) else "value"
            return f'pass the value: tql.query("… {clause}{found["left"]}{{{name}}}{end}", {name}={value})'
    return 'build the query: select("id").where(col("name") == value), or param("name") and bind(name=value)'


def _value(written: str) -> str:
    """Return the value in an expression: without braces, and without what makes text of it."""
    braces = BRACES.fullmatch(written)
    value = (braces["inside"] if braces else written).strip()
    while (inner := TO_TEXT.fullmatch(value)) is not None:
        value = next(group for group in inner.groups() if group is not None).strip()
    each = EACH.fullmatch(value)
    return each["inside"] if each else value
