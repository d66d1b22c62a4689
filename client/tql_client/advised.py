"""Objects of the client whose unknown attributes lead to the right ones; `tql` is imported for the first of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


class Advised:
    """A class whose AttributeError has the code to write instead, as `tql.attributes.Advised`."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the code to write instead of an unknown name."""
            from tql.attributes import unknown

            return unknown(self, attribute)


def hinted(function: Callable[P, R]) -> Callable[P, R]:
    """Return a method whose TypeError about its arguments ends with the code to write instead, as `tql.attributes.hinted`."""

    @functools.wraps(function)
    def call(*values: P.args, **named: P.kwargs) -> R:
        try:
            return function(*values, **named)
        except TypeError as error:
            if (
                error.__traceback__ is None or error.__traceback__.tb_next is not None
            ):  # it is from inside of the method
                raise
            from tql.wrong_arguments import with_hint

            message = with_hint(function.__name__, str(error), named)
        raise TypeError(message)

    return call
