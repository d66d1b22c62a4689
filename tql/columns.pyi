"""
Types of the columns of a `Table`, with the operators that the engine has for them.

At run time a column is an `Expr`; these classes exist for type checkers. ``tests/typing/test_verdicts.py`` compares them with the engine.
"""

# ruff: noqa: PYI021 - editors show the docstrings
# pyright: reportIncompatibleMethodOverride=false
# mypy: disable-error-code="override"
# An operator of a type takes the operands that the engine takes, not any object: it is what this file is for.

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, overload

from numpy import generic, ndarray
from typing_extensions import TypeVar

from tql.expressions.expr import Expr
from tql.statement import Dataset

_V_co = TypeVar("_V_co", covariant=True, default=Any)
_N_co = TypeVar("_N_co", bound=float | None, covariant=True, default=float)
_T_co = TypeVar("_T_co", bound=str | None, covariant=True, default=str)
_B_co = TypeVar("_B_co", bound=bool | None, covariant=True, default=bool)

_Scalar: TypeAlias = float | Decimal | generic
_Number: TypeAlias = _Scalar | Enum
_Numbers: TypeAlias = Sequence[_Scalar] | Sequence[Sequence[_Scalar]] | ndarray[Any, Any]
_NumberOperand: TypeAlias = _Number | Number[Any] | JsonValue | Expr
_TextOperand: TypeAlias = str | Enum | Text[Any] | JsonValue | Expr
_Factor: TypeAlias = _Scalar | Number[Any] | JsonValue | Expr
_ArrayOperand: TypeAlias = _Numbers | Array[float | None] | Matrix[float | None] | Image
_Index: TypeAlias = int | slice

class Column(Generic[_V_co]):
    """A column of values of any type; the base of the other types."""

    __hash__: ClassVar[None]  # type: ignore[assignment]  # as for `Expr`
    def __eq__(self, other: None) -> Condition: ...
    def __ne__(self, other: None) -> Condition: ...
    def is_null(self) -> Condition:
        """Test for null; see `Expr.is_null`."""
    def is_not_null(self) -> Condition:
        """The negation of `is_null`."""
    def as_(self, alias: str) -> Column[_V_co]:
        """Name the column in the result."""
    @property
    def shape(self) -> Array[int]:
        """The lengths of the dimensions of an array."""

class Condition(Column[_B_co]):
    """A condition: the result of a comparison."""

    def __and__(self, other: Condition[Any] | Expr) -> Condition: ...
    def __or__(self, other: Condition[Any] | Expr) -> Condition: ...
    def __invert__(self) -> Condition: ...

class Ordered(Column[_V_co]):
    """A column whose values have an order: a sort key and a group key."""

class Number(Ordered[_N_co]):
    """A column of numbers: ``Number[int]``, ``Number[float]``, and ``Number[int | None]`` for a nullable one."""

    def __eq__(self, other: _NumberOperand | None) -> Condition: ...
    def __ne__(self, other: _NumberOperand | None) -> Condition: ...
    def __lt__(self, other: _NumberOperand) -> Condition: ...
    def __le__(self, other: _NumberOperand) -> Condition: ...
    def __gt__(self, other: _NumberOperand) -> Condition: ...
    def __ge__(self, other: _NumberOperand) -> Condition: ...
    def between(self, low: _NumberOperand, high: _NumberOperand) -> Condition:
        """Test for a number from *low* to *high*, both included."""
    def in_(self, members: Iterable[_Number]) -> Condition:
        """Test for equality with one of *members*."""
    def not_in(self, members: Iterable[_Number]) -> Condition:
        """The negation of `in_`."""
    @overload
    def __add__(self, other: _Factor) -> Number[float]: ...
    @overload
    def __add__(self, other: _ArrayOperand) -> Array[float]: ...
    @overload
    def __radd__(self, other: _Scalar | Expr) -> Number[float]: ...
    @overload
    def __radd__(self, other: _Numbers) -> Array[float]: ...
    @overload
    def __sub__(self, other: _Factor) -> Number[float]: ...
    @overload
    def __sub__(self, other: _ArrayOperand) -> Array[float]: ...
    @overload
    def __rsub__(self, other: _Scalar | Expr) -> Number[float]: ...
    @overload
    def __rsub__(self, other: _Numbers) -> Array[float]: ...
    @overload
    def __mul__(self, other: _Factor) -> Number[float]: ...
    @overload
    def __mul__(self, other: _ArrayOperand) -> Array[float]: ...
    @overload
    def __rmul__(self, other: _Scalar | Expr) -> Number[float]: ...
    @overload
    def __rmul__(self, other: _Numbers) -> Array[float]: ...
    @overload
    def __truediv__(self, other: _Factor) -> Number[float]: ...
    @overload
    def __truediv__(self, other: _ArrayOperand) -> Array[float]: ...
    @overload
    def __rtruediv__(self, other: _Scalar | Expr) -> Number[float]: ...
    @overload
    def __rtruediv__(self, other: _Numbers) -> Array[float]: ...
    @overload
    def __mod__(self, other: _Factor) -> Number[float]: ...
    @overload
    def __mod__(self, other: _ArrayOperand) -> Array[float]: ...
    @overload
    def __rmod__(self, other: _Scalar | Expr) -> Number[float]: ...
    @overload
    def __rmod__(self, other: _Numbers) -> Array[float]: ...
    def __neg__(self) -> Number[float]: ...

class Label(Number[_N_co]):
    """A column of class labels: their numbers, compared with numbers or with the names of classes."""

    def __eq__(self, other: _NumberOperand | str | None) -> Condition: ...
    def __ne__(self, other: _NumberOperand | str | None) -> Condition: ...
    def in_(self, members: Iterable[_Number] | Iterable[str]) -> Condition:
        """Test for equality with one of *members*, numbers or names of classes."""
    def not_in(self, members: Iterable[_Number] | Iterable[str]) -> Condition:
        """The negation of `in_`."""

class Bool(Number[_B_co], Condition[_B_co]):
    """A column of bools: a condition; the engine computes with bools as Python does."""

class _TextMethods(Column[_V_co]):
    def like(self, pattern: str) -> Condition:
        """Match the whole text with a pattern of SQL's LIKE; see `Expr.like`."""
    def ilike(self, pattern: str) -> Condition:
        """`like`, case-insensitive."""
    def startswith(self, text: str) -> Condition:
        """Test for a literal prefix."""
    def endswith(self, text: str) -> Condition:
        """Test for a literal suffix."""
    def matches(self, regex: str) -> Condition:
        """Match the whole text with a regular expression in RE2's syntax."""

class Text(Ordered[_T_co], _TextMethods[_T_co]):
    """A column of texts; ``Text[str | None]`` for a nullable one."""

    def __eq__(self, other: _TextOperand | None) -> Condition: ...
    def __ne__(self, other: _TextOperand | None) -> Condition: ...
    def __lt__(self, other: str | Enum) -> Condition: ...
    def __le__(self, other: str | Enum) -> Condition: ...
    def __gt__(self, other: str | Enum) -> Condition: ...
    def __ge__(self, other: str | Enum) -> Condition: ...
    def between(self, low: str | Enum, high: str | Enum) -> Condition:
        """Test for a text from *low* to *high*, both included, by its UTF-8 bytes."""
    def in_(self, members: Iterable[str | Enum]) -> Condition:
        """Test for equality with one of *members*."""
    def not_in(self, members: Iterable[str | Enum]) -> Condition:
        """The negation of `in_`."""
    def contains(self, value: str) -> Condition:
        """Test for a literal, case-sensitive substring."""

class _Elements(Column[_V_co]):
    def __add__(self: _Elements[float | None], other: _Factor | _ArrayOperand) -> Array[float]: ...
    def __radd__(self: _Elements[float | None], other: _Factor | _Numbers) -> Array[float]: ...
    def __sub__(self: _Elements[float | None], other: _Factor | _ArrayOperand) -> Array[float]: ...
    def __rsub__(self: _Elements[float | None], other: _Factor | _Numbers) -> Array[float]: ...
    def __mul__(self: _Elements[float | None], other: _Factor | _ArrayOperand) -> Array[float]: ...
    def __rmul__(self: _Elements[float | None], other: _Factor | _Numbers) -> Array[float]: ...
    def __truediv__(self: _Elements[float | None], other: _Factor | _ArrayOperand) -> Array[float]: ...
    def __rtruediv__(self: _Elements[float | None], other: _Factor | _Numbers) -> Array[float]: ...
    def __mod__(self: _Elements[float | None], other: _Factor | _ArrayOperand) -> Array[float]: ...
    def __rmod__(self: _Elements[float | None], other: _Factor | _Numbers) -> Array[float]: ...
    def __neg__(self: _Elements[float | None]) -> Array[float]: ...
    def contains(self: _Elements[float | None], value: _Number) -> Condition:
        """Test for an element that equals *value*."""

class Array(_Elements[_V_co]):
    """A column of arrays of one dimension, or of sequences: ``Array[int]``, ``Array[float]``, ``Array[str]``."""

    @overload
    def __getitem__(self: Array[str], index: int) -> Text: ...
    @overload
    def __getitem__(self: Array[float], index: int) -> Number[float]: ...
    @overload
    def __getitem__(self, index: slice) -> Array[_V_co]: ...

class Vector(Array[float]):
    """A column of embeddings, or of other vectors of floats."""

class Matrix(_Elements[_V_co]):
    """A column of arrays of two dimensions or more, or of which the number is unknown."""

    def __getitem__(self, index: _Index | tuple[_Index, ...]) -> Expr: ...

class Image(_Elements[float]):
    """A column of images."""

    def __getitem__(self, index: _Index | tuple[_Index, ...]) -> Expr: ...

class Json(Column[_V_co]):
    """A column of JSON objects."""

    def __getitem__(self, key: str | int) -> JsonValue: ...

class JsonValue(Ordered[Any], _TextMethods[Any]):
    """The value of a JSON key, of any type: ``Docs.meta["year"]``."""

    def __getitem__(self, key: str | int) -> JsonValue: ...
    def __eq__(self, other: _NumberOperand | _TextOperand | None) -> Condition: ...
    def __ne__(self, other: _NumberOperand | _TextOperand | None) -> Condition: ...
    def __lt__(self, other: _NumberOperand | _TextOperand) -> Condition: ...
    def __le__(self, other: _NumberOperand | _TextOperand) -> Condition: ...
    def __gt__(self, other: _NumberOperand | _TextOperand) -> Condition: ...
    def __ge__(self, other: _NumberOperand | _TextOperand) -> Condition: ...
    def between(self, low: _NumberOperand | str, high: _NumberOperand | str) -> Condition:
        """Test for a value from *low* to *high*, both included."""
    def in_(self, members: Iterable[_Number] | Iterable[str]) -> Condition:
        """Test for equality with one of *members*, numbers or texts."""
    def not_in(self, members: Iterable[_Number] | Iterable[str]) -> Condition:
        """The negation of `in_`."""
    def contains(self, value: _Number | str) -> Condition:
        """Test for a substring, or for an element."""
    def __add__(self, other: _Factor) -> Number[float]: ...
    def __radd__(self, other: _Scalar) -> Number[float]: ...
    def __sub__(self, other: _Factor) -> Number[float]: ...
    def __rsub__(self, other: _Scalar) -> Number[float]: ...
    def __mul__(self, other: _Factor) -> Number[float]: ...
    def __rmul__(self, other: _Scalar) -> Number[float]: ...
    def __truediv__(self, other: _Factor) -> Number[float]: ...
    def __rtruediv__(self, other: _Scalar) -> Number[float]: ...
    def __mod__(self, other: _Factor) -> Number[float]: ...
    def __rmod__(self, other: _Scalar) -> Number[float]: ...
    def __neg__(self) -> Number[float]: ...

class Bytes(Column[_V_co]):
    """A column of bytes, or of a type of the engine that TQL cannot read."""

class HasColumns(Protocol):
    """A class with the columns of a dataset: a `Table`."""

    __dataset__: Dataset

# The arguments of the builder's methods.
Output: TypeAlias = str | Expr | Column[Any]
GroupKey: TypeAlias = str | Expr | Ordered[Any]
Filter: TypeAlias = Expr | Condition[Any]
Embedding: TypeAlias = str | Expr | Array[float] | Matrix[float]
Words: TypeAlias = str | Expr | Text[Any]
Weight: TypeAlias = str | Expr | Number[Any]
# Those of the functions of `fn`.
AnyValue: TypeAlias = Expr | str | float | Column[Any]
Numbers: TypeAlias = Expr | str | float | Number[Any] | Array[float] | Matrix[float] | Image | JsonValue
RowNumber: TypeAlias = Expr | str | float | Number[Any] | JsonValue
