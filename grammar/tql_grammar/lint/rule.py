"""Rules of the check, their findings, and their subject: a query text, its tree and the scopes of its SELECTs."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from tql_grammar import ast
from tql_grammar.ast import Span
from tql_grammar.diagnostic import Diagnostic, Severity
from tql_grammar.outputs import aliased
from tql_grammar.record import Record
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tql_grammar.engines import Change
    from tql_grammar.lint.edits import Fix
    from tql_grammar.lint.reads import Reads
    from tql_grammar.typing.scopes import SelectScope

N = TypeVar("N", bound="ast.Node")
M = TypeVar("M", bound="ast.Node")
LONGEST_EXCERPT = 60


class Finding(Record):
    """
    One place where a rule applies.

    Attributes:
        span: the characters that it is about.
        message: the mistake and its effect in the engine.
        hint: the remedy.
        fix: the edits of a fix and the tree that they intend, or None where no fix is certain.
    """

    span: Span
    message: str
    hint: str | None = None
    fix: Fix | None = None


class Found(NamedTuple):
    """A finding, and its fix before that is verified; a finding about the text or its syntax has none."""

    diagnostic: Diagnostic
    fix: Fix | None = None


class Place(NamedTuple):
    """
    A part of an expression, and its place in the query.

    Attributes:
        number: its number in the order of the text.
        scope: the columns that its SELECT sees.
        clause: the name of its clause.
        whole: the whole expression.
        part: the part itself.
    """

    number: int
    scope: SelectScope
    clause: str
    whole: ast.Node
    part: Any


class Subject(Record):
    """A query text, the tree that the engine reads from it, and the scope of each of its SELECTs."""

    text: str
    tree: ast.Query
    scopes: tuple[SelectScope, ...] = ()

    @property
    def selects(self) -> list[ast.Select]:
        """Every SELECT that the engine runs, the outermost first."""
        return [scope.select for scope in self.scopes]

    @overload
    def parts(self, kind: type[N], /) -> Iterator[tuple[SelectScope, N]]: ...
    @overload
    def parts(self, one: type[N], two: type[M], /) -> Iterator[tuple[SelectScope, N | M]]: ...
    @overload
    def parts(self, *kinds: type[ast.Node]) -> Iterator[tuple[SelectScope, Any]]: ...

    def parts(self, *kinds: type[ast.Node]) -> Iterator[tuple[SelectScope, Any]]:
        """Yield the nodes of some classes in the clauses that the engine evaluates, each with its scope, in the order of the text."""
        return iter([(place.scope, place.part) for place in self.places(*kinds)])

    def places(self, *kinds: type[ast.Node]) -> Sequence[Place]:
        """Return the nodes of some classes with their places; see `parts`."""
        index: dict[type, list[Place]] | None = self.__dict__.get("_index")
        if index is None:
            index = self.__dict__["_index"] = _indexed(self.scopes)
        if len(kinds) == 1:
            return index.get(kinds[0], ())
        found = [place for kind in kinds if kind in index for place in index[kind]]
        found.sort(key=operator.attrgetter("number"))
        return found

    def computed(self, key: ast.Node, scope: SelectScope) -> tuple[ast.Node, SelectScope]:
        """Return a key with its scope; for a column that a subquery computes, the expression with the scope of the subquery."""
        inner = subselect(scope.select.source)
        below = next((part for part in self.scopes if part.select is inner), None)
        if below is None or below.select.group_by or scope.typed_column(key) is not None:
            return key, scope
        found = aliased(below.select.columns).get(key.name) if isinstance(key, ast.Column) else None
        return (key, scope) if found is None else (found, below)

    @property
    def fragile_columns(self) -> Sequence[tuple[int, int]]:
        """The spans of the columns that are known to be nullable or indexed."""
        known: list[tuple[int, int]] | None = self.__dict__.get("_hard")
        if known is None:
            found = ((place.part, place.scope.column(place.part)) for place in self.places(ast.Column))
            spans = (part.span for part, column in found if column is not None and (column.nullable or column.indexes))
            known = self.__dict__["_hard"] = [(span.start, span.end) for span in spans if span is not None]
        return known

    def finding(self, node: ast.Node, message: str, hint: str | None = None, fix: Fix | None = None) -> Finding:
        """Return a finding about a part of the text, or about the whole text for a node without a span."""
        return Finding(node.span or Span(0, len(self.text)), message, hint, fix)

    def written(self, node: ast.Node) -> str:
        """Return the text of a node, shortened to a readable length."""
        span = node.span
        text = "" if span is None else self.text[span.start : span.end]
        return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"


def _indexed(scopes: Iterable[SelectScope]) -> dict[type, list[Place]]:
    """Return the places of all nodes, by the class of the node."""
    index: dict[type, list[Place]] = {}
    number = 0
    for scope in scopes:
        for clause, node in expressions(scope.select):
            for part in own_parts(node):
                number += 1
                index.setdefault(type(part), []).append(Place(number, scope, clause, node, part))
    return index


class Rule(Record):
    """
    One rule of the check.

    Attributes:
        code: ``TQL`` and three digits, see `Diagnostic`.
        title: a noun phrase for the mistake.
        severity: the severity of its findings.
        explanation: the measured behaviour of the engine.
        example: a minimal query with the mistake, on the test datasets D, U, X, K, S, F, N and P.
        find: yields the findings in a subject.
        meant: the query that returns the intended rows; empty if TQL has none.
        needs_schema: whether it finds nothing without a schema.
        reads: the literals whose values decide whether the rule finds anything without a schema. The cache key of `check` includes only these,
            so the cache would hide findings of a rule that reads other literals; `tests/grammar/lint/test_cache.py` fails for a rule that does.
        change: the change of the engine that ended what the rule finds: it finds something on older engines only. None for a rule of the newest engine.
    """

    code: str
    title: str
    severity: Severity
    explanation: str
    example: str
    find: Callable[[Subject], Iterable[Finding]]
    meant: str = ""
    needs_schema: bool = False
    reads: tuple[Reads, ...] = ()
    change: Change | None = None

    def found(self, finding: Finding, text: str) -> Found:
        """Return a finding of this rule as a diagnostic, with its fix."""
        start, end = finding.span.start, finding.span.end
        diagnostic = Diagnostic.at(text, start, end, self.code, self.severity, finding.message, finding.hint)
        return Found(diagnostic, finding.fix)
