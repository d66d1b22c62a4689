"""Prepared text with ``?`` that an engine takes values for, and the values that it reads as they are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql.messages import shown
from tql.parameters import resolved
from tql.values.literal import LARGEST_INT, literal
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.printing.parts import Mark
from tql_grammar.rewrite.comparison import number
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql.statement import Statement
    from tql_grammar.ast import Expression
    from tql_grammar.schema import Column


class Prepared(NamedTuple):
    """
    A text with parameters, for an engine that takes them.

    Attributes:
        text: with a ``?`` for each value.
        names: the name of each ``?``, in order; a name may come more than once.
        ordered: the names that are compared by ``<`` and the like, which the engine does for numbers only.
    """

    text: str
    names: tuple[str, ...]
    ordered: frozenset[str] = frozenset()

    def values(self, **values: object) -> list[object]:
        """
        Return values in the order of the text, as the engine takes them: vectors as float32 arrays.

        Raises:
            ArgumentError: a value is missing or is none of the names, or the engine would misread it: None, ``-2**63``, and a text that is compared by ``<``.
        """
        names = dict.fromkeys(self.names)
        missing = [label for label in names if label not in values]
        unknown = [label for label in values if label not in names]
        if missing or unknown:
            found = f"none for {', '.join(missing)}" if missing else repr(unknown[0])
            hint, why = (
                f"write values({', '.join(map('{}=..'.format, names))})",
                f"the parameters are {', '.join(names)}",
            )
            raise ArgumentError("values", "takes a value for each parameter", found, hint, why=why)
        taken = {label: self._value(label, value) for label, value in values.items()}
        return [taken[label] for label in self.names]

    def _value(self, label: str, value: object) -> object:
        """Return one value as the engine takes it."""
        subject, hint = f"values({label}=..)", "use bind, and send the text"
        node = literal(subject, value)
        if isinstance(node, ast.Vector):
            return node.array
        if isinstance(node, ast.Null):
            raise ArgumentError(subject, "takes no None", "", hint, why="no row matches a comparison with null")
        if isinstance(node, ast.String) and label in self.ordered:
            raise ArgumentError(subject, "takes a number", shown(value), hint, why="the engine finds no text smaller")
        if node == ast.Negate(ast.Number(LARGEST_INT + 1)):
            raise ArgumentError(subject, "takes no -2**63", "", hint, why="the engine reads it as 0")
        return node.value if isinstance(node, (ast.String, ast.Boolean)) else number(node)


def prepared(query: Statement) -> Prepared:
    """Return the text with ``?`` and the names."""
    from tql.compiler.compile import seen, tree
    from tql_grammar.printing.printer import chunks
    from tql_grammar.rewrite.flat import flat

    given = resolved(query)
    found = flat(tree(given))
    _refuse_places(found)
    compared = list(_compared(found))
    scope = seen(given)
    for column, _ in compared:
        _require_plain(scope.column(column))
    written = chunks(found)
    labels = tuple(chunk.name for chunk in written if isinstance(chunk, Mark))
    if not labels:
        hint = 'write param("..") in the place of a value'
        why = "a prepared query sends its values apart from the text"
        raise ArgumentError("to_prepared", "takes a query with parameters", "none", hint, why=why)
    return Prepared("".join(written), labels, frozenset(label for _, label in compared if label))


def _compared(found: ast.Query) -> Iterator[tuple[Expression, str]]:
    """Yield the operand of each comparison with a parameter, and the parameter's name if it compares by order."""
    for node in walk(found):
        if isinstance(node, ast.Comparison):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(other, ast.Parameter):
                    yield one, other.name if node.operator not in {"=", "!="} else ""


def _require_plain(column: Column | None) -> None:
    """Refuse a comparison that is written in another way for each value."""
    if column is None:
        return
    rounded = column.dtype in {"float16", "float32", "uint64"}
    if rounded or column.is_indexed or (column.is_text and column.nullable):
        rule = f"takes no comparison of a parameter with a column of {column}"
        why = "the text of the comparison depends on the value"
        raise ArgumentError("to_prepared", rule, "", "use bind, and send the text", why=why)


def _refuse_places(found: ast.Query) -> None:
    """Refuse parameters where the engine takes none."""
    for node in walk(found):
        place = PLACES.get(type(node))
        if place and any(isinstance(part, ast.Parameter) for part in walk(node)):
            rule = "takes parameters in comparisons, arithmetic and functions of the outermost SELECT"
            why = "the engine accepts none in other places"
            raise ArgumentError("to_prepared", rule, f"one in {place}", "use bind, and send the text", why=why)


# Where the engine takes no parameter.
PLACES: dict[type, str] = {
    ast.Derived: "a sub-query",
    ast.Subquery: "a sub-query",
    ast.In: "IN",
    ast.Between: "BETWEEN",
    ast.Limit: "LIMIT",
    ast.Subscript: "a subscript",
    ast.Pair: "a weight",
}
