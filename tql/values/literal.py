"""TQL literals of Python values, and the values that have none."""

from __future__ import annotations

import enum
import functools
import math
from typing import TYPE_CHECKING

from tql.messages import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_INT = 2**63 - 1
FORBIDDEN_IN_NAMES = {'"': "a double quote", "\n": "a newline", "\0": "a NUL"}


def name(subject: str, value: object) -> str:
    """
    Return *value* as the name of a column, alias or dataset.

    Raises:
        ArgumentError: it is not a str, or is empty, or holds a character that no TQL name can hold (``"``, newline, NUL, a lone surrogate).
    """
    if type(value) is str and value.isidentifier():
        return value
    if not isinstance(value, str):
        raise ArgumentError(subject, "takes a name as a str", shown(value))
    if not value:
        raise ArgumentError(subject, "takes a name of at least one character", shown(value))
    for character, title in FORBIDDEN_IN_NAMES.items():
        if character in value:
            rule = f"takes a name without {title}: TQL cannot write one"
            raise ArgumentError(subject, rule, shown(value), "rename it in the dataset, or select the others by name")
    _require_text(subject, value)
    return str.__str__(value)


def by_value(value: object) -> object:
    """Return the value of a member of an Enum, and any other value as it is; a str, int or float of a subclass of it is written by its value, too."""
    return value.value if isinstance(value, enum.Enum) else value


def literal(subject: str, value: object) -> ast.Expression:
    """
    Return the TQL literal of exactly *value*.

    Args:
        subject: the method or argument that was given the value, for the message.
        value: None, bool, int, float, str, Decimal, a member of an Enum with a str or int as its value, a numpy scalar, or a list or array of numbers or strings.

    Returns:
        ``NULL``, ``TRUE``, ``-5``, ``0.1``, ``'it''s'``, ``ARRAY[..]``; float64 values keep every bit.

    Raises:
        ArgumentError: the value has no literal: NaN, infinity, an int beyond 64 bits, a date, bytes.
    """
    kind: type = type(value)
    return (_WRITERS.get(kind) or _writer(kind))(subject, value)


def operand(subject: str, value: object) -> ast.Expression:
    """Return the tree of an expression, or the literal of any other value."""
    node = getattr(value, "node", None)
    return node if isinstance(node, ast.Expression) else literal(subject, value)


def vector(subject: str, value: object) -> ast.Vector:
    """Return numbers, shape (d,), as ``ARRAY[..]``; `tql.values.arrays` says which, and is imported here since it needs numpy."""
    from tql.values.arrays import vector as of_numbers

    return of_numbers(subject, value)


def matrix(subject: str, value: object) -> ast.Array:
    """Return numbers, shape (n, d), as ``ARRAY[ARRAY[..], ..]``."""
    from tql.values.arrays import matrix as of_numbers

    return of_numbers(subject, value)


def require_unmasked(subject: str, value: object) -> None:
    """Refuse a masked array of numpy: what is masked has no value, and numpy gives the one below the mask."""
    from tql.values.arrays import require_unmasked as of_numpy

    of_numpy(subject, value)


def _null(_subject: str, _value: object) -> ast.Expression:
    """Return ``NULL``."""
    return ast.Null()


def _boolean(_subject: str, value: object) -> ast.Expression:
    """Return ``TRUE`` or ``FALSE``."""
    return ast.Boolean(bool(value))


def _integer(subject: str, value: object) -> ast.Expression:
    """Return an integer; the engine's integers have 64 bits."""
    number = int.__int__(value)  # type: ignore[arg-type]  # only ints come here
    if not -LARGEST_INT - 1 <= number <= LARGEST_INT:
        raise ArgumentError(subject, "takes integers of 64 bits, -2**63 to 2**63 - 1", shown(value))
    return ast.Number(number) if number >= 0 else ast.Negate(ast.Number(-number))


def _float(subject: str, value: object) -> ast.Expression:
    """Return a float with every bit, the sign of zero included."""
    number = float.__float__(value)  # type: ignore[arg-type]  # only floats come here
    if not math.isfinite(number):
        raise ArgumentError(subject, "takes finite numbers: TQL has no literal for NaN and infinity", shown(value))
    return ast.Number(number) if math.copysign(1.0, number) > 0 else ast.Negate(ast.Number(-number))


def _string(subject: str, value: object) -> ast.Expression:
    """Return a text literal: of a subclass of str its characters, not what it prints as."""
    text = "".join([str.__str__(value)])  # pyright: ignore[reportArgumentType]  # only strs come here
    _require_text(subject, text)
    return ast.String(text)


def _require_text(subject: str, value: str) -> None:
    """Refuse the two kinds of characters that cannot reach the engine: NUL ends the query, a lone surrogate is no text."""
    if "\0" in value:
        raise ArgumentError(subject, "takes text without NUL: it would end the query", shown(value))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            rule = f"takes text that UTF-8 can hold; the character at {error.start} is half of a surrogate pair"
            raise ArgumentError(subject, rule, shown(value)) from None


def _refuse(rule: str, hint: str) -> Callable[[str, object], ast.Expression]:
    """Return a writer that refuses."""

    def writer(subject: str, value: object) -> ast.Expression:
        raise ArgumentError(subject, rule, shown(value), hint)

    return writer


_WRITERS: dict[type, Callable[[str, object], ast.Expression]] = {
    type(None): _null,
    bool: _boolean,
    int: _integer,
    float: _float,
    str: _string,
    bytes: _refuse("takes text, not bytes", "decode them first"),
    complex: _refuse("takes real numbers", "pass the real and the imaginary part separately"),
    dict: _refuse("takes no dict: TQL has no literal for one", 'compare its parts, as in col("meta")["year"] == 2020'),
    set: _refuse("takes no set: its order is not fixed", "pass a list"),
}


@functools.cache
def _writer(kind: type) -> Callable[[str, object], ast.Expression]:
    """Return the writer of a type that is not in the table itself."""
    if issubclass(kind, enum.Enum):
        return _member
    for known, writer in _WRITERS.items():
        if issubclass(kind, known):
            return writer
    module = kind.__module__.partition(".")[0].lstrip("_").removeprefix("py")
    if module in _BY_MODULE:
        return _BY_MODULE[module]
    from tql.values.arrays import scalar_or_array

    return functools.partial(scalar_or_array, literal)


def _decimal(subject: str, value: object) -> ast.Expression:
    """Return a Decimal as an integer where it is written as one, else as the nearest float64."""
    if str(value).lstrip("-").isdigit():
        return _integer(subject, int(str(value)))
    return _float(subject, float(value))  # type: ignore[arg-type]  # only Decimals come here


def _member(subject: str, value: object) -> ast.Expression:
    """Return the value of a member of an Enum."""
    found = by_value(value)
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        rule = "takes members of an Enum whose values are texts or integers"
        raise ArgumentError(subject, rule, f"{shown(value)} with {shown(found)}", "pass what it means, as member.value")
    return literal(subject, found)


# The writers of types that are known by their module, which is not imported for it.
_BY_MODULE: dict[str, Callable[[str, object], ast.Expression]] = {
    "decimal": _decimal,
    "datetime": _refuse(
        "takes no dates and times: TQL runs none (`DATE is not supported.`)",
        "store a number (a timestamp) or an ISO 8601 text, and compare that",
    ),
}
