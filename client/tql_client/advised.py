"""Objects of the client whose unknown attributes lead to the right ones; `tql` is imported for the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Advised:
    """A class whose AttributeError has the code to write instead, as `tql.attributes.Advised`."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the code to write instead of an unknown name."""
            from tql.attributes import unknown

            return unknown(self, attribute)


def with_hint(method: str, message: str, named: Mapping[str, object]) -> str:
    """Return Python's message about wrong arguments, with the code to write instead."""
    from tql.wrong_arguments import with_hint

    return with_hint(method, message, named)
