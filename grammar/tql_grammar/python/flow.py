"""Paths through a Python file: the values of its names before each statement, without running it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from tql_grammar.python import values as of
from tql_grammar.python.calls import CHANGES
from tql_grammar.python.nodes import FUNCTIONS, defaults, definitions, own_expressions, parameters, parts_of
from tql_grammar.python.paths import (
    MOST_AT_ONCE,
    MOST_ROUNDS,
    MOST_ROUNDS_OF_FILE,
    MOST_VALUES,
    UNKNOWN,
    Path,
    dotted,
    items_of,
    limited,
    union,
)
from tql_grammar.python.values import Entries, Function, Items, Origin, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql_grammar.python.evaluate import Evaluator
    from tql_grammar.python.nodes import Parts

    Visit = Callable[[ast.expr, list[ast.expr], Path, ast.stmt], None]

# The deepest calls of the file's functions that are followed, and the most calls of all.
DEEPEST_CALL, MOST_CALLS = 3, 300
OWNERS = ("self", "cls")


class Flow:
    """The paths through one file."""

    def __init__(self, evaluator: Evaluator, visit: Visit) -> None:
        """Follow the paths through a file; *visit* is called with each expression of a statement, on each path."""
        self.evaluator = evaluator
        self._visit: Visit | None = visit
        self._returned: list[tuple[Path, tuple[Value, ...]]] = []
        self._depth, self._calls, self._loops, self._followed = 0, 0, 0, 0
        self._known_grown: dict[ast.stmt, list[tuple[str, tuple[int, int]]]] = {}
        self._known_parts: dict[ast.expr, Parts] = {}
        evaluator.returned = self._call

    def run(self, module: ast.Module) -> None:
        """Follow the paths through a module, and then through its functions."""
        paths = self._block(module.body, [Path({})])
        self._functions(module.body, union(paths).names)

    def _block(self, body: Iterable[ast.stmt], paths: list[Path]) -> list[Path]:
        """Follow the paths through statements, and return those that go on after them."""
        for statement in body:
            self._expressions(statement, paths)
            step = _STATEMENTS.get(type(statement))
            paths = paths if step is None else limited(step(self, statement, paths))
        return paths

    def _expressions(self, statement: ast.stmt, paths: list[Path]) -> None:
        """Visit the expressions of a statement, without those of the statements inside."""
        for node in own_expressions(statement):
            parts = self._known_parts.get(node) or self._known_parts.setdefault(node, parts_of(node))
            for path in paths:
                if self._visit is not None:
                    for inside in self._scopes(parts, path):
                        self._visit(node, parts.calls, inside, statement)
                self._follow(parts.calls, path)

    def _scopes(self, parts: Parts, path: Path) -> list[Path]:
        """Return the paths with the names that lambdas and comprehensions of an expression bind: one for each item of a list of the file."""
        if not parts.bound:
            return [path]
        inside = path.copy()
        for name in parts.bound:
            inside.bind(name, UNKNOWN)
        found = [inside]
        for loop in parts.loops:
            found = self._entered(loop.target, loop.iter, found)
        return found

    def _entered(self, target: ast.expr, source: ast.expr, paths: list[Path]) -> list[Path]:
        """Return the paths into a round of a loop: one for each item of a list of the file, or one whose item is not known."""
        found = []
        most = MOST_ROUNDS if self._followed < MOST_ROUNDS_OF_FILE else 0
        for path in paths:
            for item in items_of(self._values(source, path), most // len(paths)) or UNKNOWN:
                inside = path.copy()
                self._assign(target, (item,), inside)
                found.append(inside)
        self._followed += len(found)
        return found

    def _follow(self, parts: Iterable[ast.expr], path: Path) -> None:
        """Follow the calls of the file's functions in an expression, and bind the names that it assigns."""
        for part in parts:
            if isinstance(part, ast.NamedExpr):
                path.bind(part.target.id, self._values(part.value, path))
            elif isinstance(part, ast.Call) and any(
                isinstance(value, Function) for value in path.get(dotted(part.func))
            ):
                self._values(part, path)

    def _values(self, node: ast.expr, path: Path) -> tuple[Value, ...]:
        """Return the values of an expression; one that is nested too deeply is unknown."""
        try:
            return self.evaluator.values(node, path)
        except RecursionError:
            return UNKNOWN

    def _assign(self, target: ast.expr, values: tuple[Value, ...], path: Path) -> None:
        """Assign values to a target."""
        if isinstance(target, (ast.Tuple, ast.List)):
            for number, part in enumerate(target.elts):
                self._assign(part, tuple(of.item(value, number, len(target.elts)) for value in values), path)
        elif isinstance(target, ast.Subscript):
            self._set_item(target, values, path)
        elif name := dotted(target):
            path.bind(name, values)

    @staticmethod
    def _set_item(target: ast.Subscript, values: tuple[Value, ...], path: Path) -> None:
        """Assign a value to a key of a dictionary."""
        name, key = dotted(target.value), target.slice
        known = path.get(name)
        if isinstance(key, ast.Constant) and len(known) == len(values) == 1 and isinstance(known[0], Entries):
            path.own[name] = (Entries({**known[0].entries, str(key.value): values[0]}),)
        elif known:
            path.bind(name, UNKNOWN)

    def assign(self, node: ast.Assign, paths: list[Path]) -> list[Path]:
        """Follow an assignment: one path for each value."""
        after = []
        for path in paths:
            for value in self._values(node.value, path):
                branch = path.copy()
                for target in node.targets:
                    self._assign(target, (value,), branch)
                after.append(branch)
        return after

    def annotated(self, node: ast.AnnAssign, paths: list[Path]) -> list[Path]:
        """Follow an assignment with an annotation, which alone has the origin of the value."""
        for path in paths:
            values = self._instance(node.annotation, path) if node.value is None else self._values(node.value, path)
            self._assign(node.target, values, path)
        return paths

    def augmented(self, node: ast.AugAssign, paths: list[Path]) -> list[Path]:
        """Follow an assignment such as ``text += ..``."""
        whole = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        for path in paths:
            self._assign(node.target, self._values(whole, path), path)
        return paths

    def expression(self, node: ast.Expr, paths: list[Path]) -> list[Path]:
        """Follow a call that changes a list or a dictionary."""
        for path in paths:
            self._change(node.value, path)
        return paths

    def _change(self, call: ast.expr, path: Path) -> None:
        """Change a list or a dictionary by a call such as ``items.append(..)``."""
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and dotted(call.func.value):
            name = dotted(call.func.value)
            known = path.get(name)
            change = CHANGES.get(call.func.attr)
            if change is not None and isinstance(known[0] if len(known) == 1 else None, (Items, Entries)):
                given = [self.evaluator.value(item, path) for item in call.args]
                path.bind(name, (change(known[0], given),))

    def condition(self, node: ast.If, paths: list[Path]) -> list[Path]:
        """Follow both branches, where the paths allow them."""
        after = []
        for holds, body in ((True, node.body), (False, node.orelse)):
            branches = [branch for path in paths if (branch := path.branch(node.test, holds=holds))]
            after += self._block(body, branches) if branches else []
        return after

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, paths: list[Path]) -> list[Path]:
        """Follow a loop that does not run, and one whose earlier rounds are not known."""
        inside = [path.copy() for path in paths]
        for path in inside:
            for name, place in self._grown(node):
                path.own[name] = tuple(of.extended(value, place) for value in path.get(name) or UNKNOWN)
        return self._block(node.orelse, [*paths, *self._rounds(node, inside)])

    def _rounds(self, node: ast.For | ast.AsyncFor | ast.While, paths: list[Path]) -> list[Path]:
        """Follow the body of a loop; that of an outer loop twice, since names have the values of the round before."""
        self._loops += 1
        once = self._round(node, paths)
        again = self._round(node, [path.copy() for path in once]) if self._loops == 1 else []
        self._loops -= 1
        return limited([*once, *again])

    def _round(self, node: ast.For | ast.AsyncFor | ast.While, paths: list[Path]) -> list[Path]:
        """Follow the body of a loop once, a few of its paths at a time, so that a statement with several values does not join them."""
        if isinstance(node, ast.While):
            return self._block(node.body, paths)
        entered = self._entered(node.target, node.iter, paths)
        few = (entered[at : at + MOST_AT_ONCE] for at in range(0, len(entered), MOST_AT_ONCE))
        return [path for some in few for path in self._block(node.body, some)]

    def _grown(self, loop: ast.stmt) -> list[tuple[str, tuple[int, int]]]:
        """Return the names that a loop extends in each round, and the places of what it adds."""
        if loop not in self._known_grown:
            self._known_grown[loop] = list(self._grown_names(loop))
        return self._known_grown[loop]

    def _grown_names(self, loop: ast.stmt) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield them."""
        for node in ast.walk(loop):
            if isinstance(node, ast.AugAssign):
                yield dotted(node.target), self.evaluator.span(node.value)
            elif isinstance(node, ast.Assign):
                used = set(map(dotted, (part for part in ast.walk(node.value) if isinstance(part, ast.expr))))
                yield from (
                    (name, self.evaluator.span(node.value)) for name in map(dotted, node.targets) if name in used
                )
            elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in CHANGES:
                yield dotted(node.func).rpartition(".")[0], self.evaluator.span(node)

    def block_with(self, node: ast.With | ast.AsyncWith, paths: list[Path]) -> list[Path]:
        """Follow the body of ``with``."""
        for item in node.items:
            for path in paths if item.optional_vars is not None else ():
                self._assign(item.optional_vars, self._values(item.context_expr, path), path)  # type: ignore[arg-type]  # no None
        return self._block(node.body, paths)

    def attempt(self, node: ast.Try, paths: list[Path]) -> list[Path]:
        """Follow the body of ``try``, and each handler from the start of the body."""
        before = [path.copy() for path in paths]
        after = self._block(node.orelse, self._block(node.body, paths))
        for handler in node.handlers:
            after += self._block(handler.body, [path.copy() for path in before])
        return self._block(node.finalbody, limited(after))

    def match(self, node: ast.Match, paths: list[Path]) -> list[Path]:
        """Follow each case, and none."""
        after = list(paths)
        for case in node.cases:
            parts = list(ast.walk(case.pattern))
            names = (getattr(part, name, None) for part in parts for name in ("name", "rest"))
            bound = [name for name in names if isinstance(name, str)]
            inside = [path.copy() for path in paths]
            for path in inside:
                for name in bound:
                    path.bind(name, UNKNOWN)
            after += self._block(case.body, inside)
        return after

    def imports(self, node: ast.Import | ast.ImportFrom, paths: list[Path]) -> list[Path]:
        """Follow an import."""
        module = f"{'.' * node.level}{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            origin = module + alias.name if alias.asname or module else alias.name.partition(".")[0]
            for path in paths:
                path.bind(alias.asname or origin.removeprefix(module), (Origin(origin),))
        return paths

    def returns(self, node: ast.Return, paths: list[Path]) -> list[Path]:
        """Follow paths to their end."""
        for path in paths:
            self._returned.append((path, UNKNOWN if node.value is None else self._values(node.value, path)))
        return []

    def ends(self, _node: ast.stmt, paths: list[Path]) -> list[Path]:
        """Follow paths to their end."""
        self._returned += [(path, ()) for path in paths]
        return []

    def function(self, node: ast.FunctionDef, paths: list[Path]) -> list[Path]:
        """Follow the definition of a function."""
        for path in paths:
            path.bind(node.name, (Function(node),))
        return paths

    def class_body(self, node: ast.ClassDef, paths: list[Path]) -> list[Path]:
        """Follow the body of a class, whose names are its attributes."""
        before = union(paths)
        after = union(self._block(node.body, [before.copy()]))
        own = {f"{node.name}.{name}": values for name, values in after.own.items() if before.own.get(name) != values}
        for path in paths:
            path.bind(node.name, UNKNOWN)
            for name, values in own.items():
                path.bind(name, values)
        return paths

    def _functions(self, body: Iterable[ast.stmt], names: Mapping[str, tuple[Value, ...]]) -> None:
        """Follow the functions and the methods that a body defines, at any depth of its statements."""
        for node in definitions(body):
            if isinstance(node, ast.ClassDef):
                self._methods(node, names)
            else:
                self._function(node, names, 0)

    def _methods(self, node: ast.ClassDef, names: Mapping[str, tuple[Value, ...]]) -> None:
        """Follow the methods of a class: once for the attributes that they assign, and once with these."""
        methods = [part for part in node.body if isinstance(part, FUNCTIONS)]
        methods.sort(key=lambda part: part.name != "__init__")
        start = {**names, **_attributes(node.name, names)}
        start.update(self._assigned(methods, start))
        for method in methods:
            self._function(method, start, 1)
        self._functions((part for part in node.body if isinstance(part, ast.ClassDef)), names)

    def _assigned(self, methods: Iterable[Any], names: Mapping[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
        """Return the attributes that the methods of a class assign."""
        visit, self._visit = self._visit, None
        ends = [end for method in methods for end in self._function(method, names, 1)]
        self._visit = visit
        own = union(ends).own if ends else {}
        return {name: values for name, values in own.items() if name.startswith("self.") and values}

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, names: Mapping[str, tuple[Value, ...]], bound: int
    ) -> list[Path]:
        """Follow a function whose arguments are not known, and return the ends of its paths."""
        start = Path(names)
        for number, parameter in enumerate(parameters(node.args)):
            if number >= bound or parameter.arg not in OWNERS:
                start.bind(parameter.arg, self._instance(parameter.annotation, start))
        before, self._returned = self._returned, []
        paths = self._block(node.body, [start])
        ends = [*paths, *(end for end, _ in self._returned)]
        self._returned = before
        if ends and self._visit is not None and any(definitions(node.body)):
            self._functions(node.body, union(ends).names)
        return ends

    def _call(self, function: Function, node: ast.Call, path: Path) -> tuple[Value, ...]:
        """Return the values that a function of the file returns for the arguments of a call."""
        self._calls += 1
        if self._depth >= DEEPEST_CALL or self._calls > MOST_CALLS:
            return UNKNOWN
        given = self.evaluator.arguments(node, path).named()
        inside = Path(path.names)
        known = parameters(function.node.args)
        given_by_default = defaults(function.node.args)
        for number, parameter in enumerate(known[function.bound :]):
            argument = given.get(parameter.arg, given.get(str(number)))
            default = given_by_default.get(parameter.arg)
            values = UNKNOWN if default is None else self._values(default, path)
            inside.bind(parameter.arg, values if argument is None else (argument[0],))
        self._depth += 1
        before, self._returned = self._returned, []
        self._block(function.node.body, [inside])
        returned, self._returned = self._returned, before
        self._depth -= 1
        found = tuple(value for _, values in returned for value in values)
        return found if 0 < len(found) <= MOST_VALUES else UNKNOWN

    def _instance(self, annotation: ast.expr | None, path: Path) -> tuple[Value, ...]:
        """Return an instance of the class in an annotation."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = ast.parse(annotation.value, mode="eval").body if annotation.value.isidentifier() else None
        found = () if annotation is None else self._values(annotation, path)
        return tuple(Origin(f"{one.path}()") if isinstance(one, Origin) else Unknown() for one in found) or UNKNOWN


def _attributes(name: str, names: Mapping[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
    """Return the attributes of a class as its methods name them."""
    own = {path.removeprefix(name): values for path, values in names.items() if path.startswith(f"{name}.") and values}
    return {f"{owner}{step}": tuple(map(_bound, values)) for owner in OWNERS for step, values in own.items()}


def _bound(value: Value) -> Value:
    """Return an attribute of a class as one of its instances has it."""
    return value._replace(bound=1) if isinstance(value, Function) else value


_STATEMENTS: dict[type, Callable[[Flow, Any, list[Path]], list[Path]]] = {
    ast.Assign: Flow.assign,
    ast.AnnAssign: Flow.annotated,
    ast.AugAssign: Flow.augmented,
    ast.Expr: Flow.expression,
    ast.If: Flow.condition,
    ast.For: Flow.loop,
    ast.AsyncFor: Flow.loop,
    ast.While: Flow.loop,
    ast.With: Flow.block_with,
    ast.AsyncWith: Flow.block_with,
    ast.Try: Flow.attempt,
    ast.TryStar: Flow.attempt,
    ast.Match: Flow.match,
    ast.Import: Flow.imports,
    ast.ImportFrom: Flow.imports,
    ast.Return: Flow.returns,
    ast.Raise: Flow.ends,
    ast.Break: Flow.ends,
    ast.Continue: Flow.ends,
    ast.FunctionDef: Flow.function,
    ast.AsyncFunctionDef: Flow.function,
    ast.ClassDef: Flow.class_body,
}
