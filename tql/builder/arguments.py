"""Arguments of each clause, with a refusal of the rest where it is given."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, SupportsIndex

from tql.compiler.grouped import refuse_score
from tql.expressions.expr import Expr, Key, condition, expression
from tql.messages import shown
from tql.statement import Dataset, Fusion, JoinClause, Sampling, Search, SetOperation, Statement, TextSearch
from tql.values.literal import LARGEST_INT, name
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.outputs import output_name
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.statement import DerivedQuery
    from tql_grammar.ast import Expression
    from tql_grammar.schema import Schema

WHOLE = 100


def outputs(query: Statement, columns: Iterable[object], named: Mapping[str, object]) -> tuple[Expression, ...]:
    """Return the outputs of *query* with more of them."""
    fresh = [_output(column) for column in columns]
    fresh.extend(
        ast.Aliased(_unnamed("select", _unaliased(expression("select", value))), name("select", alias))
        for alias, value in named.items()
    )
    return _distinct_names((*query.outputs, *fresh), query.searches)


def _output(column: object) -> Expression:
    """Return one selected expression."""
    if isinstance(column, str) and column == "*":
        return ast.Star()
    node = expression("select", column)
    if isinstance(node, (ast.Column, ast.Star)):
        return node
    if isinstance(node, ast.Aliased):
        _unnamed("select", node.expression)
        return node
    rule = "takes a name for each computed column: without one the engine gives it the name of a column it reads, or refuses it"
    raise ArgumentError("select", rule, shown(column), "write select(name=..), or .as_(name)")


def _unaliased(node: Expression) -> Expression:
    """Return an expression without the name that it had: the keyword gives it another."""
    return node.expression if isinstance(node, ast.Aliased) else node


def _distinct_names(
    selected: tuple[Expression, ...], searches: Iterable[Search | TextSearch | Fusion]
) -> tuple[Expression, ...]:
    """Return *selected* if no name comes twice."""
    labels = [*map(output_name, selected), *[found.alias for found in searches]]
    if len(set(labels)) == len(labels):
        return selected
    taken: set[str | None] = set()
    for label in labels:
        if label in taken:
            rule = "takes each name once, and `*` once" if label else "takes `*` once"
            raise ArgumentError(
                "select",
                rule,
                f"{label or '*'!r} twice",
                "give one of them another name: .as_(..), or as_= of a search",
            )
        taken.add(label)
    return selected


def alias(value: object) -> str | None:
    """Return an alias for a source."""
    return None if value is None else name("alias", value)


def dataset(url: object, label: object, schema: object) -> Dataset:
    """Return a dataset as the source."""
    if not isinstance(url, str):
        raise ArgumentError("from_", "takes the url of a dataset or a query", shown(url))
    if label is None and schema is None:
        return _unnamed_dataset(url)
    return Dataset(name("from_", url), alias(label), None if schema is None else _schema(schema))


@functools.lru_cache(maxsize=256)
def _unnamed_dataset(url: str) -> Dataset:
    """Return a dataset without an alias, of unknown columns; the same ones come again and again."""
    return Dataset(name("from_", url))


def _schema(value: object) -> Schema:
    """Return the columns of a dataset."""
    from tql_grammar.schema import Schema

    if not isinstance(value, Schema):
        hint = 'Schema(id="int64", text="text"), or Schema.from_dataset(dataset)'
        raise ArgumentError("schema", "takes a Schema", shown(value), hint)
    return value


def _unnamed(subject: str, node: Expression) -> Expression:
    """Refuse a name that is given inside of an expression: only an output has one."""
    if type(node) is ast.Column:
        return node
    for part in walk(node):
        if isinstance(part, ast.Aliased):
            hint = f"give the name in select, and use it as col({part.alias!r})"
            raise ArgumentError(subject, "takes no expression with a name of its own", f".as_({part.alias!r})", hint)
    return node


def conditions(values: Iterable[object]) -> list[Expression]:
    """Return conditions, conjunctions taken apart."""
    nodes = [_unnamed("where", _condition(value)) for value in values]
    return [part for node in nodes for part in (node.operands if isinstance(node, ast.And) else (node,))]


def _condition(value: object) -> Expression:
    """Return a condition of WHERE, or refuse what is none; None says nothing about the rows, and is a mistake more often than not."""
    if value is None:
        hint = "for a condition that is not always there: .when(given, lambda q: q.where(..)), or all_of([..]) and any_of([..])"
        raise ArgumentError("where", "takes a condition", shown(value), hint)
    return condition("where", value)


def searched(subject: str, query: Statement, found: Search | TextSearch | Fusion | ast.Order) -> Statement:
    """Return *query* with a score, or with one more key."""
    if query.groups:
        rule = "takes a query that is not grouped, since the score is one value for each row"
        raise ArgumentError(
            subject, rule, "a grouped one", "group the scored rows: select(..).from_(scored).group_by(..)"
        )
    if query.searches and any(isinstance(search, Fusion) for search in (*query.searches, found)):
        rule = "takes no other search together with hybrid(..), which ranks by all of its own"
        raise ArgumentError(
            subject, rule, repr(query.searches[0].alias), "give hybrid several vectors: vector=[.., ..]"
        )
    if isinstance(found, ast.Order):
        return query.replace(keys=(*query.keys, Key(found.expression, found.direction)))
    searches = (*query.searches, found)
    _distinct_names(query.outputs, searches)
    return query.replace(searches=searches)


def keys(values: Iterable[object]) -> list[Key]:
    """Return the keys of an order."""
    return [_key(value) if type(value) is str else _checked_key(value) for value in values]


@functools.lru_cache(maxsize=1024)
def _key(label: str) -> Key:
    """Return a column as a key; the same ones come again and again."""
    return Key(expression("order_by", label))


def _checked_key(value: object) -> Key:
    """Return a key of an order."""
    found = value if isinstance(value, Key) else Key(expression("order_by", value))
    _unnamed("order_by", found.expression)
    return found


def groups(query: Statement, values: Iterable[object]) -> tuple[Expression, ...]:
    """Return the keys of *query* with more of them."""
    refuse_score(query)
    return (*query.groups, *(_unnamed("group_by", expression("group_by", value)) for value in values))


def combined(operator: str, query: Statement, other: Statement) -> Statement:
    """Return a query over the rows of a set operation; a chain of one kind stays flat."""
    flat = (
        isinstance(query.source, SetOperation)
        and query == Statement(source=query.source)
        and query.source.operator == operator
    )
    first = query.source.members if flat and operator != "except_" else (query,)  # type: ignore[union-attr]  # it is Combined
    return Statement(source=SetOperation(operator, (*first, other)))


def rows(subject: str, value: object) -> int | None:
    """Return a number of rows."""
    if value is None or (type(value) is int and 0 <= value <= LARGEST_INT):
        return value
    if (
        isinstance(value, (bool, float, str, Expr))
        or not isinstance(value, SupportsIndex)
        or not 0 <= value.__index__() <= LARGEST_INT
    ):
        raise ArgumentError(subject, "takes a number of rows >= 0", shown(value))
    return int(value.__index__())


JOINS = {
    "inner": "",
    "left": "",
    "right": "",
    "full": "the engine fails when it reads the rows of a full join that match nothing",
    "cross": "the engine takes a cross join with a condition only, which it then ignores",
    "natural": "the engine says `NATURAL JOIN is not supported.`",
}


def joined(query: Statement, source: Dataset | DerivedQuery, on: object, how: object) -> JoinClause:
    """Return the second source of *query*."""
    if query.joined is not None:
        rule = "takes one other source: the engine cannot join a third"
        raise ArgumentError(
            "join", rule, "a second join", "nest the first: select(..).from_(joined, alias=..).join(..)"
        )
    refusal = JOINS.get(how) if isinstance(how, str) else None
    if refusal is None:
        raise ArgumentError("how", "takes inner, left or right", shown(how))
    if refusal:
        raise ArgumentError("how", "takes inner, left or right", shown(how), refusal)
    if source.alias is None:
        raise ArgumentError("alias", "takes a name for the joined source", shown(None), 'join(.., alias="b")')
    node = condition("join", on)
    if not (isinstance(node, ast.Comparison) and node.operator == "=" and _sides(node) == {True}):
        rule = "takes the equality of one column of each source, which is all that the engine joins by"
        raise ArgumentError("on", rule, shown(on), 'col("id", of="a") == col("uid", of="b")')
    return JoinClause(source, node, str(how))


def _sides(node: ast.Comparison) -> set[bool]:
    """Return whether each side of an equality is a column that says where it is from."""
    return {isinstance(side, ast.Column) and side.table is not None for side in (node.left, node.right)}


def sampling(weights: object, replace: object, limit: object, percent: object) -> Sampling:
    """Return how rows are drawn."""
    if not isinstance(replace, bool):
        raise ArgumentError("replace", "takes True or False", shown(replace))
    if limit is not None and percent is not None:
        raise ArgumentError("percent", "takes the place of limit", "both")
    if percent is None:
        return Sampling(_unnamed("sample_by", expression("sample_by", weights)), replace, rows("limit", limit))
    if isinstance(percent, bool) or not isinstance(percent, (int, float)) or not 0 < percent <= WHOLE:
        raise ArgumentError("percent", "takes a number above 0, up to 100", shown(percent))
    return Sampling(_unnamed("sample_by", expression("sample_by", weights)), replace, percent, percent=True)


def parts_per_group(value: object) -> int:
    """Return into how many pieces each group goes; 0 for one row for each member."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
        raise ArgumentError("ungroup_by", "takes a number of pieces >= 1, or None for single rows", shown(value))
    return value
