"""Calls that make texts: methods of strings, and functions such as `textwrap.dedent`; and those that change lists and dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar.python import values as of
from tql_grammar.python.values import Constant, Entries, Items, Text, Unknown, Value

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from tql_grammar.python.values import Span


class CallArguments(NamedTuple):
    """A call, with functions that return the values and the place of an expression in it."""

    node: ast.Call
    values: Callable[[ast.expr], tuple[Value, ...]]
    span: Callable[[ast.expr], Span]

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression that has one, or an unknown one."""
        found = self.values(node)
        return found[0] if len(found) == 1 else Unknown()

    def named(self) -> dict[str, tuple[Value, Span]]:
        """Return the arguments with their places, by number and by name."""
        found = {str(number): (self.value(item), self.span(item)) for number, item in enumerate(self.node.args)}
        for keyword in self.node.keywords:
            if keyword.arg is not None:
                found[keyword.arg] = self.value(keyword.value), self.span(keyword.value)
        return found


def _format(text: Text, call: CallArguments) -> Value:
    """Return ``text.format(..)``."""
    given, whole = call.named(), call.span(call.node)
    return of.formatted(text, of.BRACES, lambda name: given.get(name, (Unknown(), whole)))


def _join(text: Text, call: CallArguments) -> Value:
    """Return ``text.join(items)``."""
    items = call.value(call.node.args[0]) if call.node.args else Unknown()
    place = call.span(call.node.args[0]) if call.node.args else call.span(call.node)
    return of.join(text, items if isinstance(items, Items) else Items((Unknown(several=True),)), place)


def _replace(text: Text, call: CallArguments) -> Value:
    """Return ``text.replace(old, new)``; where the old text is not known, so is the result."""
    if len(call.node.args) < len(("old", "new")):
        return Unknown()
    old = call.value(call.node.args[0])
    if not isinstance(old, Text) or of.HOLE in old.written:
        return Unknown()
    new = of.interpolated(call.value(call.node.args[1]), call.span(call.node.args[1]))
    return of.replaced(text, old.written, Text(new))


def _without(side: str) -> Callable[[Text, CallArguments], Value]:
    """Return a reader of ``text.strip()`` and its relatives, which strip blanks only."""

    def strip(text: Text, call: CallArguments) -> Value:
        return text if call.node.args else of.stripped(text, left=side != "rstrip", right=side != "lstrip")

    return strip


def _changed(change: Callable[[str], str]) -> Callable[[Text, CallArguments], Value]:
    """Return a reader of ``text.upper()`` and its relatives."""
    return lambda text, _call: of.with_each_character(text, change)


def _split(text: Text, call: CallArguments) -> Value:
    """Return ``text.split()``."""
    return Unknown() if call.node.args or call.node.keywords else of.words(text)


def _same(text: Text, _call: CallArguments) -> Value:
    """Return the text of ``text.encode()``."""
    return text


def _first(call: CallArguments) -> tuple[Value, ...]:
    """Return the first argument of a call such as ``str(..)``."""
    place = call.span(call.node.args[0])
    found = call.values(call.node.args[0])
    return tuple(
        Text(of.interpolated(value, place)) if isinstance(value, (Text, Constant)) else Unknown() for value in found
    )


def _dumped(call: CallArguments) -> tuple[Value, ...]:
    """Return the dictionary of ``json.dumps(..)``: its texts are those of the JSON."""
    return call.values(call.node.args[0])


def _dedented(call: CallArguments) -> tuple[Value, ...]:
    """Return the texts of ``dedent(..)`` and ``cleandoc(..)``."""
    found = call.values(call.node.args[0])
    return tuple(of.dedented(value) if isinstance(value, Text) else Unknown() for value in found)


def _dictionary(call: CallArguments) -> tuple[Value, ...]:
    """Return the dictionary of ``dict(..)``."""
    before = call.value(call.node.args[0]) if call.node.args else Entries({})
    start = before.entries if isinstance(before, Entries) else {}
    named = {name: value for name, (value, _) in call.named().items() if not name.isdecimal()}
    return (Entries({**start, **named}),)


def _enumerated(call: CallArguments) -> tuple[Value, ...]:
    """Return the pairs of ``enumerate(..)``, without their numbers."""
    found = call.values(call.node.args[0])
    return tuple(
        Items(tuple(_pair(item) for item in value.items)) if isinstance(value, Items) else Unknown() for value in found
    )


def _pair(item: Value) -> Value:
    """Return an item of a list as `enumerate` yields it; any number of items stays so."""
    return item if isinstance(item, Unknown) and item.several else Items((Unknown(), item))


METHODS: dict[str, Callable[[Text, CallArguments], Value]] = {
    "format": _format,
    "join": _join,
    "replace": _replace,
    "strip": _without("strip"),
    "lstrip": _without("lstrip"),
    "rstrip": _without("rstrip"),
    "upper": _changed(str.upper),
    "lower": _changed(str.lower),
    "split": _split,
    "encode": _same,
}
FUNCTIONS: dict[str, Callable[[CallArguments], tuple[Value, ...]]] = {
    "str": _first,
    "dumps": _dumped,
    "dedent": _dedented,
    "cleandoc": _dedented,
    "dict": _dictionary,
    "enumerate": _enumerated,
}
# The lists that methods of a dictionary return, without its keys.
VIEWS: dict[str, Callable[[Entries], Value]] = {
    "values": lambda known: Items(tuple(known.entries.values())),
    "items": lambda known: Items(tuple(Items((Unknown(), value)) for value in known.entries.values())),
}


def _append(known: Any, given: list[Value]) -> Value:  # noqa: ANN401 - a list or a dictionary
    """Return a list with one more item."""
    return Items((*known.items, *given)) if isinstance(known, Items) else Unknown()


def _extend(known: Any, given: list[Value]) -> Value:  # noqa: ANN401 - a list or a dictionary
    """Return a list with more items."""
    if not isinstance(known, Items):
        return Unknown()
    return Items(
        (
            *known.items,
            *(item for more in given for item in (more.items if isinstance(more, Items) else (Unknown(several=True),))),
        )
    )


def _update(known: Any, given: list[Value]) -> Value:  # noqa: ANN401 - a list or a dictionary
    """Return a dictionary with more entries."""
    if not isinstance(known, Entries) or not all(isinstance(more, Entries) for more in given):
        return Unknown()
    return Entries({**known.entries, **{key: value for more in given for key, value in more.entries.items()}})  # type: ignore[union-attr]  # all are


def _lose(_known: Any, _given: list[Value]) -> Value:  # noqa: ANN401 - a list or a dictionary
    """Return an unknown value."""
    return Unknown()


CHANGES: dict[str, Callable[[Any, list[Value]], Value]] = {
    "append": _append,
    "extend": _extend,
    "update": _update,
    "insert": _lose,
    "pop": _lose,
    "remove": _lose,
    "clear": _lose,
    "reverse": _lose,
    "sort": _lose,
}
