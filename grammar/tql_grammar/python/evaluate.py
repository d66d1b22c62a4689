"""Evaluation of Python expressions on one path through a file, without running them."""

from __future__ import annotations

import ast
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from tql_grammar.python import values as of
from tql_grammar.python.calls import FUNCTIONS, METHODS, VIEWS, CallArguments
from tql_grammar.python.paths import MOST_VALUES, UNKNOWN, Path, dotted, items_of
from tql_grammar.python.text import LITERAL
from tql_grammar.python.values import Constant, Entries, Function, Items, Origin, Text, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_grammar.python.text import Character, Source


class Evaluator:
    """The evaluation of the expressions of one file."""

    def __init__(self, source: Source) -> None:
        """Evaluate the expressions of a file."""
        self.source = source
        # The values that a function of the file returns; `Flow` runs it.
        self.returned: Callable[[Function, ast.Call, Path], tuple[Value, ...]] = lambda _function, _node, _path: UNKNOWN

    def values(self, node: ast.expr, path: Path) -> tuple[Value, ...]:
        """Return the possible values of an expression."""
        read = _READERS.get(type(node))
        return UNKNOWN if read is None else read(self, node, path)

    def value(self, node: ast.expr, path: Path) -> Value:
        """Return the value of an expression that has one, or an unknown one."""
        found = self.values(node, path)
        return found[0] if len(found) == 1 else Unknown()

    def span(self, node: ast.expr) -> of.Span:
        """Return the offsets of an expression."""
        return self.source.span(node)

    def _product(self, nodes: Iterable[ast.expr], path: Path) -> list[tuple[Value, ...]]:
        """Return the combinations of the values of some expressions; if there are too many, all with several values are unknown."""
        found = [self.values(node, path) for node in nodes]
        many = list(islice(product(*found), MOST_VALUES + 1))
        return many if len(many) <= MOST_VALUES else [tuple(self._certain(found))]

    @staticmethod
    def _certain(found: Iterable[tuple[Value, ...]]) -> Iterable[Value]:
        """Yield the value of each expression that has only one, and an unknown one for the others."""
        return (one[0] if len(one) == 1 else Unknown() for one in found)

    def constant(self, node: ast.Constant, _path: Path) -> tuple[Value, ...]:
        """Return a string or another constant."""
        if isinstance(node.value, str):
            return (Text(tuple(self.source.literal(node))),)
        return UNKNOWN if isinstance(node.value, bytes) else (Constant(str(node.value)),)

    def f_string(self, node: ast.JoinedStr, path: Path) -> tuple[Value, ...]:
        """Return the texts of an f-string."""
        characters = self.source.f_string(node)
        fields = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        is_template = any(character.given == LITERAL for character in characters)
        if is_template or len(fields) != sum(character.value is None for character in characters):
            return (Text(tuple(characters)),)
        products = self._product((field.value for field in fields), path)
        return tuple(Text(tuple(self._filled(characters, fields, _plain(fields, values)))) for values in products)

    def _filled(
        self, characters: Sequence[Character], fields: Sequence[ast.FormattedValue], values: Sequence[Value]
    ) -> Iterable[Character]:
        """Yield the characters of an f-string with the values of its fields."""
        rest = iter(zip(fields, values, strict=True))
        for character in characters:
            if character.value is not None:
                yield character
                continue
            field, value = next(rest)
            yield from of.interpolated(value, (character.start, character.end), self.span(field.value))

    def operation(self, node: ast.BinOp, path: Path) -> tuple[Value, ...]:
        """Return the values of ``+``, ``%`` and ``|``."""
        combine = {ast.Add: self._sum, ast.Mod: self._percent, ast.BitOr: self._union}.get(type(node.op))
        if combine is None:
            return UNKNOWN
        return tuple(combine(node, left, right) for left, right in self._product((node.left, node.right), path))

    def _sum(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        """Return the value of ``left + right``."""
        return self.added(left, right, self.span(node.left), self.span(node.right))

    def added(self, left: Value, right: Value, before: of.Span, after: of.Span) -> Value:
        """Return the sum of two values, whose expressions have their places."""
        if isinstance(left, Items):
            return Items((*left.items, *(right.items if isinstance(right, Items) else (Unknown(several=True),))))
        if isinstance(left, Text) or isinstance(right, Text):
            return Text((*of.interpolated(left, before), *of.interpolated(right, after)))
        return Unknown()

    def _percent(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        """Return the value of ``left % right``."""
        if not isinstance(left, Text):
            return Unknown()
        given: dict[str, Value] = {"0": right}
        if isinstance(right, (Items, Entries)):
            given = right.entries if isinstance(right, Entries) else _numbered(right.items)
        places = self._places_of(node.right)
        whole = self.span(node.right)
        return of.formatted(left, of.PERCENT, lambda name: (given.get(name, Unknown()), places.get(name, whole)))

    def _places_of(self, node: ast.expr) -> dict[str, of.Span]:
        """Return the places of the items of a tuple or a dictionary."""
        if isinstance(node, ast.Tuple):
            return {str(number): self.span(item) for number, item in enumerate(node.elts)}
        if isinstance(node, ast.Dict):
            named = zip(node.keys, node.values, strict=True)
            return {str(key.value): self.span(item) for key, item in named if isinstance(key, ast.Constant)}
        return {}

    def _union(self, _node: ast.BinOp, left: Value, right: Value) -> Value:
        """Return the value of ``left | right``."""
        both = isinstance(left, Entries) and isinstance(right, Entries)
        return Entries({**left.entries, **right.entries}) if both else Unknown()  # type: ignore[union-attr]  # both are

    def name(self, node: ast.Name, path: Path) -> tuple[Value, ...]:
        """Return the values of a name."""
        return path.get(node.id) or UNKNOWN

    def attribute(self, node: ast.Attribute, path: Path) -> tuple[Value, ...]:
        """Return the values of an attribute: those assigned to it, or the path that leads to it."""
        known = path.get(dotted(node))
        if known:
            return known
        return tuple(_member(value, f".{node.attr}") for value in self.values(node.value, path))

    def subscript(self, node: ast.Subscript, path: Path) -> tuple[Value, ...]:
        """Return the items of a list or a dictionary at a constant index."""
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return tuple(_item(value, key) for value in self.values(node.value, path))

    def items(self, node: ast.List | ast.Tuple, path: Path) -> tuple[Value, ...]:
        """Return the lists of the values of the items."""
        return tuple(map(Items, self._product(node.elts, path)))

    def starred(self, _node: ast.Starred, _path: Path) -> tuple[Value, ...]:
        """Return any number of items."""
        return (Unknown(several=True),)

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp, path: Path) -> tuple[Value, ...]:
        """Return the list of a comprehension over a list of the file, or one of any number of items."""
        loop, *more = node.generators
        is_simple = isinstance(loop.target, ast.Name) and not (more or loop.ifs)
        known = items_of(self.values(loop.iter, path), MOST_VALUES) if is_simple else ()
        found: list[Value] = []
        for item in known:
            inside = path.copy()
            inside.bind(dotted(loop.target), (item,))
            found.append(self.value(node.elt, inside))
        return (Items(tuple(found) or (Unknown(several=True),)),)

    def entries(self, node: ast.Dict, path: Path) -> tuple[Value, ...]:
        """Return the dictionaries of the values of the constant keys."""
        found = []
        for values in self._product(node.values, path):
            entries: dict[str, Value] = {}
            for key, value in zip(node.keys, values, strict=True):
                if key is None and isinstance(value, Entries):
                    entries.update(value.entries)
                elif isinstance(key, ast.Constant):
                    entries[str(key.value)] = value
            found.append(Entries(entries))
        return tuple(found)

    def choice(self, node: ast.IfExp, path: Path) -> tuple[Value, ...]:
        """Return the values of the branches of ``a if test else b`` that the path allows."""
        branches = (
            (path.branch(node.test, holds=holds), part) for holds, part in ((True, node.body), (False, node.orelse))
        )
        return _limited(value for branch, part in branches if branch for value in self.values(part, branch))

    def alternatives(self, node: ast.BoolOp, path: Path) -> tuple[Value, ...]:
        """Return the values of all operands of ``or`` and ``and``."""
        return _limited(value for part in node.values for value in self.values(part, path))

    def inner(self, node: ast.Await | ast.NamedExpr, path: Path) -> tuple[Value, ...]:
        """Return the values of the expression inside."""
        return self.values(node.value, path)

    def call(self, node: ast.Call, path: Path) -> tuple[Value, ...]:
        """Return the values of a call: of a method of strings, of a function for strings, or an object from another module."""
        method = self._method(node, path) or self._view(node, path)
        if method:
            return method
        name = dotted(node.func).rpartition(".")[2]
        if name in FUNCTIONS and (node.args or name == "dict"):
            return tuple(FUNCTIONS[name](self.arguments(node, path)))
        return _limited(result for value in self.values(node.func, path) for result in self._result(value, node, path))

    def _method(self, node: ast.Call, path: Path) -> tuple[Value, ...]:
        """Return the values of a method of strings, or () for any other call."""
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
            return ()
        read, given = METHODS[function.attr], self.arguments(node, path)
        owners = self.values(function.value, path)
        if not any(isinstance(value, Text) for value in owners):
            return ()
        return tuple(read(value, given) if isinstance(value, Text) else Unknown() for value in owners)

    def _view(self, node: ast.Call, path: Path) -> tuple[Value, ...]:
        """Return the values of ``.values()`` and ``.items()`` of a dictionary of the file, or () for any other call."""
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in VIEWS or node.args:
            return ()
        owner = self.value(function.value, path)
        return (VIEWS[function.attr](owner),) if isinstance(owner, Entries) else ()

    def _result(self, function: Value, node: ast.Call, path: Path) -> tuple[Value, ...]:
        """Return the values that one function gives."""
        return self.returned(function, node, path) if isinstance(function, Function) else (_member(function, "()"),)

    def arguments(self, node: ast.Call, path: Path) -> CallArguments:
        """Return the arguments of a call."""
        return CallArguments(node, lambda part: self.values(part, path), self.span)


def _plain(fields: Sequence[ast.FormattedValue], values: Sequence[Value]) -> list[Value]:
    """Return the values of the fields of an f-string; one with a format is unknown."""
    return [value if _is_plain(field) else Unknown() for field, value in zip(fields, values, strict=True)]


def _is_plain(field: ast.FormattedValue) -> bool:
    """Tell whether a field of an f-string is written as `str` writes it."""
    return field.format_spec is None and field.conversion in {-1, ord("s")}


def _numbered(items: Iterable[Value]) -> dict[str, Value]:
    """Return values by their numbers."""
    return {str(number): item for number, item in enumerate(items)}


def _member(value: Value, step: str) -> Value:
    """Return an attribute or the result of an object from another module."""
    return Origin(value.path + step) if isinstance(value, Origin) else Unknown()


def _item(value: Value, key: object) -> Value:
    """Return the item of a list or a dictionary, or of an object from another module."""
    if isinstance(value, Items) and isinstance(key, int) and -len(value.items) <= key < len(value.items):
        return value.items[key]
    if isinstance(value, Entries):
        return value.entries.get(str(key), Unknown())
    return _member(value, "[]")


def _limited(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return some values, or an unknown one if there are too many."""
    found = tuple(islice(values, MOST_VALUES + 1))
    return found if 0 < len(found) <= MOST_VALUES else UNKNOWN


_READERS: dict[type, Callable[[Evaluator, Any, Path], tuple[Value, ...]]] = {
    ast.Constant: Evaluator.constant,
    ast.JoinedStr: Evaluator.f_string,
    ast.BinOp: Evaluator.operation,
    ast.Name: Evaluator.name,
    ast.Attribute: Evaluator.attribute,
    ast.Subscript: Evaluator.subscript,
    ast.List: Evaluator.items,
    ast.Tuple: Evaluator.items,
    ast.Starred: Evaluator.starred,
    ast.ListComp: Evaluator.comprehension,
    ast.GeneratorExp: Evaluator.comprehension,
    ast.Dict: Evaluator.entries,
    ast.IfExp: Evaluator.choice,
    ast.BoolOp: Evaluator.alternatives,
    ast.Await: Evaluator.inner,
    ast.NamedExpr: Evaluator.inner,
    ast.Call: Evaluator.call,
}
