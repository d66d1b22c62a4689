"""Common types of columns: the type of a column that several queries of a set operation have."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.nullable import missing
from tql_grammar.schema import Column
from tql_grammar.typing.inference import promoted

if TYPE_CHECKING:
    from tql_grammar.rewrite.scope import Scope

SUBJECT = "union / intersect / except_"


def met_column(label: str, scopes: list[Scope]) -> Column | None:
    """
    Return the column that the queries of a set operation have together, or None for one of unknown type that is never null.

    Raises:
        ArgumentError: they have no common type.
    """
    require_one_type(label, scopes)
    require_common_type(label, scopes)
    node = ast.Column(label)
    first, *others = (scope.column(node) for scope in scopes)
    found = first if all(other == first for other in others) else common_column([first, *others])
    if found is None and any(missing(node, scope) for scope in scopes):
        return common_column([scope.value(node) for scope in scopes])
    return found


def require_one_type(label: str, scopes: list[Scope]) -> None:
    """
    Require that a column that may be null has one type.

    Raises:
        ArgumentError: the queries of a set operation have several.
    """
    node = ast.Column(label)
    if not any(missing(node, scope) for scope in scopes):
        return
    require_own_nulls(SUBJECT, label, scopes)
    columns = [scope.value(node) for scope in scopes]
    if _has_several_types(columns) and not _is_type_of_nulls(columns):
        rule, why = "takes one type for each nullable column", "the engine shifts the values after a null"
        kinds = " and ".join("a computed number" if column is None else str(column) for column in columns)
        raise ArgumentError(SUBJECT, rule, f"{label!r}, which is {kinds}", _without_nulls(label), why=why)


def require_own_nulls(subject: str, label: str, scopes: list[Scope]) -> None:
    """
    Require that the nulls of a column have its type.

    Raises:
        ArgumentError: the column is computed, and its nulls are those of a column of another type.
    """
    if any(label in scope.nullables for scope in scopes):
        rule = "takes no computed number whose nulls have another type"
        why = "the engine reads the nulls of a set operation in one type"
        why = why if subject == SUBJECT else f"{why}, and one computes a number of several nullable columns"
        hint = f"{_without_nulls(label)}; or compute it of nullable columns of one type, int64 or float64"
        raise ArgumentError(subject, rule, repr(label), hint, why=why)


def _without_nulls(label: str) -> str:
    """Return the hint to leave out nulls."""
    return f"filter out the nulls of each query: .where(col({label!r}).is_not_null())"


def _has_several_types(columns: list[Column | None]) -> bool:
    """Return whether columns have several types; the types of two computed numbers count as two."""
    return len({None if column is None else column.dtype for column in columns}) + columns.count(None) > 1


def _is_type_of_nulls(columns: list[Column | None]) -> bool:
    """Return whether the common type of numbers is that of all those that may be null: the others, which have no nulls of another type, are converted."""
    common = common_column(columns)
    if common is None or common.dtype not in {"int64", "float64"}:
        return False
    return all(column is not None and (not column.nullable or column.dtype == common.dtype) for column in columns)


def require_common_type(label: str, scopes: list[Scope]) -> None:
    """Reject an inferred int64 that meets a uint64: it may be an unsigned integer, and then their common type is uint64, else float64."""
    found = [column for scope in scopes if (column := scope.value(ast.Column(label))) is not None]
    if any(column.inferred for column in found) and {"int64", "uint64"} <= {column.dtype for column in found}:
        rule = "takes one type for the integers of an inferred schema"
        why = "an inferred int64 may be of any integer type, which decides whether the engine rounds the numbers"
        hint = f"compute with both: select({label}=col(..) * 1.0); or give the types: from_(.., schema=Schema(..))"
        raise ArgumentError(SUBJECT, rule, f"{label!r}, which is int64 and uint64", hint, why=why)


def common_column(columns: list[Column | None]) -> Column | None:
    """Return a column with the common type of several columns, or None if they have none."""
    known = [column for column in columns if column is not None]
    if len(known) < len(columns):
        return next(filter(_cannot_be_grouped, known), None)
    return known[0] if len(set(known)) == 1 else _of_different(known)


def _of_different(columns: list[Column]) -> Column | None:
    """Return a column with the common type of different columns, or None if they have none."""
    nullable, inferred = (any(getattr(column, name) for column in columns) for name in ("nullable", "inferred"))
    indexes = max((column.indexes for column in columns), key=len)
    if len({(column.dtype, column.shape, column.kind) for column in columns}) == 1:
        return columns[0].replace(nullable=nullable, indexes=indexes, classes=(), inferred=inferred)
    if not all(map(is_number, columns)):
        return None
    dtype = reduce(promoted, (column.dtype for column in columns))
    return Column(dtype, nullable=nullable, indexes=indexes, inferred=inferred)


def _cannot_be_grouped(column: Column) -> bool:
    """Return whether the engine can neither group nor sort by a column, whatever the types of others that it meets."""
    return not column.is_single or column.dtype in {"json", "bytes"}


def is_number(column: Column) -> bool:
    """Return whether a column has one number or bool in each row."""
    return column.is_number or (column.dtype == "bool" and column.is_single)
