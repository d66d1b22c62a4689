"""Conversion of Python values to TQL literals, and validation of names."""

from __future__ import annotations

import enum
import functools
import math
import re
from typing import TYPE_CHECKING

from tql.messages import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_INT = 2**63 - 1
# The types of pandas' missing values.
MISSING = frozenset({"NAType", "NaTType"})
# What a str that is SQL has in it, and the builder's form.
SQL: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\w\s*,\s*[\w-]"), 'each name as an argument: "a", "b"'),
    (re.compile(r"\s(?:desc|asc)\s*$", re.IGNORECASE), 'desc("a") or asc("a")'),
    (re.compile(r"\sas\s", re.IGNORECASE), 'select(b=col("a")) or col("a").as_("b")'),
    (re.compile(r"^\s*-\s*\w"), 'desc("a") in order_by, and -col("a") elsewhere'),
)
FORBIDDEN_IN_NAMES = {'"': "a double quote", "\n": "a newline", "\0": "a NUL"}


def name(subject: str, value: object) -> str:
    """
    Return *value* as the name of a column, alias or dataset.

    Raises:
        ArgumentError: *value* is not a str, is empty, or contains a character that TQL does not allow in names (``"``, newline, NUL, a lone surrogate).
    """
    if type(value) is str and value.isidentifier():
        return value
    if not isinstance(value, str):
        raise ArgumentError(subject, "takes a name as a str", shown(value))
    if not value:
        raise ArgumentError(subject, "takes a name of at least one character", shown(value))
    for character, title in FORBIDDEN_IN_NAMES.items():
        if character in value:
            hint = "rename it in the dataset, or select the other columns by name"
            why = "TQL has no way to quote it"
            raise ArgumentError(subject, f"takes a name without {title}", shown(value), hint, why=why)
    _require_text(subject, value)
    return str.__str__(value)


def column_name(subject: str, value: str) -> str:
    """
    Return the name of a column that is given as a str.

    Raises:
        ArgumentError: it is no name, or it is SQL: ``"year desc"``, ``"a as b"``, ``"a, b"``, ``"-year"``; `col` takes a column of this name.
    """
    found = name(subject, value)
    form = sql_form(found)
    if form is not None:
        rule = "takes the name of a column, and not SQL"
        raise ArgumentError(
            subject, rule, shown(value), f"write {form}; col({found!r}) is a column with this very name"
        )
    return found


def sql_form(label: str) -> str | None:
    """Return the builder's form of a str that is SQL, or None for a name."""
    return None if label.isidentifier() else next((form for sign, form in SQL if sign.search(label)), None)


def by_value(value: object) -> object:
    """Return the value of a member of an Enum, and any other value unchanged."""
    return value.value if isinstance(value, enum.Enum) else value


def literal(subject: str, value: object) -> ast.Expression:
    """
    Return the TQL literal of exactly *value*.

    Args:
        subject: the method or argument that error messages name.
        value: None, bool, int, float, str, Decimal, a member of an Enum with a str or int as its value, a numpy scalar, or a list or array of numbers or strings.

    Returns:
        ``NULL``, ``TRUE``, ``-5``, ``0.1``, ``'it''s'`` or ``ARRAY[..]``; float64 values keep every bit.

    Raises:
        ArgumentError: TQL has no literal for *value*, such as NaN, infinity, an int beyond 64 bits, a date or bytes.
    """
    kind: type = type(value)
    return (_WRITERS.get(kind) or _writer(kind))(subject, value)


def operand(subject: str, value: object) -> ast.Expression:
    """Return the syntax tree of an expression, or the literal of any other value."""
    node = getattr(value, "node", None)
    return node if isinstance(node, ast.Expression) else literal(subject, value)


def vector(subject: str, value: object) -> ast.Vector:
    """Return numbers, shape (d,), as ``ARRAY[..]``; see `tql.values.arrays`, which is imported here because it needs numpy."""
    from tql.values.arrays import vector as of_numbers

    return of_numbers(subject, value)


def matrix(subject: str, value: object) -> ast.Array:
    """Return numbers, shape (n, d), as ``ARRAY[ARRAY[..], ..]``."""
    from tql.values.arrays import matrix as of_numbers

    return of_numbers(subject, value)


def require_unmasked(subject: str, value: object) -> None:
    """Raise ArgumentError for a masked array of numpy."""
    from tql.values.arrays import require_unmasked as of_numpy

    of_numpy(subject, value)


def _null(_subject: str, _value: object) -> ast.Expression:
    """Return ``NULL``."""
    return ast.Null()


def _boolean(_subject: str, value: object) -> ast.Expression:
    """Return ``TRUE`` or ``FALSE``."""
    return ast.Boolean(bool(value))


def _integer(subject: str, value: object) -> ast.Expression:
    """Return the literal of an integer of 64 bits."""
    number = int.__int__(value)  # type: ignore[arg-type]  # only ints come here
    if not -LARGEST_INT - 1 <= number <= LARGEST_INT:
        negative = 2**64 - number
        unsigned = f'for a uint64 that is never null compare its negative: where(raw("-u") == {negative})'
        hint = unsigned if 0 < negative <= LARGEST_INT else None
        raise ArgumentError(subject, "takes integers of 64 bits, -2**63 to 2**63 - 1", shown(value), hint)
    return ast.Number(number) if number >= 0 else ast.Negate(ast.Number(-number))


NAN_HINT = 'col("x") != col("x") finds NaN, and col("x") == col("x") leaves it out'


def _float(subject: str, value: object) -> ast.Expression:
    """Return the literal of a float with every bit, the sign of zero included."""
    number = float.__float__(value)  # type: ignore[arg-type]  # only floats come here
    if not math.isfinite(number):
        hint = NAN_HINT if math.isnan(number) else None
        raise ArgumentError(
            subject, "takes finite numbers", shown(value), hint, why="TQL has no literal for NaN and infinity"
        )
    return ast.Number(number) if math.copysign(1.0, number) > 0 else ast.Negate(ast.Number(-number))


def _string(subject: str, value: object) -> ast.Expression:
    """Return the literal of a text; a subclass of str is written by its characters, not by its ``__str__``."""
    text = "".join([str.__str__(value)])  # pyright: ignore[reportArgumentType]  # only strs come here
    _require_text(subject, text)
    return ast.String(text)


def _require_text(subject: str, value: str) -> None:
    """Raise ArgumentError for NUL, which ends a query, and for a lone surrogate, which UTF-8 cannot encode."""
    if "\0" in value:
        raise ArgumentError(subject, "takes text without NUL", shown(value), why="NUL would end the query")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            why = f"the character at index {error.start} is half of a surrogate pair"
            raise ArgumentError(subject, "takes text that UTF-8 can encode", shown(value), why=why) from None


def _reject(rule: str, hint: str, why: str | None = None) -> Callable[[str, object], ast.Expression]:
    """Return a writer that raises ArgumentError."""

    def writer(subject: str, value: object) -> ast.Expression:
        raise ArgumentError(subject, rule, shown(value), hint, why=why)

    return writer


_WRITERS: dict[type, Callable[[str, object], ast.Expression]] = {
    type(None): _null,
    bool: _boolean,
    int: _integer,
    float: _float,
    str: _string,
    bytes: _reject("takes text, not bytes", "decode them first: value.decode()"),
    complex: _reject("takes real numbers", "pass the real and the imaginary part separately"),
    dict: _reject("takes no dict", 'compare its keys: col("meta")["year"] == 2020', "TQL has no literal for one"),
    set: _reject("takes no set", "pass a list", "a set has no fixed order"),
}


@functools.cache
def _writer(kind: type) -> Callable[[str, object], ast.Expression]:
    """Return the writer of a type that is not a key of the table: a subclass, an Enum, or a type of another package."""
    if issubclass(kind, enum.Enum):
        return _member
    for known, writer in _WRITERS.items():
        if issubclass(kind, known):
            return writer
    if kind.__name__ in MISSING:
        return _pandas
    for base in reversed(kind.__mro__):
        module = base.__module__.partition(".")[0].lstrip("_").removeprefix("py")
        if module in _BY_MODULE:
            return _BY_MODULE[module]
    from tql.values.arrays import scalar_or_array

    return functools.partial(scalar_or_array, literal)


def _decimal(subject: str, value: object) -> ast.Expression:
    """Return a Decimal without a fraction or exponent as an integer, and any other as the nearest float64."""
    if str(value).lstrip("-").isdigit():
        return _integer(subject, int(str(value)))
    return _float(subject, float(value))  # type: ignore[arg-type]  # only Decimals come here


def _member(subject: str, value: object) -> ast.Expression:
    """Return the literal of the value of an Enum member."""
    found = by_value(value)
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        rule = "takes members of an Enum whose values are texts or integers"
        raise ArgumentError(subject, rule, f"{shown(value)} with {shown(found)}", "pass a value: member.value")
    return literal(subject, found)


def _arrow(subject: str, value: object) -> ast.Expression:
    """Return the literal of a scalar of pyarrow, or of its array."""
    as_py = getattr(value, "as_py", None)
    if as_py is not None:
        found = as_py()
        if found is None:
            raise _missing(subject, value, "pyarrow")
        return literal(subject, found)
    from tql.values.arrays import scalar_or_array

    return scalar_or_array(literal, subject, value)


def _missing(subject: str, value: object, package: str) -> ArgumentError:
    """Return the error about a missing value of a package."""
    hint = "use .is_null() or .is_not_null(), or None with == and !="
    return ArgumentError(subject, f"takes no missing value of {package}", shown(value), hint)


def _pandas(subject: str, value: object) -> ast.Expression:
    """Return the literal of an array of pandas; its missing values are refused."""
    if type(value).__name__ in MISSING:
        raise _missing(subject, value, "pandas")
    from tql.values.arrays import scalar_or_array

    return scalar_or_array(literal, subject, value)


# Writers by the name of the type's module, so that no module is imported.
_BY_MODULE: dict[str, Callable[[str, object], ast.Expression]] = {
    "decimal": _decimal,
    "arrow": _arrow,
    "pandas": _pandas,
    "uuid": _reject("takes no UUID", "pass the text that is stored: str(value), or value.hex"),
    "pathlib": _reject("takes no path", "pass the text that is stored: str(value), or value.as_posix()"),
    "fractions": _reject("takes no fraction", "pass float(value)"),
    "datetime": _reject(
        "takes no dates and times",
        "compare with what the column stores: int(value.timestamp()) for epoch seconds, times 1000 for milliseconds (a time without a zone counts as a local one); value.isoformat() for a text in ISO 8601",
        "the engine fails with `DATE is not supported.`",
    ),
}
