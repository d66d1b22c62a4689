"""Validation of the arguments of each clause, and their conversion to the fields of a `Statement`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, SupportsIndex

from tql.compiler.grouped import refuse_score
from tql.expressions.expr import Expr, Key, condition, expression
from tql.expressions.qualified_name import QualifiedName
from tql.messages import shown
from tql.parameters import settled
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


def python_condition(value: object, function: object) -> object:
    """Return the condition of ``when``, a value of Python; its function takes and returns a query."""
    if not callable(function):
        raise ArgumentError("when", "takes a function of a query", shown(function), "lambda query: query.where(..)")
    if isinstance(value, Expr):
        hint = "a condition on rows goes into .where(..)"
        raise ArgumentError("when", "takes a value that Python knows as true or false", shown(value), hint)
    return value


def outputs(query: Statement, columns: Iterable[object], named: Mapping[str, object]) -> tuple[Expression, ...]:
    """Return the outputs of *query*, followed by those of one more call of ``select``."""
    fresh = [_output(column) for column in columns]
    fresh.extend(
        ast.Aliased(_unnamed("select", _unaliased(expression("select", value))), name("select", alias))
        for alias, value in named.items()
    )
    return _distinct_names((*query.outputs, *fresh), query.searches)


def _output(column: object) -> Expression:
    """Return one positional argument of ``select`` as an output."""
    if isinstance(column, str) and column == "*":
        return ast.Star()
    node = expression("select", column)
    if isinstance(node, (ast.Column, ast.Star)):
        return node
    if isinstance(node, ast.Aliased):
        _unnamed("select", node.expression)
        return node
    why = "without one, the engine names it after a column that it reads, or rejects the query"
    hint = "write select(name=..) or .as_(name)"
    raise ArgumentError("select", "takes a name for each computed column", shown(column), hint, why=why)


def _unaliased(node: Expression) -> Expression:
    """Return an expression without its alias, which the keyword of ``select`` replaces."""
    return node.expression if isinstance(node, ast.Aliased) else node


def _distinct_names(
    selected: tuple[Expression, ...], searches: Iterable[Search | TextSearch | Fusion]
) -> tuple[Expression, ...]:
    """
    Return *selected*, whose names and those of the searches are distinct.

    Raises:
        ArgumentError: two outputs have one name.
    """
    labels = [*map(output_name, selected), *[found.alias for found in searches]]
    if len(set(labels)) == len(labels):
        return selected
    taken: set[str | None] = set()
    for label in labels:
        if label in taken:
            rule = "takes each name once" if label else "takes `*` once"
            raise ArgumentError(
                "select",
                rule,
                f"{label or '*'!r} twice",
                "rename one of them: .as_(..), or as_=.. for a score",
            )
        taken.add(label)
    return selected


def alias(value: object) -> str | None:
    """Return the alias of a source, or None."""
    return None if value is None else name("alias", value)


def dataset(url: object, label: object, schema: object) -> Dataset:
    """Return a dataset as the source: that of a url, or of a `Table`."""
    of_table = getattr(url, "__dataset__", None)
    if isinstance(of_table, Dataset):
        return _of_table(url, of_table, label, schema)
    if not isinstance(url, str):
        raise ArgumentError("from_", "takes the url of a dataset or a query", shown(url))
    if label is None and schema is None:
        return _unnamed_dataset(url)
    return Dataset(name("from_", url), alias(label), None if schema is None else _schema(schema))


def _of_table(table: object, found: Dataset, label: object, schema: object) -> Dataset:
    """Return the dataset of a table; an alias and a schema of the call replace its own."""
    if found.url is None:
        rule = "takes a table with a source"
        hint = 'declare it, class Docs(Table, source="hub://org/docs"), or leave from_ out: the query then reads the dataset of the client'
        raise ArgumentError("from_", rule, getattr(table, "__name__", shown(table)), hint)
    changes = {"alias": alias(label), "schema": None if schema is None else _schema(schema)}
    return found.replace(**{field: value for field, value in changes.items() if value is not None})


@functools.lru_cache(maxsize=256)
def _unnamed_dataset(url: str) -> Dataset:
    """Return a dataset without an alias or a schema, cached by its url."""
    return Dataset(name("from_", url))


def _schema(value: object) -> Schema:
    """Return *value* if it is a `Schema`."""
    from tql_grammar.schema import Schema

    if not isinstance(value, Schema):
        hint = 'Schema(id="int64", text="text"), or Schema.from_dataset(dataset)'
        raise ArgumentError("schema", "takes a Schema", shown(value), hint)
    return value


def _unnamed(subject: str, node: Expression) -> Expression:
    """Return *node* unless it contains an alias, which only an output of ``select`` may have."""
    if type(node) is ast.Column:
        return node
    for part in walk(node):
        if isinstance(part, ast.Aliased):
            rule, why = "takes an expression without an alias", "only an output of select has one"
            hint = f"name it in select, and write col({part.alias!r}) here"
            raise ArgumentError(subject, rule, f".as_({part.alias!r})", hint, why=why)
    return node


def conditions(values: Iterable[object]) -> list[Expression]:
    """Return conditions, with each operand of an AND as a condition."""
    nodes = [_unnamed("where", _condition(value)) for value in values]
    return [part for node in nodes for part in (node.operands if isinstance(node, ast.And) else (node,))]


def _condition(value: object) -> Expression:
    """Return a condition of WHERE; None is rejected, since it usually comes from a missing value."""
    if value is None:
        hint = "for an optional condition use .when(value, lambda q: q.where(..)), or all_of([..]) and any_of([..]), which skip None"
        raise ArgumentError("where", "takes a condition", shown(value), hint)
    return condition("where", value)


def searched(subject: str, query: Statement, found: Search | TextSearch | Fusion | ast.Order) -> Statement:
    """Return *query* with one more score, or with one more sort key for a search without a name."""
    if query.groups:
        hint = "group the scored rows: select(..).from_(scored).group_by(..)"
        why = "a score is one value for each row"
        raise ArgumentError(subject, "cannot score the groups of group_by", "", hint, why=why)
    if query.searches and any(isinstance(search, Fusion) for search in (*query.searches, found)):
        rule = "takes no second search in a query with hybrid"
        hint, why = "pass several vectors to hybrid: vector=[.., ..]", "hybrid ranks by its own searches only"
        raise ArgumentError(subject, rule, f"the score {query.searches[0].alias!r}", hint, why=why)
    if isinstance(found, ast.Order):
        return query.replace(keys=(*query.keys, Key(found.expression, found.direction)))
    searches = (*query.searches, found)
    _distinct_names(query.outputs, searches)
    return query.replace(searches=searches)


# Methods that users of other libraries call with more arguments: the rule, and the code to write.
MORE = {
    "where": ("takes conditions without names", 'write .where(col("{name}") == value)'),
    "order_by": ("takes keys without names", 'the direction is that of a key: order_by(desc("year"), "title")'),
    "group_by": (
        "takes keys without names",
        'name a computed key in select: select(year=col("meta")["year"], n=fn.count()).group_by("year")',
    ),
    "distinct": (
        "takes no columns",
        'it compares the outputs: select("{name}").distinct(); or .limit(1, per="{name}") for one row of each',
    ),
}


def refuse_more(method: str, more: Mapping[str, object]) -> None:
    """
    Refuse arguments that a method does not have.

    Raises:
        ArgumentError: there are any.
    """
    if more:
        rule, hint = MORE[method]
        label = next(iter(more))
        raise ArgumentError(
            method, rule, label if method == "distinct" else f"{label}=", hint.replace("{name}", str(label))
        )


def keys(values: Iterable[object]) -> list[Key]:
    """Return the arguments of ``order_by`` as sort keys."""
    return [_key(value) if type(value) is str else _checked_key(value) for value in values]


@functools.lru_cache(maxsize=1024)
def _key(label: str) -> Key:
    """Return a column as a sort key, cached by its name."""
    return Key(expression("order_by", label))


def _checked_key(value: object) -> Key:
    """Return an expression or a `Key` as a sort key without an alias."""
    found = value if isinstance(value, Key) else Key(expression("order_by", value))
    _unnamed("order_by", found.expression)
    return found


def groups(query: Statement, values: Iterable[object]) -> tuple[Expression, ...]:
    """Return the group keys of *query*, followed by those of one more call of ``group_by``."""
    refuse_score(query)
    return (*query.groups, *(_unnamed("group_by", expression("group_by", value)) for value in values))


def combined(operator: str, query: Statement, other: Statement) -> Statement:
    """Return a query over a set operation; repeated unions, and repeated intersections, become one of several members."""
    query, other = settled(query), settled(other)
    flat = (
        isinstance(query.source, SetOperation)
        and query == Statement(source=query.source)
        and query.source.operator == operator
    )
    first = query.source.members if flat and operator != "except_" else (query,)  # type: ignore[union-attr]  # it is a SetOperation
    return Statement(source=SetOperation(operator, (*first, other)))


def rows(subject: str, value: object) -> int | None:
    """Return a number of rows, from 0 to 2**63 - 1, or None."""
    if value is None or (type(value) is int and 0 <= value <= LARGEST_INT):
        return value
    if (
        isinstance(value, (bool, float, str, Expr))
        or not isinstance(value, SupportsIndex)
        or not 0 <= value.__index__() <= LARGEST_INT
    ):
        raise ArgumentError(subject, "takes a number of rows >= 0", shown(value))
    return int(value.__index__())


def limit_per(value: object) -> tuple[ast.Column, ...]:
    """Return the columns of ``limit(.., per=)``."""
    values = () if value is None else value if isinstance(value, (list, tuple)) else (value,)
    found: list[ast.Column] = []
    if isinstance(value, int):
        hint = f"to skip rows write .offset: .limit(5).offset({value!r})"
        raise ArgumentError("limit", "takes outputs by name as per", shown(value), hint)
    for part in values:
        column = expression("limit", part)
        if isinstance(column, QualifiedName) and column.place == "output":
            column = ast.Column(column.name)
        if not isinstance(column, ast.Column) or column.table is not None:
            hint = 'name it in select: limit(3, per="kind")'
            raise ArgumentError("limit", "takes outputs by name as per", shown(value), hint)
        found.append(column)
    return tuple(found)


JOINS = {
    "inner": "",
    "left": "",
    "right": "",
    "full": "the engine fails on the unmatched rows of a full join",
    "cross": "the engine requires a condition for a cross join, and ignores it",
    "natural": "the engine fails with `NATURAL JOIN is not supported.`",
}
_FULL = 'combine a left join with what has no match in a right one: left.union_all(right.where(col("id", of="a").is_null()))'
# The remedies for other kinds of joins.
OTHER_JOINS = {
    **dict.fromkeys(("full", "outer", "full outer", "fullouter"), _FULL),
    **dict.fromkeys(("left outer", "leftouter"), 'how="left"'),
    **dict.fromkeys(("right outer", "rightouter"), 'how="right"'),
    **dict.fromkeys(("anti", "left anti"), 'how="left", and .where(col("id", of="b").is_null())'),
    **dict.fromkeys(
        ("semi", "left semi"), 'run the other query first: .where(col("id").in_(client.query(other)["id"]))'
    ),
}


def joined(query: Statement, source: Dataset | DerivedQuery, on: object, how: object) -> JoinClause:
    """Return the join of *query* with a second source."""
    if query.joined is not None:
        hint = "nest the first join: select(..).from_(joined, alias=..).join(..)"
        why = "the engine joins two sources only"
        raise ArgumentError("join", "takes one join for each query", "a second one", hint, why=why)
    refusal = JOINS.get(how) if isinstance(how, str) else None
    if refusal is None:
        raise ArgumentError("how", "takes inner, left or right", shown(how), _other_join(how))
    if refusal:
        raise ArgumentError("how", "takes inner, left or right", shown(how), _other_join(how), why=refusal)
    _require_names(source, on)
    node = condition("join", on)
    if not (isinstance(node, ast.Comparison) and node.operator == "=" and _sides(node) == {True}):
        hint, why = 'col("id", of="a") == col("uid", of="b")', "the engine supports no other join condition"
        raise ArgumentError("on", "takes the equality of one column of each source", shown(on), hint, why=why)
    return JoinClause(source, node, str(how))


def _require_names(source: Dataset | DerivedQuery, on: object) -> None:
    """Raise ArgumentError for a joined source without an alias, and for a name in place of the condition."""
    if source.alias is None:
        hint = f'join(.., alias="b"){f", and {_equality(on)}" if isinstance(on, str) else ""}'
        raise ArgumentError("alias", "takes a name for the joined source", shown(None), hint)
    if isinstance(on, str):
        raise ArgumentError("join", "takes a condition", shown(on), f"compare a column of each source: {_equality(on)}")


def _equality(label: str) -> str:
    """Return the condition of a join in place of a name."""
    column = label if label.isidentifier() else "id"
    return f'on=col("{column}", of="a") == col("{column}", of="b"), where "a" is the alias in from_(.., "a")'


def _other_join(how: object) -> str | None:
    """Return the remedy for the kind of a join that there is not; in capitals it is the name in small letters."""
    kind = how.lower() if isinstance(how, str) else ""
    return f'how="{kind}"' if JOINS.get(kind) == "" else OTHER_JOINS.get(kind)


def _sides(node: ast.Comparison) -> set[bool]:
    """Return, for the sides of an equality, whether each is a column with the alias of its source."""
    return {isinstance(side, ast.Column) and side.table is not None for side in (node.left, node.right)}


def sampling(weights: object, replace: object, limit: object, percent: object) -> Sampling:
    """Return the sampling of a query from the arguments of ``sample_by``."""
    if not isinstance(replace, bool):
        raise ArgumentError("replace", "takes True or False", shown(replace))
    if limit is not None and percent is not None:
        raise ArgumentError("sample_by", "takes limit or percent", "both", "leave one of them out")
    if percent is None:
        return Sampling(_unnamed("sample_by", expression("sample_by", weights)), replace, rows("limit", limit))
    if isinstance(percent, bool) or not isinstance(percent, (int, float)) or not 0 < percent <= WHOLE:
        raise ArgumentError("percent", "takes a number above 0, up to 100", shown(percent))
    return Sampling(_unnamed("sample_by", expression("sample_by", weights)), replace, percent, percent=True)


def parts_per_group(value: object) -> int:
    """Return the number of parts that each group is split into; 0 for one row per member."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
        raise ArgumentError(
            "ungroup_by", "takes a number of parts per group >= 1, or None for one row per member", shown(value)
        )
    return value
