"""
The operations of a plan, frozen and without behaviour.

A plan is read from the inside out: ``Limit(Sort(Filter(Scan(..))))`` filters the rows of a dataset, sorts what is left, and cuts it.
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
    A column that is the score of a search.

    Attributes:
        name: the column.
        best: the direction that puts the closest first.
        by_index: whether an index of the embeddings may rank by it.
        exact: whether the user asked for every row to be looked at.
    """

    name: str
    best: Direction
    by_index: bool = False
    exact: bool = False


class Plan(Record):
    """An operation on rows; those that it reads are in its fields ``child``, ``left``, ``right`` or ``children``."""


class Scan(Plan):
    """
    The rows of a dataset.

    Attributes:
        url: the dataset; None for the default dataset of the client.
        alias: its name in the query.
        schema: its columns, where they are known.
    """

    url: str | None = None
    alias: str | None = None
    schema: Schema | None = None


class Verbatim(Plan):
    """The rows of a text that was parsed, and is kept as it was written."""

    tree: ast.Query


class Subquery(Plan):
    """
    The rows of a query in parentheses: it is a SELECT of its own.

    Attributes:
        child: the query.
        alias: its name in the query around it.
        reason: why there are parentheses; empty where the user wrote ``from_(query)``.
    """

    child: Plan
    alias: str | None = None
    reason: str = ""


class Filter(Plan):
    """The rows for which a condition holds."""

    child: Plan
    predicate: Expression


class Extend(Plan):
    """
    The outputs of a select, and every column of the child that a later operation still reads by ``of="source"`` or because no output has its name.

    `tql.compiler.resolve` turns it into a `Project`, below or above the operations that follow.
    """

    child: Plan
    outputs: tuple[Expression, ...]
    scores: tuple[Score, ...] = ()


class Project(Plan):
    """The columns of a select list, and no others; ``*`` is all columns of the child."""

    child: Plan
    columns: tuple[Expression, ...]
    scores: tuple[Score, ...] = ()


class Aggregate(Plan):
    """
    A row for each group of rows.

    Attributes:
        child: the rows.
        keys: rows that agree in all of them are one group; without any, all rows are.
        outputs: keys, aggregates, and expressions of them.
    """

    child: Plan
    keys: tuple[Expression, ...]
    outputs: tuple[Expression, ...]


class Explode(Plan):
    """
    The groups of the child taken apart: a row for each member, or for each one of several pieces.

    Attributes:
        child: the groups.
        columns: what is selected of them.
        parts_per_group: into how many pieces each group goes; 0 for single members.
    """

    child: Plan
    columns: tuple[Expression, ...]
    parts_per_group: int


class Sort(Plan):
    """
    The rows in an order; rows that tie stay in the order of the child.

    Attributes:
        child: the rows.
        keys: the first is the most significant.
        scores: the search whose score each key is, None for other keys; known after `tql.compiler.resolve`.
        reason: what this sort is for, where the order of one key takes several.
    """

    child: Plan
    keys: tuple[ast.Order, ...]
    scores: tuple[Score | None, ...] = ()
    reason: str = ""


class Limit(Plan):
    """The first rows: *count* of them, None for all, after *offset* that are left out."""

    child: Plan
    count: ast.Number | None = None
    offset: ast.Number | None = None


class Sample(Plan):
    """
    Rows drawn at random.

    Attributes:
        child: the rows.
        weights: how likely each row is drawn, in proportion.
        replace_rows: whether a row may be drawn again.
        amount: how many rows, or percent of them; None for as many as there are.
        percent: whether *amount* counts percent.
    """

    child: Plan
    weights: Expression
    replace_rows: bool = True
    amount: float | None = None
    percent: bool = False


class Union(Plan):
    """The rows of several queries one after the other."""

    children: tuple[Plan, ...]


class Join(Plan):
    """
    The pairs of rows of two sources whose keys are equal.

    Attributes:
        left: one source, with an alias.
        right: the other source, with an alias.
        on: the equality of a column of each.
        how: "inner", "left" or "right".
        columns: what is read of both, each under a name of its own.
        unfiltered: for a left or right join, the source of which rows may be missing, without what filters, orders and cuts it.
        is_grouped: whether there are groups in that source.
    """

    left: Plan
    right: Plan
    on: ast.Comparison
    how: str
    columns: tuple[ast.Aliased, ...]
    unfiltered: Plan | None = None
    is_grouped: bool = False


class Barrier(Plan):
    """The rows of the child, which the engine has to make first: no clause above may be in the same SELECT."""

    child: Plan
    reason: str


# The operations of the clauses around a select list; a statement has each at most once, but for conditions.
CLAUSES = (Filter, Sample, Sort, Limit)
