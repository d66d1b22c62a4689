"""Methods whose errors about arguments end with the code to write instead."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

P = ParamSpec("P")
R = TypeVar("R")


def hinted_by(
    advice: Callable[[str, str, Mapping[str, object]], str],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """
    Return a decorator of methods.

    Args:
        advice: returns the message with the code to write, from the name of the method, Python's message, and the named arguments. It is called after a call failed.
    """

    def hinted(function: Callable[P, R]) -> Callable[P, R]:
        """Return the method; an error from inside of it is unchanged."""

        @functools.wraps(function)
        def call(*values: P.args, **named: P.kwargs) -> R:
            try:
                return function(*values, **named)
            except TypeError as error:
                if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                    raise
                message = advice(function.__name__, str(error), named)
            raise TypeError(message)

        @functools.wraps(function)
        async def acall(*values: P.args, **named: P.kwargs) -> object:
            return await cast("Awaitable[object]", call(*values, **named))

        # Frameworks ask whether they have to await a function.
        return cast("Callable[P, R]", acall) if inspect.iscoroutinefunction(function) else call

    return hinted
