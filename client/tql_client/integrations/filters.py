"""Filters of the retrievers as conditions: dicts as in Chroma and Pinecone, and the operators of LangChain and LlamaIndex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tql import all_of, any_of, col, fn, not_
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tql.expressions.expr import Expr


class Names(Record):
    """
    The meaning of the names in a filter.

    Attributes:
        metadata: the name of the JSON column of the metadata, or None; with one, a name that is no column is a key of it.
        columns: the names that are columns nevertheless.
    """

    metadata: str | None = None
    columns: tuple[str, ...] = ()

    def expression(self, name: object) -> Expr:
        """
        Return the column of a name, or a key: a name with dots is a key of a JSON column, or of an object below it.

        Raises:
            ArgumentError: the name is no text, or has an empty part.
        """
        if not isinstance(name, str) or not all(name.split(".")):
            raise ArgumentError("filter", "takes names of columns, and column.key for keys of JSON", repr(name), HINT)
        first, *keys = name.split(".")
        if self.metadata is not None and first not in {self.metadata, *self.columns}:
            first, keys = self.metadata, [first, *keys]
        found = col(first)
        for key in keys:
            found = found[key]
        return found


HINT = 'write a condition of the builder: filter=col("ts") >= 1'
NEGATIONS: dict[str, str] = dict.fromkeys(
    ("$not", "$nor"), "negate a condition of the builder: filter=~(col('lang') == 'en')"
)
# The conditions of the builder for operators that a dict has in other libraries, each with the column before it.
INSTEAD = {
    "$contains": ".contains('a')",
    "$like": ".like('a%')",
    "$ilike": ".ilike('a%')",
    "$regex": ".matches('a.*')",
    "$exists": ".is_not_null()",
    "$between": ".between(1, 5)",
}
ALL_COLUMNS = Names()


OPERATORS: dict[str, Callable[[Expr, Any], Expr]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "in": lambda column, value: column.in_(_members(value)),
    "nin": lambda column, value: column.not_in(_members(value)),
    "like": lambda column, value: column.like(value),
    "contain": lambda column, value: column.contains(value),
    "contain_ignoring_case": lambda column, value: column.matches(_ignoring_case(value)),
    "element": fn.contains,
    "any": lambda column, value: any_of([fn.contains(column, one) for one in _members(value)]),
    "all": lambda column, value: all_of([fn.contains(column, one) for one in _members(value)]),
    "is_empty": lambda column, _value: _is_empty(column),
}
COMBINATIONS: dict[str, Callable[[list[Any]], Expr]] = {
    "and": all_of,
    "or": any_of,
    "not": lambda conditions: not_(any_of(conditions)),
}
# The keys of a dict that compare a column, and those that combine dicts.
COMPARING = {f"${name}": name for name in ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin")}
COMBINING = {"$and": "and", "$or": "or"}
WITHOUT_VALUE = frozenset({"is_empty"})


def compare(operator: str, name: str, value: object, names: Names = ALL_COLUMNS) -> Expr:
    """
    Return the condition of one comparison of a filter.

    Args:
        operator: a key of `OPERATORS`.
        name: the name of a column, or ``column.key`` for a key of a JSON column.
        value: the value; a list of values for ``in``, ``nin``, ``any`` and ``all``.
        names: the meaning of the name.

    Raises:
        ArgumentError: TQL has no such operator, or the value is None, to which nothing compares.
    """
    if operator not in OPERATORS:
        rule = f"has an operator that TQL does not support, {operator!r}; supported are {', '.join(OPERATORS)}"
        raise ArgumentError("filter", rule, f"{name} {operator} {value!r}", HINT)
    if value is None and operator not in WITHOUT_VALUE:
        hint = f'leave the key out for all rows, or write filter=col("{name}").is_null() for the rows without a value'
        raise ArgumentError("filter", f"takes no None, got it for {name!r}", "", hint)
    return OPERATORS[operator](names.expression(name), value)


def _members(value: object) -> list[Any]:
    """Return the values of IN; sets are sorted, so that a filter has one text."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ArgumentError(
            "filter", "takes a list of values for in, nin, any and all", repr(value), 'filter={"id": [1, 2]}'
        )
    return sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value)


def _is_empty(column: Expr) -> Expr:
    """Return the condition of rows without a value; a key of JSON is also compared with the empty text."""
    missing = column.is_null()
    return missing | (column == "") if isinstance(column.node, ast.Subscript) else missing


def _ignoring_case(value: object) -> str:
    """Return the regular expression of the texts that contain a text in any case."""
    if not isinstance(value, str):
        raise ArgumentError("filter", "takes a text for text_match_insensitive", repr(value), HINT)
    return rf"[\s\S]*{''.join(map(_either_case, value))}[\s\S]*"


def _either_case(character: str) -> str:
    """Return the regular expression of both cases of a character."""
    cases = [case for case in dict.fromkeys((character, character.lower(), character.upper())) if len(case) == 1]
    return f"[{''.join(cases)}]" if len(cases) > 1 else re.escape(character)


def combine(operator: str, conditions: Sequence[Any]) -> Expr:
    """Return the conditions of a filter, combined by AND, OR or NOT."""
    if operator not in COMBINATIONS:
        raise ArgumentError("filter", f"must combine conditions by {', '.join(COMBINATIONS)}", repr(operator))
    return COMBINATIONS[operator](list(conditions))


def of_dict(values: Mapping[str, object], names: Names = ALL_COLUMNS) -> Expr:
    """
    Return the condition of a dict, which holds where all of its keys do.

    ``{"lang": "en"}`` is equality, ``{"lang": ["en", "de"]}`` one of several values, ``{"ts": {"$gte": 1, "$lt": 5}}`` comparisons;
    ``"meta.lang"`` is a key of a JSON column, as is ``{"meta": {"lang": "en"}}`` where *names* has ``meta`` as the column of the metadata, and ``{"$or": [{..}, {..}]}`` and ``{"$and": [..]}`` combine dicts.

    Raises:
        ArgumentError: a key or a value has another form.
    """
    return all_of([_of_key(name, value, names) for name, value in values.items()])


def _of_key(name: str, value: object, names: Names) -> Expr:
    """Return the condition of one key of a dict."""
    if name in COMBINING:
        return combine(COMBINING[name], [of_dict(part, names) for part in _parts(name, value)])
    if str(name).startswith("$"):
        raise ArgumentError(
            "filter", f"combines dicts by {', '.join(COMBINING)}", repr(name), NEGATIONS.get(name, HINT)
        )
    if name == names.metadata and isinstance(value, Mapping) and value and not value.keys() & COMPARING.keys():
        return of_dict({f"{name}.{key}": part for key, part in value.items()}, names)
    return all_of([compare(operator, name, operand, names) for operator, operand in _comparisons(name, value, names)])


def _parts(name: str, value: object) -> Sequence[Mapping[str, object]]:
    """Return the dicts that a key combines."""
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(part, dict) and part for part in value):
        raise ArgumentError("filter", f"takes a list of dicts that are not empty for {name}", repr(value), HINT)
    return value


def _instead(name: str, value: Mapping[object, object], names: Names) -> str:
    """Return the code to write in place of an object whose operators a dict does not have."""
    code = next((INSTEAD[sign] for sign in map(str, value) if sign in INSTEAD), None)
    if code is None:
        return f'{HINT}; a key of JSON is "{name}.key"'
    return f"write a condition of the builder: filter={names.expression(name)!r}{code}"


def _comparisons(name: str, value: object, names: Names) -> Sequence[tuple[str, object]]:
    """Return the operators of one column with their values."""
    if not isinstance(value, Mapping):
        return [("in" if isinstance(value, (list, tuple, set, frozenset)) else "eq", value)]
    if not value or not value.keys() <= COMPARING.keys():
        rule = f"takes an object with {', '.join(COMPARING)} for a column"
        raise ArgumentError("filter", rule, f"{value!r} for {name!r}", _instead(name, value, names))
    return [(COMPARING[sign], operand) for sign, operand in value.items()]


__all__ = ["ALL_COLUMNS", "HINT", "Names", "combine", "compare", "of_dict"]
