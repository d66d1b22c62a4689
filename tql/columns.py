"""
Types of the columns of a `Table`, for type checkers: ``year: Number[int]``.

``columns.pyi`` declares their operators. At run time a column of a table is an `Expr`, so the classes here have no instances.
"""

from __future__ import annotations

from types import GenericAlias


class Column:
    """A column of values of any type; the base of the other types."""

    def __class_getitem__(cls, value: object) -> GenericAlias:
        """Return the type with the Python type of its values: ``Number[int]``."""
        return GenericAlias(cls, (value,))


class Condition(Column):
    """A condition: the result of a comparison."""


class Ordered(Column):
    """A column whose values have an order."""


class Number(Ordered):
    """A column of numbers: ``Number[int]``, ``Number[float]``, and ``Number[int | None]`` for a nullable one."""


class Text(Ordered):
    """A column of texts; ``Text[str | None]`` for a nullable one."""


class Label(Number):
    """A column of class labels, which are numbers with names."""


class Bool(Number, Condition):
    """A column of bools; the engine computes with them as Python does."""


class Array(Column):
    """A column of arrays or sequences: ``Array[int]``, ``Array[float]``, ``Array[str]``, of one dimension."""


class Vector(Array):
    """A column of embeddings."""


class Matrix(Column):
    """A column of arrays of two dimensions or more."""


class Image(Column):
    """A column of images."""


class JsonValue(Ordered):
    """The value of a JSON key, of any type."""


class Json(Column):
    """A column of JSON objects."""


class Bytes(Column):
    """A column of bytes, or of a type of the engine that TQL cannot read."""
