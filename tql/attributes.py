"""Base of classes whose unknown attributes lead to the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING


class Advised:
    """A class whose AttributeError has the code to write instead, by the tables of `tql.habits`."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the code to write instead of an unknown name."""
            kind = type(self)
            if hasattr(kind, attribute):  # the error comes from a property, or from a slot that is not set yet
                return object.__getattribute__(self, attribute)
            from tql.habits import TABLES, no_attribute

            owner = next(parent.__name__ for parent in kind.__mro__ if parent.__name__ in TABLES)
            raise no_attribute(owner, attribute, dir(kind))
