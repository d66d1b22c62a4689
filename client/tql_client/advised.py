"""Objects of the client whose unknown attributes lead to the right ones; `tql` is imported for the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING


class Advised:
    """A class whose AttributeError has the code to write instead, as `tql.attributes.Advised`."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the code to write instead of an unknown name."""
            from tql.attributes import unknown

            return unknown(self, attribute)
