"""The query texts in a Python file, and why each string is read as TQL or is not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.python import evidence, values
from tql_grammar.python.evaluate import Evaluator
from tql_grammar.python.evidence import Context, Verdict
from tql_grammar.python.flow import Flow
from tql_grammar.python.paths import Path, dotted
from tql_grammar.python.text import LITERAL
from tql_grammar.python.values import Entries, Items, Origin, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.python.text import Source
    from tql_grammar.python.values import Value

METHODS = frozenset({"query", "aquery", "query_async", "prepare_query", "explain_query"})
# Those of the client of tql; of `map` and its relatives the first argument is a list of queries.
METHODS |= {"pages", "map", "imap", "amap", "explain"}
# The methods of requests, httpx, aiohttp and urllib that send a body.
SENDERS = frozenset({"post", "put", "patch", "request", "stream", "send", "Request", "urlopen"})
BODIES = frozenset({"json", "data", "content", "body"})
URLS = frozenset({"url", "base_url"})
# The origins of the receiver of the call that takes a template, by its method.
TEMPLATES = {"query": frozenset({"tql", "tql.query", "tql.checking"})}
NAMES = frozenset({"query", "tql", "tql_query", "tql_string"})


class Located(NamedTuple):
    """
    A string, and why it is read as TQL or is not.

    Attributes:
        text: its characters.
        start: the offset where the file has it.
        use: where it goes.
        verdict: whether it is read, and why.
    """

    text: Text
    start: int
    use: str
    verdict: Verdict


class Queries:
    """The search of one file for query texts."""

    def __init__(self, source: Source) -> None:
        """Search a file."""
        self.source = source
        self.evaluator = Evaluator(source)
        self.marked = {number for number, line in enumerate(source.text.split("\n"), 1) if evidence.MARK.search(line)}
        self.libraries: dict[str, None] = {}
        self.found: dict[object, Located] = {}

    def search(self, tree: ast.Module) -> list[Located]:
        """Return the strings of the file that go where a query goes, and those that begin with SELECT."""
        self.libraries = dict.fromkeys(_libraries(tree))
        if self.marked or any(map(_may_take_query, ast.walk(tree))):
            Flow(self.evaluator, self.visit).run(tree)
        self._others(tree)
        return sorted(self.found.values(), key=lambda one: one.start)

    def visit(self, node: ast.expr, calls: Iterable[ast.expr], path: Path, statement: ast.stmt) -> None:
        """Look for queries in an expression of a statement, with the calls and dictionaries in it."""
        for part in calls:
            if isinstance(part, ast.Call):
                self._call(part, path, statement)
            elif isinstance(part, ast.Dict):
                self._dictionary(part, path, statement)
        if node is getattr(statement, "value", None):
            self._value(node, path, statement)

    def _value(self, node: ast.expr, path: Path, statement: ast.stmt) -> None:
        """Look for queries in the value of a statement: a marked one, or one that is assigned to a key."""
        if self._is_marked(statement):
            self._add_all(node, path, Context("the value of a marked statement", marked=True))
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            key = target.slice if isinstance(target, ast.Subscript) else None
            if isinstance(key, ast.Constant) and key.value in NAMES:
                self._add_all(node, path, Context(f"the key {key.value!r}", name=str(key.value)))

    def _is_marked(self, statement: ast.stmt) -> bool:
        """Tell whether the first or the last line of a statement has the comment ``# tql``, or the line above has nothing else."""
        above = statement.lineno - 1
        lines = self.source.text.split("\n") if above in self.marked else []
        is_above = bool(lines) and lines[above - 1].lstrip().startswith("#")
        return is_above or not self.marked.isdisjoint({statement.lineno, statement.end_lineno or statement.lineno})

    def _call(self, node: ast.Call, path: Path, statement: ast.stmt) -> None:
        """Look for queries in the arguments of a call."""
        method, is_marked = _name_of(node), self._is_marked(statement)
        if not (is_marked or _may_take_query(node)):
            return
        context = self._context(node, method, path)._replace(marked=is_marked)
        first = node.args[:1] if method in METHODS else []
        add = self._add_template if _takes_template(context) else self._add_all
        for item in node.args if is_marked else first:
            add(item, path, context)
        for keyword in node.keywords:
            if keyword.arg in NAMES:
                use = f"the argument `{keyword.arg}` of `{method}`"
                self._add_all(keyword.value, path, context._replace(name=str(keyword.arg), use=use))
        if method in SENDERS:
            self._request(node, path, context)

    def _context(self, node: ast.Call, method: str, path: Path) -> Context:
        """Return the place of the first argument of a call."""
        function = node.func
        receiver = function.value if isinstance(function, ast.Attribute) else function
        shown = " ".join(self.source.text[slice(*self.source.span(receiver))].split())
        origins = self.evaluator.values(receiver, path)
        return Context(f"the argument of `{method}`", receiver=shown, origins=origins, method=method)

    def _request(self, node: ast.Call, path: Path, context: Context) -> None:
        """Look for queries in the body of a request."""
        nodes = [*node.args, *(one.value for one in node.keywords if one.arg in URLS)]
        known = [*context.origins, *(value for item in nodes for value in self.evaluator.values(item, path))]
        urls = dict.fromkeys(_written(value) for value in known if isinstance(value, (Text, Origin)))
        context = context._replace(urls=tuple(urls), use=f"the body of `{context.method}`")
        for keyword in node.keywords:
            self._bodies(keyword, path, context)

    def _bodies(self, keyword: ast.keyword, path: Path, context: Context) -> None:
        """Look for queries in the values of a body."""
        for value in self.evaluator.values(keyword.value, path) if keyword.arg in BODIES else ():
            self._body(value, context)

    def _body(self, value: Value, context: Context) -> None:
        """Look for queries in the dictionary or the JSON of a request."""
        members = value.entries.items() if isinstance(value, Entries) else ()
        if isinstance(value, Text) and value.written.lstrip().startswith("{"):
            members = dict(values.json_members(value)).items()
        for name, member in members:
            if name in NAMES:
                self._add(member, context._replace(name=name))

    def _dictionary(self, node: ast.Dict, path: Path, statement: ast.stmt) -> None:
        """Look for queries in a dictionary."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in NAMES:
                context = Context(f"the key {key.value!r}", name=str(key.value), marked=self._is_marked(statement))
                self._add_all(value, path, context)

    def _add_all(self, node: ast.expr, path: Path, context: Context) -> None:
        """Add the values of an expression."""
        found = self.evaluator.values(node, path)
        for value in found:
            self._add(value, context)
        if any(isinstance(value, Unknown) for value in found) and evidence.is_certain_receiver(context):
            start, end = self.source.span(node)
            verdict = Verdict(read=False, reason=f"the value of `{self.source.text[start:end]}` is not in the file")
            self.found.setdefault((start, end), Located(Text(()), start, context.use, verdict))

    def _add_template(self, node: ast.expr, path: Path, context: Context) -> None:
        """Add the values of the argument of `tql.query`, whose holes become literals of the tree."""
        for value in self.evaluator.values(node, path):
            self._add(as_template(value) if isinstance(value, Text) and _is_plain(value) else value, context)

    def _add(self, value: Value, context: Context) -> None:
        """Add a string, or the strings of a list; what is read stays so."""
        if isinstance(value, Items):
            for item in value.items:
                self._add(item, context)
        if not isinstance(value, Text) or not value.characters:
            return
        verdict = evidence.verdict(value.written, context, self.libraries)
        known = self.found.get(value)
        if known is None or verdict.weight > known.verdict.weight:
            self.found[value] = Located(value, value.characters[0].start, context.use, verdict)

    def _others(self, tree: ast.Module) -> None:
        """Add the strings that begin with SELECT and go nowhere that is known."""
        covered = {character.start for one in self.found.values() for character in one.text.characters}
        verdict = Verdict(
            read=False, reason="it goes to no call that takes a query; mark the statement with the comment # tql"
        )
        for node in _strings(tree):
            value = self.evaluator.value(node, Path({}))
            if isinstance(value, Text) and evidence.BEGINS.match(value.written):
                start = value.characters[0].start
                if start not in covered:
                    self.found[value] = Located(value, start, "a string", verdict)


def _takes_template(context: Context) -> bool:
    """Tell whether a call is `tql.query`."""
    paths = {value.path for value in context.origins if isinstance(value, Origin)}
    return bool(paths & TEMPLATES.get(context.method, frozenset()))


def as_template(text: Text) -> Text:
    """Return a text of `tql.query`, with an interpolated value for each name in braces."""
    return values.formatted(text, values.BRACES, _literal)


def _literal(_name: str) -> tuple[Unknown, tuple[int, int]]:
    """Return the value of a hole of a template."""
    return Unknown(), LITERAL


def _written(value: Text | Origin) -> str:
    """Return the url of a request: a text, or the path of calls that makes its client."""
    return value.written if isinstance(value, Text) else value.path


def _name_of(call: ast.Call) -> str:
    """Return the name of the function or the method of a call."""
    return dotted(call.func).rpartition(".")[2] or getattr(call.func, "attr", "")


def _is_name(node: ast.expr | None) -> bool:
    """Tell whether a key of a dictionary is one that holds queries."""
    return isinstance(node, ast.Constant) and node.value in NAMES


def _may_take_query(node: ast.AST) -> bool:
    """Tell whether a part of a file is a call or a dictionary that may hold a query."""
    if isinstance(node, ast.Dict):
        return any(map(_is_name, node.keys))
    if isinstance(node, ast.Subscript):
        return _is_name(node.slice)
    if not isinstance(node, ast.Call):
        return False
    return _name_of(node) in METHODS | SENDERS or any(keyword.arg in NAMES for keyword in node.keywords)


def _strings(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the string literals and f-strings of a file, without docstrings."""
    nodes = list(ast.walk(tree))
    left_out = {node.value for node in nodes if isinstance(node, ast.Expr)}
    left_out.update(*(node.values for node in nodes if isinstance(node, ast.JoinedStr)))
    return (node for node in nodes if _is_string(node) and node not in left_out)  # type: ignore[misc]  # expressions


def _is_string(node: ast.AST) -> bool:
    """Tell whether a node is a string literal or an f-string."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _libraries(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of Deep Lake that a file imports, and the urls of Deep Lake in its strings."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = f"{getattr(node, 'module', '') or ''}."
            names = (f"{module}{alias.name}".removeprefix(".") for alias in node.names)
            yield from filter(evidence.DEEP_LAKE.search, names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and evidence.URL.match(node.value):
            yield node.value


def in_file(source: Source, tree: ast.Module) -> Iterable[Located]:
    """Return the strings of a file, and why each is read as TQL or is not."""
    return Queries(source).search(tree)


def _is_plain(text: Text) -> bool:
    """Tell whether no character stands for a value that becomes a literal of the tree."""
    return all(character.given != LITERAL for character in text.characters)
