"""
Operations of a logical plan: immutable data without behaviour.

A plan is read from the inside out: ``Limit(Sort(Filter(Scan(..))))`` filters the rows of a dataset, sorts them, and returns the first ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.record import Record

if TYPE_CHECKING:
    from tql.expressions.metrics import Direction
    from tql_grammar import ast
    from tql_grammar.ast import Expression
    from tql_grammar.schema import Schema


class Score(Record):
    """
    A column with the score of a search.

    Attributes:
        name: the name of the column.
        best: the direction that sorts the closest rows first.
        by_index: whether the engine may use an index of the embeddings to sort by it.
        exact: whether the user asked for an exact search, or an index would rank by another metric.
    """

    name: str
    best: Direction
    by_index: bool = False
    exact: bool = False


class Plan(Record):
    """An operation on rows; its inputs are its fields ``child``, ``left``, ``right`` or ``children``."""


class Scan(Plan):
    """
    The rows of a dataset.

    Attributes:
        url: the dataset; None for the default dataset of the client.
        alias: its name in the query.
        schema: its columns; None if they are unknown.
    """

    url: str | None = None
    alias: str | None = None
    schema: Schema | None = None


class Verbatim(Plan):
    """The rows of a parsed text, which is kept verbatim."""

    tree: ast.Query


class Subquery(Plan):
    """
    A subquery, which becomes a separate SELECT.

    Attributes:
        child: the query.
        alias: its name in the enclosing query.
        reason: why the compiler nests it; empty if the user wrote ``from_(query)``.
    """

    child: Plan
    alias: str | None = None
    reason: str = ""


class Filter(Plan):
    """
    The rows that meet a condition.

    Attributes:
        child: the rows.
        predicate: the condition.
        caution: what `explain` says of the condition: that an index may read its numbers.
    """

    child: Plan
    predicate: Expression
    caution: str = ""


class Extend(Plan):
    """
    The outputs of a select, and the columns of the child that later operations read, by ``of="source"`` or because no output has the name.

    `tql.compiler.resolve` replaces it by a `Project`, below or above the operations that follow.
    """

    child: Plan
    outputs: tuple[Expression, ...]
    scores: tuple[Score, ...] = ()


class Project(Plan):
    """Exactly the columns of a select list; ``*`` is all columns of the child."""

    child: Plan
    columns: tuple[Expression, ...]
    scores: tuple[Score, ...] = ()


class Aggregate(Plan):
    """
    One row for each group of rows.

    Attributes:
        child: the rows.
        keys: the group keys; without any, all rows are one group.
        outputs: keys, aggregates, and expressions of them.
        caution: what `explain` says of the keys: that their types are unknown.
    """

    child: Plan
    keys: tuple[Expression, ...]
    outputs: tuple[Expression, ...]
    caution: str = ""


class Explode(Plan):
    """
    The groups of the child, split into one row per member or into several parts.

    Attributes:
        child: the groups.
        columns: the select list.
        parts_per_group: the number of parts of each group; 0 for one row per member.
    """

    child: Plan
    columns: tuple[Expression, ...]
    parts_per_group: int


class Sort(Plan):
    """
    A stable sort of the rows.

    Attributes:
        child: the rows.
        keys: the sort keys, most significant first.
        scores: for each key, the score that it refers to, or None; set by `tql.compiler.resolve`.
        reason: the purpose of this sort, if one key needs several sorts.
        caution: what `explain` says of the key: that its type is unknown.
    """

    child: Plan
    keys: tuple[ast.Order, ...]
    scores: tuple[Score | None, ...] = ()
    reason: str = ""
    caution: str = ""


class Limit(Plan):
    """The first rows: *count* of them, None for all, after *offset* that are left out."""

    child: Plan
    count: ast.Number | None = None
    offset: ast.Number | None = None


class Sample(Plan):
    """
    A random sample of the rows.

    Attributes:
        child: the rows.
        weights: the weight of each row, proportional to its probability.
        replace_rows: whether a row may be drawn more than once.
        amount: the size of the sample, in rows or percent; None for the number of rows.
        percent: whether *amount* is in percent.
    """

    child: Plan
    weights: Expression
    replace_rows: bool = True
    amount: float | None = None
    percent: bool = False


class Union(Plan):
    """The concatenated rows of several queries, duplicates included."""

    children: tuple[Plan, ...]


class Join(Plan):
    """
    A join of two sources on the equality of two columns.

    Attributes:
        left: the first source, with an alias.
        right: the second source, with an alias.
        on: the equality of one column of each source.
        how: "inner", "left" or "right".
        columns: the columns of both sources that the query reads, each with a unique alias.
        unfiltered: for a left or right join, the source whose rows may be missing, without its filters, sorts and limits.
        is_grouped: whether that source contains groups.
        texts: the columns that the query compares with a text, by their aliases.
    """

    left: Plan
    right: Plan
    on: ast.Comparison
    how: str
    columns: tuple[ast.Aliased, ...]
    unfiltered: Plan | None = None
    is_grouped: bool = False
    texts: tuple[str, ...] = ()


class Barrier(Plan):
    """The rows of the child, computed first: operations above the barrier are in an outer SELECT."""

    child: Plan
    reason: str


# The operations of the clauses around a select list, in the order in which a statement means them; it has each at most once, but for conditions.
CLAUSES = (Filter, Sample, Sort, Limit)
