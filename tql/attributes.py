"""Objects whose unknown attributes lead to the right ones."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable


class Advised:
    """A class whose AttributeError has the code to write instead, by the tables of `tql.habits`."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the code to write instead of an unknown name."""
            return unknown(self, attribute)


class WithoutOperators:
    """An expression without the operators that TQL does not have: each raises TypeError with the code to write instead."""

    __slots__ = ()

    def __abs__(self) -> NoReturn:
        """Raise TypeError."""
        raise _no_operator("abs(a)", "fn.abs(a)")

    def __round__(self, digits: int = 0) -> NoReturn:
        """Raise TypeError."""
        raise _no_operator("round(a)", "a + 0.5 - (a + 0.5) % 1 for a >= 0, or round the returned values")

    def __floordiv__(self, other: object) -> NoReturn:
        """Raise TypeError."""
        raise _no_operator("a // b", "(a - a % b) / b for a >= 0: % has the sign of a")

    def __pow__(self, other: object) -> NoReturn:
        """Raise TypeError."""
        raise _no_operator("a ** b", "a * a for the square, fn.sqrt(a) for the root")

    if not TYPE_CHECKING:  # a type checker would accept len(a)

        def __len__(self) -> NoReturn:
            """Raise TypeError."""
            raise _no_operator("len(a)", "a.shape[0] for an array; TQL cannot compute the length of a text")


def _no_operator(form: str, code: str) -> TypeError:
    """Return the error for an operator that TQL does not have."""
    return TypeError(f"an expression has no `{form}`: write {code}")


def unknown(owner: object, attribute: str) -> object:
    """
    Return an attribute that a class has after all, or raise.

    Raises:
        AttributeError: no object of the class has it; the message has the code to write instead.
    """
    kind = type(owner)
    if hasattr(kind, attribute):  # the error comes from a property, or from a slot that is not set yet
        return object.__getattribute__(owner, attribute)
    from tql.habits import TABLES, no_attribute

    name = next(parent.__name__ for parent in kind.__mro__ if parent.__name__ in TABLES)
    raise no_attribute(name, attribute, dir(kind))


def advised(function: Callable[..., object]) -> object:
    """Return a function as an object whose attributes lead to its call, since ``col.year`` is the form of other libraries."""

    class Function:
        """The function."""

        __call__ = staticmethod(function)

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the call."""
            advice = "" if attribute.startswith("_") else f': write {function.__name__}("{attribute}")'
            message = f"`{function.__name__}` has no `{attribute}`{advice}"
            raise AttributeError(message, name=attribute)

        def __reduce__(self) -> str:
            """Pickle and copy by the name."""
            return function.__name__

        def __repr__(self) -> str:
            """Return the representation of the function."""
            return repr(function)

    return functools.update_wrapper(Function(), function)
