"""The columns of datasets that the columns of a plan are: conditions leave them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.nodes import Join, Scan, Union
from tql_grammar import ast
from tql_grammar.outputs import bare, output_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tql.plan.nodes import Plan
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column


def lacking_texts(children: Sequence[Plan], scopes: Sequence[Scope]) -> frozenset[str]:
    """
    Return the texts of a set operation whose nulls the engine reads as empty texts.

    These are never null in the dataset of another member: there the engine reads an empty text as null, and in a text that may be null it does not.
    """
    mixed = (label for label in scopes[0].columns or () if len(_can_be_null(label, children, scopes)) > 1)
    return frozenset(mixed).union(*(scope.lacking | scope.unmatched for scope in scopes))


def without_nulls(columns: Mapping[str, Column | None], labels: Iterable[str]) -> dict[str, Column]:
    """Return some of the columns, never null."""
    found = {label: columns.get(label) for label in labels}
    return {label: column.replace(nullable=False) for label, column in found.items() if column is not None}


def _can_be_null(label: str, children: Sequence[Plan], scopes: Sequence[Scope]) -> set[bool]:
    """Return whether the datasets of a text can hold nulls: True, False or both; nothing for a column that is not known to be a text."""
    columns = [scope.column(ast.Column(label)) for scope in scopes]
    if not all(column is not None and column.is_text for column in columns):
        return set()
    found = [stored_column(child, label) or column for child, column in zip(children, columns, strict=True)]
    return {column.nullable for column in found if column is not None}


def stored_column(plan: Plan, label: str) -> Column | None:
    """Return the column of a dataset that a column of *plan* is, renamed or not, or None if it is computed or not known."""
    if isinstance(plan, Scan):
        return None if plan.schema is None else dict(plan.schema.columns).get(label)
    if isinstance(plan, Union):
        return _of_members([stored_column(child, label) for child in plan.children])
    below, name = _below_join(plan, label) if isinstance(plan, Join) else _below(plan, label)
    return None if below is None or name is None else stored_column(below, name)


def _of_members(found: list[Column | None]) -> Column | None:
    """Return the column of a set operation: one that may be null, if there is one."""
    return next((column for column in found if column is not None and column.nullable), found[0])


def _below_join(plan: Join, label: str) -> tuple[Plan | None, str | None]:
    """Return the source of a column of a join, and its name there."""
    read = {part.alias: part.expression for part in plan.columns}.get(label)
    if not isinstance(read, ast.Column):
        return None, None
    return plan.left if plan.left.__dict__.get("alias") == read.table else plan.right, read.name


def _below(plan: Plan, label: str) -> tuple[Plan | None, str | None]:
    """Return the input of an operation, and the name of a column there, or None for a column that the operation computes."""
    outputs: Iterable[ast.Expression] | None = plan.__dict__.get("columns") or plan.__dict__.get("outputs")
    if outputs is None:
        return plan.__dict__.get("child"), label
    named = {output_name(output): bare(output) for output in outputs}
    found = named.get(label, ast.Column(label) if None in named else None)
    return plan.__dict__.get("child"), found.name if isinstance(found, ast.Column) else None
